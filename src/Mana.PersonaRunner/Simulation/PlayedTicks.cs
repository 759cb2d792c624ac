using Mana.Contracts;

namespace Mana.PersonaRunner.Simulation;

/// <summary>A tick of a simulation.</summary>
/// <param name="Persona">Whose.</param>
/// <param name="StartedAt">When it began, domain time.</param>
/// <param name="Outcome">One of <see cref="TickOutcomes"/>; null when it has not ended.</param>
/// <param name="Stage">Where it failed.</param>
/// <param name="Error">Why it failed or was idle.</param>
public sealed record PlayedTick(UserId Persona, DateTimeOffset StartedAt, string? Outcome, string? Stage, string? Error);

/// <summary>The ratings of one module: how many of each value.</summary>
/// <param name="Module">The module.</param>
/// <param name="Counts">Of 1, 2, 3, 4, 5.</param>
public sealed record ModuleRatings(string Module, IReadOnlyList<int> Counts);

/// <summary>Everything that was played since a moment.</summary>
public sealed record PlayedTicks(IReadOnlyList<PlayedTick> Ticks, int ToolCalls, int FailedToolCalls, IReadOnlyList<ModuleRatings> Ratings);

/// <summary>How a round ended: nothing is under way any more.</summary>
/// <param name="NextDelivery">When rows that could not be delivered are tried again; null when there are none.</param>
/// <param name="Error">Why nobody could be asked who is due; null when somebody could.</param>
public sealed record RoundEnd(DateTimeOffset? NextDelivery, string? Error);
