using System.Diagnostics;
using System.Globalization;
using Mana.Crash.Proxy;
using Mana.Crash.Stores;
using Mana.Testing;

namespace Mana.Crash;

/// <summary>Kills runners while personas work, and compares in the end.</summary>
internal sealed class CrashRun
{
    private static readonly TimeSpan TrapTime = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan WorkTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TakeOverTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan FreezeTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan WorkAfterThaw = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan OrderInterval = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly CrashOptions _options;
    private readonly TextWriter _output;
    private readonly CrashServices _services;
    private readonly IReadOnlyList<RunnerNode> _nodes;
    private readonly KillPlan _plan;
    private readonly CrashReport _report;
    private readonly JournalWatch _watch = new();
    private readonly long _started = TimeProvider.System.GetTimestamp();

    private CrashRun(CrashOptions options, TextWriter output, CrashServices services, IReadOnlyList<RunnerNode> nodes)
    {
        _options = options;
        _output = output;
        _services = services;
        _nodes = nodes;
        _plan = new KillPlan(options.Seed, nodes.Count);
        _report = new CrashReport(options);
    }

    /// <summary>Runs to the end and writes the report.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="output">Progress and report.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <param name="postgres">Where to make the database; null for a cluster of its own.</param>
    public static async Task<CrashReport> RunAsync(
        CrashOptions options, TextWriter output, CancellationToken cancellationToken, PostgresCluster? postgres = null)
    {
        using var directory = new TemporaryDirectory();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.Kills} kills, seed {options.Seed}"));
        await using var services = await CrashServices.StartAsync(options, directory.Path, postgres, cancellationToken);
        var settings = new Dictionary<string, string>(services.Common)
        {
            ["BRAIN"] = "claude",
            ["ANTHROPIC_API_KEY"] = "crash-key-of-no-value",
            ["PERSONA_CONCURRENCY"] = options.OnPostgres ? "10" : "6",
            // The clock takes part: it must not open ticks beside those that are ordered.
            ["TICK_INTERVAL_MS"] = "1000",
        };
        var nodes = new List<RunnerNode>();
        try
        {
            foreach (var name in options.OnPostgres ? (string[])["A", "B"] : ["A"])
            {
                nodes.Add(await RunnerNode.CreateAsync(name, services, settings));
            }

            var run = new CrashRun(options, output, services, nodes);
            await run.RunAsync(cancellationToken);
            run._report.Write(output);
            return run._report;
        }
        finally
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var planned = _plan.Next(_report.PhasesHit);
        var trap = Prepare(_nodes[planned.Node], planned);
        await Task.WhenAll(_nodes.Select(node => node.StartAsync(cancellationToken)));
        using var ordering = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var orders = OrderAsync(ordering.Token);
        for (var i = 0; i < _options.Kills; i++)
        {
            var node = await KillAsync(_nodes[planned.Node], planned, trap, cancellationToken);

            // A sign-in is caught at a start only, so the runner that starts now is the next that is killed.
            planned = _plan.Next(_report.PhasesHit);
            planned = planned.Aim == Aim.SignIn ? planned with { Node = _nodes.ToList().IndexOf(node) } : planned;
            trap = i + 1 < _options.Kills ? Prepare(_nodes[planned.Node], planned) : null;
            await node.StartAsync(cancellationToken);
        }

        for (var i = 0; i < _options.Freezes; i++)
        {
            await FreezeAsync(_nodes[i % _nodes.Count], cancellationToken);
        }

        await ordering.CancelAsync();
        await orders;
        await DrainAsync(cancellationToken);
        _output.WriteLine($"{Clock}  nothing is left; the runners stop");
        foreach (var node in _nodes)
        {
            if (await node.StopAsync(cancellationToken) is not 0 and var code)
            {
                _report.Faults.Add(string.Create(CultureInfo.InvariantCulture, $"runner {node.Name} ended with {code} on SIGTERM"));
            }
        }

