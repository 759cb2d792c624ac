using System.Globalization;
using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Mood;

/// <summary>Moods, several a day if need be.</summary>
internal sealed class MoodTools() : ToolModule("mood")
{
    // More entries than anyone logs in a day; a bound, because lists have one.
    private const int EntriesPerDay = 500;

    private static readonly string[] Emotions =
    [
        "happy", "calm", "energized", "grateful", "excited", "loved", "hopeful", "neutral",
        "bored", "tired", "sad", "anxious", "angry", "stressed", "frustrated", "overwhelmed",
    ];

    private static readonly string[] Activities =
    [
        "work", "exercise", "social", "alone", "commute", "eating", "resting", "creative", "outdoors", "screen", "chores", "other",
    ];

    private static readonly RecordShapes<MoodEntry> Entries = new(
        new RecordSet<MoodEntry>("mood.entries", "mood entry", MoodJson.Default.MoodEntry)
        {
            FoundBy = "mood.recent",
            OrderKey = (entry, _) => $"{entry.Date}T{entry.Time}",
            Title = entry => $"{entry.Emotion} ({entry.Level}/10) on {entry.Date}",
            Searched = entry => string.Join('\n', [entry.Emotion, .. entry.SecondaryEmotions, entry.Activity, entry.WithWhom, entry.Notes, .. entry.Tags]),
        },
        "entry",
        "entries");

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "log", "Log a mood", ToolEffect.Adds,
            "Logs how the user feels: a level from 1 (very bad) to 10 (very good) and the emotion that fits best. Use it whenever a feeling is mentioned, "
            + "several times a day if it changes. Without date and time it is now.",
            InputSchema.Of(
                Level().Required(), Emotion().Required(), SecondaryEmotions().Default(new JsonArray()), Activity().Default(null),
                WithWhom().Default(""), Notes().Default(""), Tags().Default(new JsonArray()), Date(), Time()),
            MoodJson.Default.LogMood, Entries.One, LogAsync),
        Tool(
            "today", "Moods of a day", ToolEffect.Reads,
            "Lists the moods of today, or of the given date, from morning to evening. Use it to see how a day went.",
            InputSchema.Of(Field.Day("date").About("Another day than today.")),
            MoodJson.Default.MoodOfDay, Entries.List, TodayAsync),
        Tool(
            "recent", "Recent moods", ToolEffect.Reads,
            "Lists the moods of the last days, today included, newest first. Use it to see a trend or to find the id of an entry.",
            InputSchema.Of(
                Field.Whole("days", 1, 90).Default(7).About("How many days to look back."),
                Field.Whole("limit", 1, 200).Default(50).About("How many to return at most.")),
            MoodJson.Default.RecentMood, Entries.List,
            (arguments, call, cancellationToken) => call.Records.ListAsync(
                Entries.Set,
                new RecordQuery(arguments.Limit, From: Iso.Date(call.Today.AddDays(1 - arguments.Days))),
                cancellationToken)),
        Tool(
            "insights", "What moods have in common", ToolEffect.Reads,
            "Sums up the moods of the last days, today included: mean, median, lowest and highest level, the change from the first half to the second, and how often "
            + "which emotion, activity, weekday and tag came with which mean. Use it to talk about patterns; with few entries say that they are few.",
            InputSchema.Of(Field.Whole("days", 2, 365).Default(30).About("How many days to look back.")),
            MoodJson.Default.MoodPeriod, OutputShape.Of(MoodJson.Default.MoodInsights), InsightsAsync),
        Get(Entries, "Reads one mood entry. Use it when the id is known."),
        Update(
            Entries,
            "Corrects a mood entry. Only the given fields change; lists are replaced as a whole. A new mood is a new entry: use mood.log.",
            [Level(), Emotion(), SecondaryEmotions(), Activity(), WithWhom(), Notes(), Tags(), Date(), Time()],
            entry => entry with { Date = Iso.DateOf(entry.Date), Time = CheckedTime(entry.Time) }),
        Delete(
            Entries,
            "Removes a mood entry. Use it only for one that was logged by mistake; to correct one use mood.update.",
            "correct the entry with mood.update."),
    ];

    private static Field Level() => Field.Whole("level", 1, 10).About("1 is very bad, 10 is very good.");

    private static Field Emotion() => Field.OneOf("emotion", Emotions).About("The emotion that fits best.");

    private static Field SecondaryEmotions() => Field.List("secondaryEmotions", Field.OneOf("emotion", Emotions), max: 5).About("What was felt besides.");

    private static Field Activity() => Field.OneOf("activity", Activities).OrNull().About("What the user was doing.");

    private static Field WithWhom() => Field.Text("withWhom", max: 500).About("Who was there.");

    private static Field Notes() => Field.Text("notes", max: 5000).About("What lies behind the mood.");

    private static Field Tags() => Field.List("tags", Field.Text("tag", max: 60), max: 20).About("Key words.");

    private static Field Date() => Field.Day("date").About("The day of the mood.");

    private static Field Time() => Field.Matching("time", Field.TimePattern).About("The time of the mood, HH:mm, as on the user's clock.");

    private static Task<Stored<MoodEntry>> LogAsync(LogMood arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var time = CheckedTime(arguments.Time ?? call.LocalNow.ToString("HH:mm", CultureInfo.InvariantCulture));
        return call.Records.CreateAsync(
            Entries.Set,
            _ => new MoodEntry
            {
                Date = arguments.Date is null ? Iso.Date(call.Today) : Iso.DateOf(arguments.Date),
                Time = time,
                Level = arguments.Level,
                Emotion = arguments.Emotion,
                SecondaryEmotions = arguments.SecondaryEmotions,
                Activity = arguments.Activity,
                WithWhom = arguments.WithWhom,
                Notes = arguments.Notes,
                Tags = arguments.Tags,
            },
            cancellationToken);
    }

    private static async Task<RecordPage<MoodEntry>> TodayAsync(MoodOfDay arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var day = arguments.Date is null ? Iso.Date(call.Today) : Iso.DateOf(arguments.Date);
        var page = await call.Records.ListAsync(
            Entries.Set, new RecordQuery(EntriesPerDay, From: day, Before: Iso.DayAfter(day)), cancellationToken);
        return page with { Items = [.. page.Items.Reverse()] };
    }

    private static async Task<MoodInsights> InsightsAsync(MoodPeriod arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var entries = new List<MoodEntry>();
        var query = new RecordQuery(EntriesPerDay, From: Iso.Date(call.Today.AddDays(1 - arguments.Days)), Before: Iso.Date(call.Today.AddDays(1)));
        await foreach (var entry in call.Records.ReadAllAsync(Entries.Set, query, cancellationToken))
        {
            entries.Add(entry.Data);
        }

        return MoodSummary.Of(entries, call.Today, arguments.Days);
    }

    // The schema's pattern knows only digits.
    private static string CheckedTime(string time) =>
        TimeOnly.TryParseExact(time, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            ? time
            : throw new ToolInputException($"\"time\" must be a time of day from 00:00 to 23:59; you sent \"{time}\".");
}
