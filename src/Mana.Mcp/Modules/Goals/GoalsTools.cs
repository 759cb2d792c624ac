using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Goals;

/// <summary>Goals with a number to reach, and the steps towards it.</summary>
internal sealed class GoalsTools() : ToolModule("goals")
{
    /// <summary>The comparison of a goal whose target must not be exceeded.</summary>
    public const string AtMost = "lte";

    private const string AtLeast = "gte";
    private const string Active = "active";
    private const string Completed = "completed";
    private const decimal Largest = 1_000_000_000;
    private const int FirstYear = 1970;
    private const int Batch = 500;
    private const int ShownSteps = 50;

    private static readonly string[] Statuses = [Active, "paused", Completed, "abandoned"];

    private static readonly RecordShapes<Goal> Goals = new(
        new RecordSet<Goal>("goals.goals", "goal", GoalsJson.Default.Goal)
        {
            FoundBy = "goals.list",
            State = goal => goal.Status,
            Searched = goal => $"{goal.Title}\n{goal.Description}\n{goal.Unit}",
        },
        "goal",
        "goals");

    private static readonly RecordShapes<GoalProgress> Steps = new(
        new RecordSet<GoalProgress>("goals.progress", "step", GoalsJson.Default.GoalProgress)
        {
            FoundBy = "goals.progress",
            OrderKey = (step, _) => step.Date,
            Parent = step => step.GoalId,
            Searched = step => step.Note,
        },
        "step",
        "steps");

    private static readonly JsonObject PeriodSchema = OutputShape.SchemaOf(GoalsJson.Default.PeriodProgress);

    private static readonly OutputShape<(Stored<GoalProgress> Step, PeriodProgress Progress)> StepTaken =
        OutputShape.Of<(Stored<GoalProgress> Step, PeriodProgress Progress)>(
            [new("step", Steps.RecordSchema), new("progress", PeriodSchema)],
            taken => new JsonObject { ["step"] = Steps.View(taken.Step), ["progress"] = View(taken.Progress) });

