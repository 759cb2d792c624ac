using System.Globalization;
using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Habits;

/// <summary>Habits and their check-ins.</summary>
internal sealed class HabitsTools() : ToolModule("habits")
{
    private const string Active = "active";
    private const string Archived = "archived";

    // A person has a dozen habits; a bound, because lists have one.
    private const int HabitsListed = 500;
    private const int LogsAtOnce = 500;

    private static readonly RecordShapes<Habit> Habits = new(
        new RecordSet<Habit>("habits.habits", "habit", HabitsJson.Default.Habit)
        {
            FoundBy = "habits.list with includeArchived true",
            State = habit => habit.IsArchived ? Archived : Active,
            Title = habit => habit.Title,
            Searched = habit => habit.Title,
        },
        "habit",
        "habits");

    private static readonly RecordShapes<HabitLog> Logs = new(
        new RecordSet<HabitLog>("habits.logs", "habit check-in", HabitsJson.Default.HabitLog)
        {
            FoundBy = "habits.history",
            OrderKey = (log, _) => log.Date,
            Parent = log => log.HabitId,
            Title = log => $"Check-in of {log.Date}",
            Searched = log => log.Note,
        },
        "log",
        "logs");

    private static readonly OutputShape<CheckIn> CheckedIn = OutputShape.Of<CheckIn>(
        [
            new("log", Logs.RecordSchema),
            new("doneThatDay", new JsonObject { ["type"] = "integer" }),
            new("targetPerDay", new JsonObject { ["type"] = new JsonArray("integer", "null") }),
        ],
        checkIn => new JsonObject
        {
            ["log"] = Logs.View(checkIn.Log),
            ["doneThatDay"] = checkIn.DoneThatDay,
            ["targetPerDay"] = checkIn.TargetPerDay,
        });

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "create", "Start a habit", ToolEffect.Adds,
            "Creates a habit to be checked in again and again. Use it when the user wants to do something regularly; a thing that is done once is a task (todo.create). "
            + "Look at habits.list first: the habit may exist.",
            InputSchema.Of(
                Title().Required(), Icon().Default("star"), Color().Default("#6366f1"), TargetPerDay().Default(null), DefaultDuration().Default(null),
                TargetPerWeek().Default(null)),
            HabitsJson.Default.CreateHabit, Habits.One, CreateAsync),
        Tool(
            "list", "List habits", ToolEffect.Reads,
            "Lists the habits, newest first. Use it to find the id of a habit, or to see what the user is trying to keep up.",
            InputSchema.Of(Field.Flag("includeArchived").Default(false).About("True to see archived habits as well.")),
            HabitsJson.Default.ListHabits, Habits.List,
            (arguments, call, cancellationToken) => call.Records.ListAsync(
                Habits.Set, new RecordQuery(HabitsListed, State: arguments.IncludeArchived ? null : Active), cancellationToken)),
        Get(Habits, "Reads one habit. Use it when the id is known."),
        Update(
            Habits,
            "Changes fields of a habit: title, icon, color, targetPerDay, defaultDuration, targetPerWeek. Only the given fields change. To pause a habit use habits.archive.",
            [Title(), Icon(), Color(), TargetPerDay(), DefaultDuration(), TargetPerWeek()]),
        Tool(
            "archive", "Archive a habit", ToolEffect.Changes,
            "Puts a habit away without losing its history, or brings it back with archived false. Use it when the user gives a habit up or takes a break.",
            InputSchema.Of(HabitId(), Field.Flag("archived").Default(true).About("False brings the habit back.")),
            HabitsJson.Default.ArchiveHabit, Habits.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Habits.Set, arguments.Id, habit => habit with { IsArchived = arguments.Archived }, cancellationToken)),
        Tool(
            "log", "Check a habit in", ToolEffect.Adds,
            "Notes that a habit was done once; today unless a date is given. Use it each time the user reports having done it. "
            + "The answer says how often it was done that day.",
            InputSchema.Of(
                HabitId(),
                Field.Day("date").About("Another day than today."),
                Field.Text("note", 1, 1000).About("How it went, if there is something to say.")),
            HabitsJson.Default.LogHabit, CheckedIn, LogAsync),
        Tool(
            "history", "Check-ins of a habit", ToolEffect.Reads,
            "Lists when a habit was done in the last days, today included, newest first. Use it to see how well a habit is kept.",
            InputSchema.Of(
                HabitId(),
                Field.Whole("days", 1, 365).Default(30).About("How many days to look back."),
                Field.Limit(max: 500, fallback: 100)),
            HabitsJson.Default.HabitHistory, Logs.List, HistoryAsync),
        Tool(
            "today", "Habits of today", ToolEffect.Reads,
            "Lists the active habits with how often each was done today and whether that reaches its target. Use it to see what is still to be done today: "
            + "isOpen says so, and is false as well where a habit for some days a week was done on enough of them.",
            InputSchema.Of(),
            ToolJson.Default.NoArguments, OutputShape.Of(HabitsJson.Default.HabitsOfToday), TodayAsync),
        Tool(
            "stats", "Streaks of a habit", ToolEffect.Reads,
            "Tells how well a habit is kept: the current and the longest streak (of days, or of weeks where it has a weekly target), and the days kept lately. "
            + "A day is kept when its daily target is reached; today breaks no streak yet. Use it to encourage or to review.",
            InputSchema.Of(HabitId(), Field.Whole("days", 1, 365).Default(30).About("How many days to look back for the days kept.")),
            HabitsJson.Default.HabitPeriod, OutputShape.Of(HabitsJson.Default.HabitStats), StatsAsync),
        Delete(
            Logs,
            "Removes one check-in. Use it only for one that was made by mistake; habits.history shows their ids.",
            "leave the check-in as it is, and tell the user that it cannot be removed here.", "deleteLog", "logId"),
        DeleteWithParts(
            Habits,
            Logs.Set,
            "Removes a habit together with its history. Use it only for one that was created by mistake; to stop a habit use habits.archive.",
            "put the habit away with habits.archive."),
    ];

    private static Field HabitId() => Field.Id().Required().About("The id of the habit, as habits.list returns it.");

    private static Field Title() => Field.Text("title", 1, 120).About("What is done, in a few words.");

    private static Field Icon() => Field.Text("icon", 1, 40).About("The name of an icon, or an emoji.");

    private static Field Color() => Field.Color("color").About("A color such as #22c55e.");

    private static Field TargetPerDay() => Field.Whole("targetPerDay", above: 0).OrNull().About("How often a day it should be done; null for no target.");

    private static Field TargetPerWeek() => Field.Whole("targetPerWeek", 1, 7).OrNull().About("On how many days a week it should be done; null for every day.");

    private static Field DefaultDuration() => Field.Whole("defaultDuration", above: 0).OrNull().About("How long it takes, in seconds; null for no duration.");

    private static Task<Stored<Habit>> CreateAsync(CreateHabit arguments, ToolCall call, CancellationToken cancellationToken) =>
        call.Records.CreateAsync(
            Habits.Set,
            order => new Habit
            {
                Title = arguments.Title,
                Icon = arguments.Icon,
                Color = arguments.Color,
                TargetPerDay = arguments.TargetPerDay,
                TargetPerWeek = arguments.TargetPerWeek,
                DefaultDuration = arguments.DefaultDuration,
                Order = order,
                IsArchived = false,
            },
            cancellationToken);

    private static async Task<CheckIn> LogAsync(LogHabit arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var habit = await call.Records.GetAsync(Habits.Set, arguments.Id, cancellationToken);
        var day = arguments.Date is null ? Iso.Date(call.Today) : Iso.DateOf(arguments.Date);

        // Somewhere it is tomorrow already.
        if (string.CompareOrdinal(day, Iso.Date(call.Today.AddDays(1))) > 0)
        {
            throw new ToolInputException($"\"date\" must be a day on which the habit was done, today at the latest; you sent \"{arguments.Date}\".");
        }

        var log = await call.Records.CreateAsync(
            Logs.Set, _ => new HabitLog { HabitId = habit.Id, Date = day, Note = arguments.Note }, cancellationToken);
        var done = await call.Records.CountAsync(
            Logs.Set, new RecordQuery(0, ParentId: habit.Id, From: day, Before: Iso.DayAfter(day)), cancellationToken);
        return new CheckIn(log, done, habit.Data.TargetPerDay);
    }

    private static async Task<RecordPage<HabitLog>> HistoryAsync(HabitHistory arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var habit = await call.Records.GetAsync(Habits.Set, arguments.Id, cancellationToken);
        return await call.Records.ListAsync(
            Logs.Set,
            new RecordQuery(arguments.Limit, ParentId: habit.Id, From: Iso.Date(call.Today.AddDays(1 - arguments.Days))),
            cancellationToken);
    }

    private static async Task<HabitsOfToday> TodayAsync(NoArguments arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var today = Iso.Date(call.Today);
        var monday = Iso.Date(Streaks.MondayOf(call.Today));
        var habits = new List<HabitToday>();
        var page = await call.Records.ListAsync(Habits.Set, new RecordQuery(HabitsListed, State: Active), cancellationToken);
        foreach (var habit in page.Items)
        {
            var perDay = new Dictionary<string, int>();
            var week = new RecordQuery(LogsAtOnce, ParentId: habit.Id, From: monday, Before: Iso.DayAfter(today));
            await foreach (var log in call.Records.ReadAllAsync(Logs.Set, week, cancellationToken))
            {
                perDay[log.Data.Date] = perDay.GetValueOrDefault(log.Data.Date) + 1;
            }

            var target = habit.Data.TargetPerDay ?? 1;
            var done = perDay.GetValueOrDefault(today);
            var kept = perDay.Count(day => day.Value >= target);
            habits.Add(new HabitToday(
                habit.Id, habit.Data.Title, done, habit.Data.TargetPerDay, done >= target, kept, habit.Data.TargetPerWeek,
                done < target && kept < (habit.Data.TargetPerWeek ?? 7)));
        }

        return new HabitsOfToday(today, habits);
    }

    private static async Task<HabitStats> StatsAsync(HabitPeriod arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var habit = await call.Records.GetAsync(Habits.Set, arguments.Id, cancellationToken);
        var perDay = new SortedDictionary<DateOnly, int>();
        await foreach (var log in call.Records.ReadAllAsync(Logs.Set, new RecordQuery(LogsAtOnce, ParentId: habit.Id), cancellationToken))
        {
            var day = DateOnly.ParseExact(log.Data.Date, "yyyy-MM-dd", CultureInfo.InvariantCulture);
            perDay[day] = perDay.GetValueOrDefault(day) + 1;
        }

        var kept = perDay.Where(day => day.Value >= (habit.Data.TargetPerDay ?? 1)).Select(day => day.Key).ToList();
        var (current, longest) = Streaks.Of(kept, call.Today, habit.Data.TargetPerWeek);
        return new HabitStats
        {
            HabitId = habit.Id,
            StreakUnit = habit.Data.TargetPerWeek is null ? "days" : "weeks",
            CurrentStreak = current,
            LongestStreak = longest,
            CheckIns = perDay.Values.Sum(),
            FirstDay = perDay.Count == 0 ? null : Iso.Date(perDay.Keys.First()),
            LastDay = perDay.Count == 0 ? null : Iso.Date(perDay.Keys.Last()),
            KeptDays = kept.Count(day => day <= call.Today && day > call.Today.AddDays(-arguments.Days)),
            Days = arguments.Days,
            KeptThisWeek = kept.Count(day => day <= call.Today && Streaks.WeekOf(day) == Streaks.WeekOf(call.Today)),
            TargetPerWeek = habit.Data.TargetPerWeek,
        };
    }

    private sealed record CheckIn(Stored<HabitLog> Log, int DoneThatDay, long? TargetPerDay);
}
