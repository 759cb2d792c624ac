using System.Globalization;
using Mana.Cli.Catalog;
using Mana.Cli.Clients;
using Mana.Cli.Commands.Seed;
using Mana.Contracts;
using Mana.PersonaRunner.Simulation;

namespace Mana.Cli.Commands.Simulate;

/// <summary>What is to be played.</summary>
internal sealed record SimulationPlan(DateTimeOffset Start, int Days, PersonaCatalog Personas, int Seed, string? Data)
{
    public DateTimeOffset End => Start + TimeSpan.FromDays(Days);
}

/// <summary>
/// Plays the days: from each beat of the runner's clock straight to the next that has anything to do, and on only when
/// everything that it set going has come to rest.
/// </summary>
internal sealed class Simulation(SimulatedStack stack, SimulationPlan plan, TimeProvider time)
{
    private const int ListedFaults = 20;
    private static readonly TimeSpan Beat = TimeSpan.FromMinutes(1);

    // A round of many personas takes long; one in which nothing ever ends is a fault that must not look like work.
    private static readonly TimeSpan RoundLimit = TimeSpan.FromMinutes(30);

    private readonly VisitLedger _ledger = new();
    private readonly Dictionary<string, UserId> _ids = new(StringComparer.Ordinal);

    /// <summary>Brings the personas in and plays to the end.</summary>
    /// <param name="progress">Told of domain time and of the visits that were due so far.</param>
    /// <param name="cancellationToken">Ends the play; what was played is stored.</param>
    public async Task<SimulationReport> RunAsync(Action<DateTimeOffset, int> progress, CancellationToken cancellationToken)
    {
        using var auth = new AuthClient(stack.Settings.AuthUrl);
        var times = new PersonaTimes(auth, stack.Settings, stack.Clock);
        await SeedAsync(auth, await times.JwtAsync(cancellationToken), cancellationToken);
        await times.LoadAsync(cancellationToken);

        var began = time.GetTimestamp();
        var visits = 0;
        var beat = plan.Start;
        var due = Expect(beat);
        await stack.StartRunnerAsync(cancellationToken);
        while (true)
        {
            var end = await SettledAsync(beat, cancellationToken);
            visits += due.Count;
            progress(beat, visits);
            await times.RefreshAsync(due, cancellationToken);
            if (NextBeat(beat, times.Next, end.NextDelivery) is not { } next || next >= plan.End)
            {
                break;
            }

            beat = next;
            due = Expect(beat);
            stack.Clock.MoveTo(beat);
        }

        // The clock stays at the last beat: the next would let visits begin that nobody waits for.
        return Report(await stack.Rounds.PlayedAsync(plan.Start, cancellationToken), time.GetElapsedTime(began));

        IReadOnlyList<(UserId, DateTimeOffset)> Expect(DateTimeOffset moment)
        {
            var expected = times.DueAt(moment);
            foreach (var (persona, since) in expected)
            {
                _ledger.Due(persona, moment, since);
            }

            return expected;
        }
    }

    /// <summary>The first beat at which there is something to do; null when there never is.</summary>
    private static DateTimeOffset? NextBeat(DateTimeOffset last, DateTimeOffset? due, DateTimeOffset? delivery)
    {
        if ((due < delivery ? due : delivery ?? due) is not { } moment)
        {
            return null;
        }

        // Who is due and was not let go (it failed, and rests) is looked at again with the next beat.
        var beats = Math.Max(1, (long)Math.Ceiling((moment - last) / Beat));
        return last + (beats * Beat);
    }

    private async Task<RoundEnd> SettledAsync(DateTimeOffset beat, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(RoundLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var end = await stack.Rounds.SettledAsync(beat, both.Token);
            return end.Error is null ? end : throw new CliException(ExitCode.Failed, $"nobody could be asked who is due at {IsoTime.Format(beat)}: {end.Error}");
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new CliException(ExitCode.Failed, $"what began at {IsoTime.Format(beat)} did not end within {RoundLimit.TotalMinutes:0} minutes; LOG_LEVEL=Information shows what it does");
        }
    }

    private async Task SeedAsync(AuthClient auth, string jwt, CancellationToken cancellationToken)
    {
        // A password takes its time by design; mana-auth hashes several at once.
        var parts = plan.Personas.Personas.Chunk(Math.Max(1, (plan.Personas.Personas.Count / Environment.ProcessorCount) + 1));
        var results = await Task.WhenAll(parts.Select(part =>
            Seeder.SeedAsync(auth, jwt, plan.Personas with { Personas = part }, stack.Settings.SeedSecret, _ => { }, cancellationToken)));
        foreach (var result in results.SelectMany(part => part))
        {
            _ids[result.Email] = result.Ok
                ? new UserId(result.UserId!)
                : throw new CliException(ExitCode.Failed, $"{result.Email} could not be seeded: {result.Error}");
        }
    }

    private SimulationReport Report(PlayedTicks played, TimeSpan took)
    {
        var byPersona = played.Ticks.ToLookup(tick => tick.Persona);
        var faults = plan.Personas.Personas.SelectMany(persona => _ledger.Faults(persona, [.. byPersona[_ids[persona.Email]]], plan.Start, plan.End)).ToList();
        var lateness = _ledger.Lateness(played.Ticks);
        return new SimulationReport(
            "uncalibrated simulation",
            plan.Start,
            plan.End,
            plan.Days,
            plan.Personas.Personas.Count,
            plan.Seed,
            plan.Data,
            played.Ticks.Count,
            played.Ticks.GroupBy(tick => tick.Outcome ?? "open").OrderBy(group => group.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count()),
            played.ToolCalls,
            played.FailedToolCalls,
            [.. played.Ratings.Select(module => new RatedModule(module.Module, module.Counts.Sum(), Median(module.Counts), Math.Round((double)module.Counts[4] / module.Counts.Sum(), 3)))],
            [.. played.Ticks.Where(tick => tick.Outcome is not (TickOutcomes.Completed or TickOutcomes.Idle))
                .GroupBy(tick => (Stage: tick.Stage ?? tick.Outcome ?? "open", Error: tick.Error ?? "not ended"))
                .Select(group => new TickError(group.Key.Stage, group.Key.Error, group.Count())).OrderByDescending(error => error.Count)],
            lateness.Count == 0 ? 0 : lateness[lateness.Count / 2].TotalSeconds,
            lateness.Count == 0 ? 0 : lateness[^1].TotalSeconds,
            faults.Count(fault => fault.Fault == "missed"),
            faults.Count(fault => fault.Fault == "doubled"),
            [.. faults.Take(ListedFaults)],
            Math.Round(took.TotalSeconds, 1));
    }

    /// <summary>Of a histogram of 1 to 5; between two values where the middle falls between them.</summary>
    internal static double Median(IReadOnlyList<int> counts)
    {
        var total = counts.Sum();
        return (At((total - 1) / 2) + At(total / 2)) / 2.0;

        int At(int place)
        {
            var value = 0;
            for (var seen = counts[0]; seen <= place; seen += counts[++value])
            {
            }

            return value + 1;
        }
    }

    /// <summary>The domain day of a moment in words.</summary>
    public string Describe(DateTimeOffset moment, int visits) => string.Create(
        CultureInfo.InvariantCulture,
        $"{moment:yyyy-MM-dd}  day {Math.Min(plan.Days, (int)(moment - plan.Start).TotalDays + 1)} of {plan.Days}  {visits} ticks");
}