    private static readonly OutputShape<Standing> Stands = OutputShape.Of<Standing>(
        [
            new("goal", Goals.RecordSchema),
            new("progress", PeriodSchema),
            new("earlier", new JsonObject { ["type"] = "array", ["items"] = PeriodSchema.DeepClone() }),
            new("steps", new JsonObject { ["type"] = "array", ["items"] = Steps.RecordSchema.DeepClone() }),
        ],
        standing => new JsonObject
        {
            ["goal"] = Goals.View(standing.Goal),
            ["progress"] = View(standing.Periods[0]),
            ["earlier"] = new JsonArray([.. standing.Periods.Skip(1).Select(View)]),
            ["steps"] = Steps.Views(standing.Steps),
        });

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "create", "Set a goal", ToolEffect.Adds,
            "Sets a goal that is measured in a number: read 12 books a year, run 20 km a week, at most 3 coffees a day, save 5000 in total. Use it when the user wants to reach something over time; "
            + "what is done or not done is a task (todo.create), what is done again and again without a number a habit (habits.create). Then log each step with goals.addProgress.",
            InputSchema.Of(
                Title().Required(), TargetValue().Required(), Unit().Default(""), Period().Default(GoalPeriods.Total), Comparison().Default(AtLeast),
                Description().Default(null), TargetDate().Default(null)),
            GoalsJson.Default.CreateGoal, Goals.One, CreateAsync),
        Tool(
            "list", "List goals", ToolEffect.Reads,
            "Lists the goals, newest first, page by page. Use it to find the id of a goal, or to see what the user is working on. How a goal stands is told by goals.progress.",
            InputSchema.Of(
                Field.OneOf("status", Statuses).About("Only goals in this state."),
                Field.Limit(max: 200, fallback: 50),
                Field.Cursor()),
            GoalsJson.Default.ListGoals, Goals.Page,
            (arguments, call, cancellationToken) => call.Records.ListAsync(
                Goals.Set, new RecordQuery(arguments.Limit, State: arguments.Status, Cursor: arguments.Cursor), cancellationToken)),
        Get(Goals, "Reads one goal, without its progress. Use it when the id is known."),
        Update(
            Goals,
            "Changes fields of a goal: title, description, targetValue, unit, period, comparison, targetDate. Only the given fields change, and earlier steps count on. "
            + "A step is logged with goals.addProgress, the state is set with goals.setStatus.",
            [Title(), Description(), TargetValue(), Unit(), Period(), Comparison(), TargetDate()],
            goal => goal with { TargetDate = goal.TargetDate is null ? null : Iso.DateOf(goal.TargetDate) }),
        Tool(
            "addProgress", "Log a step towards a goal", ToolEffect.Adds,
            "Logs a step towards a goal: an amount in the unit of the goal, today unless a date is given. Use it each time the user reports one; the amounts of a period are added up, and a negative amount corrects. "
            + "The answer says how the goal stands in the period of that day.",
            InputSchema.Of(
                GoalId(),
                Field.Number("amount", -Largest, Largest).Default(1).About("How much was done, in the unit of the goal; not the new total."),
                Field.Day("date").About("Another day than today."),
                Field.Text("note", 1, 1000).About("What was done, if there is something to say.")),
            GoalsJson.Default.AddProgress, StepTaken, AddProgressAsync),
        Tool(
            "progress", "How a goal stands", ToolEffect.Reads,
            "Tells how a goal stands in its present period (value, target, percent, whether it is met), how it stood in earlier ones, and the latest steps. Use it to answer how it is going and before cheering or warning.",
            InputSchema.Of(GoalId(), Field.Whole("periods", 1, 53).Default(4).About("How many periods to tell, the present one included.")),
            GoalsJson.Default.ReadProgress, Stands, ProgressAsync),
        Tool(
            "setStatus", "Set the state of a goal", ToolEffect.Changes,
            "Pauses a goal (paused), takes it up again (active), closes it as reached (completed) or given up (abandoned). Use it when the user says so, and when a goal for all time is met.",
            InputSchema.Of(GoalId(), Field.OneOf("status", Statuses).Required().About("The new state.")),
            GoalsJson.Default.SetGoalStatus, Goals.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Goals.Set,
                arguments.Id,
                goal => goal with
                {
                    Status = arguments.Status,
                    CompletedAt = arguments.Status == Completed ? goal.CompletedAt ?? Iso.Time(call.Now) : null,
                },
                cancellationToken)),
        DeleteWithParts(
            Goals,
            Steps.Set,
            "Removes a goal with all its steps. Use it only for one that was set by mistake; what the user gives up is abandoned with goals.setStatus.",
            "abandon or pause the goal with goals.setStatus."),
    ];

    private static Field GoalId() => Field.Id().Required().About("The id of the goal, as goals.list returns it.");

    private static Field Title() => Field.Text("title", 1, 200).About("What the user wants to reach, in a few words.");

    private static Field Description() => Field.Text("description", max: 5000).OrNull().About("Why it matters, or how it shall be reached.");

    private static Field TargetValue() => Field.Number("targetValue", 0.01m, Largest).About("The number to reach, or not to exceed, in each period.");

    private static Field Unit() => Field.Text("unit", max: 40).About("What is counted, such as km, books or EUR.");

    private static Field Period() => Field.OneOf("period", GoalPeriods.All).About("The time in which the number is to be reached, again and again; total for once.");

    private static Field Comparison() => Field.OneOf("comparison", [AtLeast, AtMost]).About("gte: at least the target. lte: at most.");

    private static Field TargetDate() => Field.Day("targetDate").OrNull().About("The day until which it shall be reached, if there is one.");

    private static Task<Stored<Goal>> CreateAsync(CreateGoal arguments, ToolCall call, CancellationToken cancellationToken) =>
        call.Records.CreateAsync(
            Goals.Set,
            _ => new Goal
            {
                Title = arguments.Title,
                Description = arguments.Description,
                TargetValue = arguments.TargetValue,
                Unit = arguments.Unit,
                Period = arguments.Period,
                Comparison = arguments.Comparison,
                Status = Active,
                TargetDate = arguments.TargetDate is null ? null : Iso.DateOf(arguments.TargetDate),
                CompletedAt = null,
            },
            cancellationToken);

    private static async Task<(Stored<GoalProgress> Step, PeriodProgress Progress)> AddProgressAsync(
        AddProgress arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var goal = await call.Records.GetAsync(Goals.Set, arguments.Id, cancellationToken);
        var day = arguments.Date is null ? call.Today : DateOnly.ParseExact(Iso.DateOf(arguments.Date), "yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (day.Year < FirstYear || day > call.Today.AddDays(1))
        {
            // Somewhere it is tomorrow already.
            throw new ToolInputException($"\"date\" must be a day from {FirstYear} to today, on which the step was done; you sent \"{arguments.Date}\".");
        }

        var date = Iso.Date(day);
        var step = await call.Records.CreateAsync(
            Steps.Set, _ => new GoalProgress { GoalId = goal.Id, Date = date, Amount = arguments.Amount, Note = arguments.Note }, cancellationToken);
        var period = GoalPeriods.Around(day, goal.Data.Period);
        var steps = await ReadStepsAsync(goal.Id, period.First, period.Last, call, cancellationToken);
        return (step, GoalPeriods.Measure(goal.Data, period, steps.Select(taken => taken.Data)));
    }

    private static async Task<Standing> ProgressAsync(ReadProgress arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var goal = await call.Records.GetAsync(Goals.Set, arguments.Id, cancellationToken);
        var periods = GoalPeriods.Latest(call.Today, goal.Data.Period, arguments.Periods);
        var steps = await ReadStepsAsync(goal.Id, periods[^1].First, periods[0].Last, call, cancellationToken);
        return new Standing(
            goal,
            [.. periods.Select(period => GoalPeriods.Measure(goal.Data, period, steps.Select(step => step.Data)))],
            [.. steps.Take(ShownSteps)]);
    }

    private static async Task<List<Stored<GoalProgress>>> ReadStepsAsync(
        string goal, DateOnly first, DateOnly last, ToolCall call, CancellationToken cancellationToken)
    {
        var steps = new List<Stored<GoalProgress>>();
        var query = new RecordQuery(Batch, ParentId: goal, From: Iso.Date(first), Before: Iso.DayAfter(Iso.Date(last)));
        await foreach (var step in call.Records.ReadAllAsync(Steps.Set, query, cancellationToken))
        {
            steps.Add(step);
        }

        return steps;
    }

    private static JsonNode? View(PeriodProgress progress) => JsonSerializer.SerializeToNode(progress, GoalsJson.Default.PeriodProgress);

    private sealed record Standing(Stored<Goal> Goal, IReadOnlyList<PeriodProgress> Periods, IReadOnlyList<Stored<GoalProgress>> Steps);
}
