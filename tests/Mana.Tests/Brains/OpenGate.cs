using Mana.PersonaRunner.Brains;

namespace Mana.Tests.Brains;

/// <summary>Permits everything at once, and keeps what it was told.</summary>
internal sealed class OpenGate : ILlmPermits
{
    public bool CountsTokens { get; init; }

    public List<(LlmPermit Permit, LlmOutcome Outcome)> Settled { get; } = [];

    public ValueTask<LlmPermit> AcquireAsync(LlmNeed need, CancellationToken cancellationToken) => new(new LlmPermit(need, 0, 0, 1));

    public void Settle(in LlmPermit permit, in LlmOutcome outcome) => Settled.Add((permit, outcome));
}
