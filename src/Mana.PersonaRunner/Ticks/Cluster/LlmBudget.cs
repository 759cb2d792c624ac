namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// Who may send a request to the model, and when: at most so many at once, and so many requests and tokens per minute,
/// over all nodes. It owns no truth that a crash could destroy: what is in flight, what was learned and whether there is
/// a pause comes with every message of the nodes. It knows no clock; times are those of one monotonic clock.
/// </summary>
/// <param name="configured">The limits that are never exceeded, whatever the provider states.</param>
/// <param name="instance">Tells this life of the budget from others; not 0.</param>
/// <param name="hasRivals">Whether another node may take its place; alone in memory there is none.</param>
/// <param name="activeNodes">The nodes of the cluster: before the first grant each of them must have been heard.</param>
/// <param name="now">The moment of its beginning.</param>
internal sealed class LlmBudget(LlmLimits configured, long instance, bool hasRivals, Func<IReadOnlyCollection<string>> activeNodes, TimeSpan now)
{
    /// <summary>How long a node that says nothing still counts with what it last said.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a new budget waits for nodes. One that heard nobody for as long was frozen: another may have taken its
    /// place, and it grants nothing until it would have been noticed.
    /// </summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<string, Node> _nodes = new(StringComparer.Ordinal);
    private readonly LlmTurns _turns = new();
    private readonly LlmRates _rates = new(configured);
    private PauseState _pause;
    private TimeSpan _lastHeard = now;
    private TimeSpan? _quietUntil = now + Silence;
    private bool _wasFrozen;
    private int _inFlight;
    private int _lost;
    private TimeSpan _lostUntil;

    /// <summary>The limits that hold now.</summary>
    public LlmLimits Limits => _rates.Limits;

    /// <summary>The node wants to send one request.</summary>
    public LlmReply Acquire(LlmReport report, in LlmAsk ask, TimeSpan now)
    {
        if (Hear(report, now) is not { } node)
        {
            return Later(null, Poll);
        }

        if (_pause.IsPaused && !ask.IgnoresPause)
        {
            _turns.Leave(node.Name);
            return Reply(node, LlmAnswer.Paused, TimeSpan.Zero);
        }

        if (IsQuiet(node, now))
        {
            return Later(node, Poll);
        }

        if (now < _rates.ClosedUntil)
        {
            return Later(node, _rates.ClosedUntil - now);
        }

        var ahead = _turns.Ahead(node.Name, now);
        if (Limits.Concurrency is { } most && most - _inFlight - Lost(now) <= ahead)
        {
            return Queued(node, Poll, now);
        }

        var next = _rates.Next(ahead);
        if (next > now)
        {
            return Queued(node, next - now, now);
        }

        _turns.Leave(node.Name);
        node.InFlight++;
        _inFlight++;
        var (input, output) = _rates.Charge(ask, now);
        return Reply(node, LlmAnswer.Granted, TimeSpan.Zero, input, output);
    }

    /// <summary>The node says where it stands.</summary>
    public LlmReply Report(LlmReport report, TimeSpan now)
    {
        return Later(Hear(report, now), TimeSpan.Zero);
    }

    /// <summary>Takes over a pause or its end, unless a later change is known.</summary>
    public void Set(PauseState pause)
    {
        if (pause.Version > _pause.Version)
        {
            _pause = pause;
        }
    }

    /// <returns>Null for a message that a newer one has overtaken.</returns>
    private Node? Hear(LlmReport report, TimeSpan now)
    {
        if (hasRivals && now - _lastHeard > Silence)
        {
            _quietUntil = now + Silence;
            _wasFrozen = true;
            _rates.Empty(now);
        }

        _lastHeard = now;
        if (!_nodes.TryGetValue(report.Node, out var node))
        {
            _nodes.Add(report.Node, node = new Node(report.Node));
        }

        if (report.Sequence <= node.Sequence)
        {
            return null;
        }

        node.Sequence = report.Sequence;
        node.InFlight = report.InFlight;
        node.LastHeard = now;
        Count(now);
        Set(report.Pause);
        if (_quietUntil is not null)
        {
            _rates.Adopt(report.Learned);
            if (report.Instance != 0 && report.Instance != instance)
            {
                // Another budget was at work a moment ago.
                _rates.Empty(now);
                node.Others = report.Others;
            }
        }

        if (report.Settled is { } settled && settled.Number > node.Settled)
        {
            node.Settled = settled.Number;
            _rates.Settle(settled, settled.Instance == instance, _inFlight, now);
        }

        return node;
    }

    private void Count(TimeSpan now)
    {
        _inFlight = 0;
        List<string>? gone = null;
        foreach (var node in _nodes.Values)
        {
            if (now - node.LastHeard > Forgotten)
            {
                (gone ??= []).Add(node.Name);
            }
            else
            {
                _inFlight += node.InFlight;
            }
        }

        foreach (var name in gone ?? [])
        {
            _nodes.Remove(name);
            _turns.Leave(name);
        }
    }

    /// <summary>Whether it is too early to grant anything, since not every node has said what it holds.</summary>
    private bool IsQuiet(Node asking, TimeSpan now)
    {
        if (_quietUntil is not { } until)
        {
            return false;
        }

        if (now < until && (_wasFrozen || activeNodes().Any(name => name != asking.Name && !_nodes.ContainsKey(name))))
        {
            return true;
        }

        _quietUntil = null;
        _wasFrozen = false;
        CountLost(now);
        return false;
    }

    /// <summary>
    /// What the earlier budget had granted to nodes that did not come over. They may hang rather than be dead, and their
    /// requests go on; so it counts as long as they would have counted there. What it granted to the node that it hung
    /// with, after the others last heard from it, nobody can know: at most a second's worth.
    /// </summary>
    private void CountLost(TimeSpan now)
    {
        foreach (var node in _nodes.Values)
        {
            _lost = Math.Max(_lost, node.Others - (_inFlight - node.InFlight));
            node.Others = 0;
        }

        _lostUntil = now + Forgotten;
    }

    private int Lost(TimeSpan now) => now < _lostUntil ? _lost : 0;

    private LlmReply Queued(Node node, TimeSpan wait, TimeSpan now)
    {
        _turns.Wait(node.Name, wait, now);
        return Later(node, wait);
    }

    private LlmReply Later(Node? node, TimeSpan wait) => Reply(node, LlmAnswer.Wait, wait);

    private LlmReply Reply(Node? node, LlmAnswer answer, TimeSpan wait, long input = 0, long output = 0) => new()
    {
        Answer = answer,
        Wait = wait,
        ChargedInput = input,
        ChargedOutput = output,
        Instance = instance,
        Pause = _pause,
        Limits = Limits,
        Learned = _rates.Learned,
        Others = _inFlight + Lost(_lastHeard) - (node?.InFlight ?? 0),
    };

    private sealed class Node(string name)
    {
        public string Name { get; } = name;

        public long Sequence { get; set; }

        public int InFlight { get; set; }

        public int Others { get; set; }

        public long Settled { get; set; }

        public TimeSpan LastHeard { get; set; }
    }
}
