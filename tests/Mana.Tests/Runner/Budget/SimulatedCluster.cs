using System.Globalization;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Ticks.Cluster;

namespace Mana.Tests.Runner.Budget;

/// <summary>
/// Nodes, a budget and a provider in simulated time: messages take time and get lost with their receiver, nodes are
/// killed and frozen at random moments, and the budget moves to another node once its own was declared dead. The
/// budget and the nodes' accounts are the real ones. Of the nodes one at least that knows the budget stays, and faults
/// lie some seconds apart: a cluster of which nobody is left cannot remember.
/// </summary>
internal sealed class SimulatedCluster
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.Parse(ILlmBudgetGrain.ResponseTime, CultureInfo.InvariantCulture);

    private readonly Random _random;
    private readonly LlmLimits _limits;
    private readonly int _callers;
    private readonly TimeSpan _longestCall;
    private readonly PriorityQueue<Action, (TimeSpan, long)> _events = new();
    private readonly List<Silo> _silos = [];
    private Host? _budget;
    private long _count;

    public SimulatedCluster(int seed, LlmLimits limits, int nodes, int callers, TimeSpan longestCall)
    {
        _random = new Random(seed);
        _limits = limits;
        _callers = callers;
        _longestCall = longestCall;
        for (var i = 0; i < nodes; i++)
        {
            Join();
        }
    }

    public TimeSpan Now { get; private set; }

    /// <summary>The requests in the order in which the provider got them.</summary>
    public List<Request> Requests { get; } = [];

    public int MaxConcurrency { get; private set; }

    public int Concurrency { get; private set; }

    public int Budgets { get; private set; }

    public int Freezes { get; private set; }

    /// <summary>How often it was the budget's own node.</summary>
    public int FrozenBudgets { get; private set; }

    public IReadOnlyList<string> Nodes => [.. _silos.Where(silo => silo.IsAlive).Select(silo => silo.Name)];

    /// <summary>What a call spends of its estimate.</summary>
    public Func<Random, double> Share { get; set; } = _ => 1;

    public void Run(TimeSpan time)
    {
        var end = Now + time;
        while (_events.TryPeek(out var next, out var due) && due.Item1 <= end)
        {
            _events.Dequeue();
            Now = due.Item1;
            next();
        }

        Now = end;
    }

    /// <summary>Random faults, on average one every so often.</summary>
    public void Trouble(TimeSpan every) => After(every * (0.2 + (1.6 * _random.NextDouble())), () =>
    {
        if (_silos.Where(silo => silo.IsAlive && silo.Thaws is null).ToList() is { Count: > 1 } running)
        {
            var silo = _random.Next(3) == 0 && _budget is { } budget && running.Contains(budget.Silo) ? budget.Silo : running[_random.Next(running.Count)];
            if (!running.Exists(other => other != silo && other.KnowsTheBudget))
            {
                // Left in peace.
            }
            else if (_random.Next(2) == 0)
            {
                Kill(silo);
            }
            else
            {
                Freeze(silo, Seconds(0.5, _random.Next(2) == 0 ? 6 : 40));
            }
        }

        Trouble(every);
    });

    /// <summary>Kills the node that the budget lives on.</summary>
    public void KillBudget() => Kill(_budget!.Silo);

    private void Join()
    {
        var silo = new Silo($"node-{++_count}", _limits);
        _silos.Add(silo);
        Every(TimeSpan.FromSeconds(1), silo, () => Send(silo, isAsk: false));
        On(silo, Seconds(0, 0.01), () => Ask(silo));
    }

    private void Kill(Silo silo)
    {
        silo.IsAlive = false;
        foreach (var request in silo.Calls)
        {
            End(request);
        }

        After(Seconds(1, 5), () => silo.IsDeclaredDead = true);
        After(Seconds(0.5, 8), Join);
    }

    private void Freeze(Silo silo, TimeSpan time)
    {
        Freezes++;
        silo.Thaws = Now + time;
        if (silo == _budget?.Silo)
        {
            FrozenBudgets++;

            // What it has granted to itself since the others last heard from it, nobody else knows.
            silo.Calls.Where(call => Now - call.Granted < TimeSpan.FromSeconds(1.1)).ToList().ForEach(End);
        }

        var noticed = Seconds(4, 25);
        if (noticed < time)
        {
            After(noticed, () =>
            {
                silo.LastView = [.. Members().Select(member => member.Name)];
                silo.IsDeclaredDead = true;
            });
        }

        After(time, () =>
        {
            silo.Thaws = null;
            if (silo.IsDeclaredDead)
            {
                // It finds out that it was given up, and ends itself.
                After(Seconds(0.1, 2.3), () => Kill(silo));
            }

            foreach (var held in silo.Held.ToList())
            {
                After(Seconds(0, 0.01), () => On(silo, TimeSpan.Zero, held));
            }

            silo.Held.Clear();
        });
    }

    private void Ask(Silo silo)
    {
        if (silo.Node.InFlight < _callers)
        {
            Send(silo, isAsk: true);
        }
    }

    private void Send(Silo silo, bool isAsk)
    {
        if (silo.IsBusy)
        {
            return;
        }

        silo.IsBusy = true;
        var sent = Now;
        var isAnswered = false;
        var host = Budget(silo);
        var report = silo.Node.Report(default);
        var need = new LlmNeed(1000, 500);
        On(host.Silo, Seconds(0.0001, 0.02), () =>
        {
            host.Budget ??= new LlmBudget(_limits, ++Budgets, hasRivals: true, () => View(host.Silo), Now);
            var reply = isAsk ? host.Budget.Acquire(report, new LlmAsk(need.InputTokens, need.OutputTokens, false), Now) : host.Budget.Report(report, Now);
            var granted = Now;
            On(silo, Seconds(0.0001, 0.02), () =>
            {
                if (isAnswered)
                {
                    return;
                }

                isAnswered = true;
                silo.IsBusy = false;
                silo.KnowsTheBudget = true;
                if (silo.Node.Take(reply, isAsk ? need : null, Now - sent) is { } permit)
                {
                    Begin(silo, permit, granted);
                }

                var wait = reply.Wait < LlmTurns.LongestSleep ? reply.Wait : LlmTurns.LongestSleep;
                On(silo, wait + Seconds(0, 0.005), () => Ask(silo));
            });
        });
        On(silo, ResponseTimeout, () =>
        {
            if (!isAnswered)
            {
                isAnswered = true;
                silo.IsBusy = false;
                On(silo, Seconds(0.2, 0.21), () => Send(silo, isAsk: silo.Node.InFlight < _callers));
            }
        });
    }

    private void Begin(Silo silo, LlmPermit permit, TimeSpan granted)
    {
        var request = new Request(granted, Now, (long)(permit.Need.InputTokens * Share(_random)), (long)(permit.Need.OutputTokens * Share(_random)));
        Requests.Add(request);
        silo.Calls.Add(request);
        Concurrency++;
        MaxConcurrency = Math.Max(MaxConcurrency, Concurrency);
        After(Seconds(0.1, _longestCall.TotalSeconds), () =>
        {
            End(request);
            On(silo, TimeSpan.Zero, () =>
            {
                silo.Calls.Remove(request);
                silo.Node.Settle(permit, new LlmOutcome { IsAnswered = true, InputTokens = request.Input, OutputTokens = request.Output });
                Ask(silo);
            });
        });
    }

    private void End(Request request)
    {
        if (!request.IsOver)
        {
            request.IsOver = true;
            Concurrency--;
        }
    }

    private IEnumerable<Silo> Members() => _silos.Where(silo => !silo.IsDeclaredDead);

    private List<string> View(Silo silo) => silo.LastView ?? [.. Members().Select(member => member.Name)];

    private Host Budget(Silo asking)
    {
        // A node that was given up still believes in the budget that it knew.
        if (asking.IsDeclaredDead && asking.Known is { } known)
        {
            return known;
        }

        if (_budget is null || _budget.Silo.IsDeclaredDead)
        {
            _budget = new Host(asking);
        }

        return asking.Known = _budget;
    }

    private void On(Silo silo, TimeSpan time, Action action) => After(time, () =>
    {
        if (silo.Thaws is not null)
        {
            silo.Held.Add(action);
        }
        else if (silo.IsAlive)
        {
            action();
        }
    });

    private void Every(TimeSpan time, Silo silo, Action action) => After(time, () =>
    {
        if (silo.IsAlive)
        {
            if (silo.Thaws is null)
            {
                action();
            }

            Every(time, silo, action);
        }
    });

    private void After(TimeSpan time, Action action) => _events.Enqueue(action, (Now + time, ++_count));

    private TimeSpan Seconds(double from, double to) => TimeSpan.FromSeconds(from + ((to - from) * _random.NextDouble()));

    internal sealed class Request(TimeSpan granted, TimeSpan sent, long input, long output)
    {
        /// <summary>When the budget granted it.</summary>
        public TimeSpan Granted { get; } = granted;

        /// <summary>When the provider got it.</summary>
        public TimeSpan Sent { get; } = sent;

        public long Input { get; } = input;

        public long Output { get; } = output;

        public bool IsOver { get; set; }
    }

    private sealed class Host(Silo silo)
    {
        public Silo Silo { get; } = silo;

        public LlmBudget? Budget { get; set; }
    }

    private sealed class Silo(string name, LlmLimits limits)
    {
        public string Name { get; } = name;

        public LlmNode Node { get; } = new(name, limits);

        public bool IsAlive { get; set; } = true;

        public bool IsDeclaredDead { get; set; }

        public bool IsBusy { get; set; }

        public bool KnowsTheBudget { get; set; }

        public TimeSpan? Thaws { get; set; }

        public List<Action> Held { get; } = [];

        public List<Request> Calls { get; } = [];

        public List<string>? LastView { get; set; }

        public Host? Known { get; set; }
    }
}
