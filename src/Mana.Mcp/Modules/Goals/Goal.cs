using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Goals;

/// <summary>Something that the user wants to reach, measured in a number.</summary>
internal sealed record Goal
{
    public required string Title { get; init; }

    public required string? Description { get; init; }

    public required decimal TargetValue { get; init; }

    public required string Unit { get; init; }

    /// <summary>The time in which the target is to be met, again and again; or once for all.</summary>
    public required string Period { get; init; }

    /// <summary>At least the target, or at most.</summary>
    public required string Comparison { get; init; }

    public required string Status { get; init; }

    public required string? TargetDate { get; init; }

    public required string? CompletedAt { get; init; }
}

/// <summary>A step towards a goal.</summary>
internal sealed record GoalProgress
{
    public required string GoalId { get; init; }

    public required string Date { get; init; }

    public required decimal Amount { get; init; }

    public required string? Note { get; init; }
}

internal sealed record CreateGoal(
    string Title, decimal TargetValue, string Unit, string Period, string Comparison, string? Description, string? TargetDate);

internal sealed record ListGoals(string? Status, int Limit, string? Cursor);

internal sealed record AddProgress(string Id, decimal Amount, string? Date, string? Note);

internal sealed record ReadProgress(string Id, int Periods);

internal sealed record SetGoalStatus(string Id, string Status);

/// <summary>How a goal stands in one of its periods.</summary>
/// <param name="From">The first day; null where a goal is for all time.</param>
/// <param name="To">The last day, that day included; null likewise.</param>
/// <param name="Value">The sum of the steps.</param>
/// <param name="TargetValue">What it is to be compared with.</param>
/// <param name="Percent">The sum in percent of the target.</param>
/// <param name="IsMet">Whether the target is met as things stand; at-most goals are until it is exceeded.</param>
internal sealed record PeriodProgress(string? From, string? To, decimal Value, decimal TargetValue, int Percent, bool IsMet);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Goal))]
[JsonSerializable(typeof(GoalProgress))]
[JsonSerializable(typeof(CreateGoal))]
[JsonSerializable(typeof(ListGoals))]
[JsonSerializable(typeof(AddProgress))]
[JsonSerializable(typeof(ReadProgress))]
[JsonSerializable(typeof(SetGoalStatus))]
[JsonSerializable(typeof(PeriodProgress))]
internal sealed partial class GoalsJson : JsonSerializerContext;