        _output.WriteLine($"{Clock}  the stores are compared");
        var rows = await StoredRows.ReadAsync(_services.Stores, cancellationToken);
        _report.Ticks = rows.Ticks.Count;
        _report.Findings = new Comparison(rows, _nodes.SelectMany(node => node.Traffic.Writes).ToHashSet(StringComparer.Ordinal), _options.HonoursKeys).Compare();
        _watch.See([
            .. rows.Calls.Where(call => call.Result is not null).Select(call => new Finished("call", call.Tick, call.Seq, call.Sent)),
            .. rows.Models.Where(model => model.IsAnswered).Select(model => new Finished("model", model.Tick, model.Seq, model.Asked)),
        ]);
        _report.Findings.Doubled.AddRange(_watch.Doubled);
    }

    /// <summary>Sets the trap of a kill that hits the start of a runner.</summary>
    private static Task? Prepare(RunnerNode node, PlannedKill planned) =>
        planned.Aim == Aim.SignIn ? node.Traffic.SetTrap(exchange => exchange.Purpose == Purpose.SignIn) : null;

    /// <returns>Who was killed.</returns>
    private async Task<RunnerNode> KillAsync(RunnerNode node, PlannedKill planned, Task? trap, CancellationToken cancellationToken)
    {
        if (trap is null)
        {
            node = await WhoWorksAsync(node, cancellationToken);
            await Task.Delay(planned.Wait, TimeProvider.System, cancellationToken);
        }

        var aim = planned.Aim;
        if (aim != Aim.Chance)
        {
            var caught = trap ?? (aim == Aim.Remember ? node.RatingStoredAsync(cancellationToken) : node.Traffic.SetTrap(Wanted(aim)));
            if (await Task.WhenAny(caught, Task.Delay(TrapTime, TimeProvider.System, cancellationToken)) != caught || !caught.IsCompletedSuccessfully)
            {
                node.Traffic.RemoveTrap();
                aim = Aim.Chance;
                node = await WhoWorksAsync(node, cancellationToken);
            }
            else if (aim != Aim.Remember)
            {
                await Task.Delay(planned.Delay, TimeProvider.System, cancellationToken);
            }
        }

        var underWay = node.Kill();
        var killed = TimeProvider.System.GetTimestamp();
        node.Traffic.RemoveTrap();
        var moment = await Moment.ReadAsync(_services.Stores, cancellationToken);
        var cut = moment.Open.Where(tick => node.Owns(tick.Owner)).ToList();
        _watch.See(moment);
        var kill = Kill.Of(node.Name, aim, cut, underWay);
        _report.Kills.Add(kill);
        await node.ExitAsync(cancellationToken);
        TimeSpan? takeOver = null;
        if (_nodes.Count > 1 && cut.Count > 0)
        {
            takeOver = await TakeOverAsync(cut, killed, cancellationToken);
            _report.TakeOvers.Add(takeOver.Value);
        }

        Say(kill, takeOver);
        return node;
    }

    /// <summary>The runner that is to be killed; another one where it has been given no tick since its start.</summary>
    private async Task<RunnerNode> WhoWorksAsync(RunnerNode node, CancellationToken cancellationToken)
    {
        await Task.WhenAny(node.Traffic.Working, Task.Delay(WorkTime, TimeProvider.System, cancellationToken));
        return node.Traffic.Working.IsCompleted ? node : _nodes.FirstOrDefault(other => other.Traffic.Working.IsCompleted) ?? node;
    }

    private Func<Exchange, bool> Wanted(Aim aim) => aim switch
    {
        // Without keys a write that changes a record can happen twice and leave no trace; one that makes a record cannot.
        Aim.Write => exchange => exchange.Purpose == Purpose.Write && (_options.HonoursKeys || exchange.Tool!.Split('.')[^1] is "create" or "add" or "log"),
        Aim.Delivery => exchange => exchange.Purpose == Purpose.Deliver,
        Aim.Connect => exchange => exchange.Purpose is Purpose.Connect or Purpose.ListTools,
        Aim.Rate => exchange => exchange.Purpose == Purpose.Rate,
        _ => throw new UnreachableException(),
    };

    /// <summary>Waits until somebody else has the ticks, or has ended them.</summary>
    private async Task<TimeSpan> TakeOverAsync(List<OpenTick> ticks, long since, CancellationToken cancellationToken)
    {
        var before = ticks.ToDictionary(tick => tick.Id, tick => tick.Epoch);
        while (TimeProvider.System.GetElapsedTime(since) < TakeOverTime)
        {
            var moment = await Moment.ReadAsync(_services.Stores, cancellationToken);
            _watch.See(moment);
            if (!moment.Open.Any(tick => before.TryGetValue(tick.Id, out var epoch) && tick.Epoch == epoch))
            {
                break;
            }

            await Task.Delay(PollInterval, TimeProvider.System, cancellationToken);
        }

        return TimeProvider.System.GetElapsedTime(since);
    }

    /// <summary>Stops a runner for longer than the cluster waits for it, and lets it go on.</summary>
    private async Task FreezeAsync(RunnerNode node, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, cancellationToken);
        node = await WhoWorksAsync(node, cancellationToken);
        var (cut, frozen) = await FreezeInsideATickAsync(node, cancellationToken);
        _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Clock}  runner {node.Name} is frozen with {cut.Count} ticks"));
        _report.FrozenTakeOvers.Add(await TakeOverAsync(cut, frozen, cancellationToken));
        if (FreezeTime - TimeProvider.System.GetElapsedTime(frozen) is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left, TimeProvider.System, cancellationToken);
        }

        await node.ThawAsync(cancellationToken);
        await Task.Delay(WorkAfterThaw, TimeProvider.System, cancellationToken);
        _watch.See(await Moment.ReadAsync(_services.Stores, cancellationToken));
        _output.WriteLine($"{Clock}  runner {node.Name} goes on{(node.HasEnded ? ", found itself declared dead and ended" : "")}");
        if (node.HasEnded)
        {
            await node.StartAsync(cancellationToken);
        }
    }

    private async Task<(List<OpenTick> Cut, long Frozen)> FreezeInsideATickAsync(RunnerNode node, CancellationToken cancellationToken)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(since) < DrainTime)
        {
            await node.FreezeAsync(cancellationToken);
            var frozen = TimeProvider.System.GetTimestamp();
            var moment = await Moment.ReadAsync(_services.Stores, cancellationToken);
            if (moment.Open.Where(tick => node.Owns(tick.Owner)).ToList() is { Count: > 0 } cut)
            {
                return (cut, frozen);
            }

            // It was between two ticks: a moment like this proves nothing.
            await node.ThawAsync(cancellationToken);
            await Task.Delay(OrderInterval, TimeProvider.System, cancellationToken);
        }

        throw new InvalidOperationException($"Runner {node.Name} had no tick to be frozen in.\n{node.Output}");
    }

    /// <summary>Orders ticks without end, so that work never runs dry.</summary>
    private async Task OrderAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                // One after the other in turn: an order is a question to mana-auth for everybody.
                foreach (var node in _nodes.Where(node => node.IsReady))
                {
                    await node.OrderTicksAsync(cancellationToken);
                    await Task.Delay(OrderInterval, TimeProvider.System, cancellationToken);
                }

                await Task.Delay(PollInterval, TimeProvider.System, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        _output.WriteLine($"{Clock}  the rest drains");
        var since = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(since) < DrainTime)
        {
            var left = await _services.Stores.ListAsync(
                "runner", "select (select count(*) from ticks where ended_at is null) + (select count(*) from outbox)", row => row.Number(0), cancellationToken);
            if (left[0] == 0)
            {
                return;
            }

            await Task.Delay(PollInterval, TimeProvider.System, cancellationToken);
        }

        foreach (var node in _nodes)
        {
            _output.WriteLine($"--- runner {node.Name}:\n{node.Output}\n---");
        }
    }

    private void Say(Kill kill, TimeSpan? takeOver)
    {
        var phases = string.Join(", ", kill.Phases.GroupBy(phase => phase).Select(phase => string.Create(CultureInfo.InvariantCulture, $"{phase.Key} {phase.Count()}")));
        var writes = kill.WritesUnderWay > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {kill.WritesUnderWay} writes under way") : "";
        var taken = takeOver is { } time ? string.Create(CultureInfo.InvariantCulture, $"; taken over in {time.TotalSeconds:0.0} s") : "";
        _output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Clock}  kill {_report.Kills.Count} of {_options.Kills}, runner {kill.Node}, at {(kill.Aim == Aim.Chance ? "random" : kill.Aim)}: {(phases.Length == 0 ? "no tick" : phases)}{writes}{taken}"));
    }

    private string Clock => TimeProvider.System.GetElapsedTime(_started).ToString(@"mm\:ss", CultureInfo.InvariantCulture);
}
