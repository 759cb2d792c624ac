using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Ticks.Cluster;

namespace Mana.Tests.Runner.Budget;

/// <summary>A budget and its nodes without anything in between.</summary>
internal sealed class Accounts
{
    private readonly LlmLimits _limits;
    private readonly string[] _names;
    private readonly Dictionary<string, (LlmNode Node, Stack<LlmPermit> Permits)> _nodes;
    private LlmBudget _budget;
    private long _instances;

    public Accounts(LlmLimits limits, params string[] nodes)
    {
        _limits = limits;
        _names = nodes;
        _nodes = nodes.ToDictionary(name => name, name => (new LlmNode(name, limits), new Stack<LlmPermit>()));
        _budget = Create();
    }

    public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The pause as the nodes know it.</summary>
    public PauseState Pause { get; set; }

    /// <summary>The budget is lost, and begins anew.</summary>
    public void NewBudget() => _budget = Create();

    public LlmReply Ask(string name, bool ignoresPause = false)
    {
        var need = new LlmNeed(100, 100, ignoresPause);
        var reply = _budget.Acquire(_nodes[name].Node.Report(Pause), new LlmAsk(need.InputTokens, need.OutputTokens, ignoresPause), Now);
        if (_nodes[name].Node.Take(reply, need, TimeSpan.Zero) is { } permit)
        {
            _nodes[name].Permits.Push(permit);
        }

        return reply;
    }

    public LlmReply Report(string name)
    {
        var reply = _budget.Report(_nodes[name].Node.Report(Pause), Now);
        _nodes[name].Node.Take(reply, null, TimeSpan.Zero);
        return reply;
    }

    public void Free(string name, LlmOutcome outcome = default) => _nodes[name].Node.Settle(_nodes[name].Permits.Pop(), outcome);

    private LlmBudget Create() => new(_limits, ++_instances, _names.Length > 1, () => _names, Now);
}
