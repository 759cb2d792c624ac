using Mana.Contracts;
using Mana.PersonaRunner.Recording;

namespace Mana.PersonaRunner.Ticks;

/// <summary>The right of this node to send a persona's rows; it is renewed while it is used.</summary>
internal sealed class OutboxLease(Outbox outbox, UserId persona, NodeName node, TimeProvider time) : IAsyncDisposable
{
    // Longer than a request and the write after it may take: who loses the lease meanwhile was frozen.
    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RenewAfter = TimeSpan.FromSeconds(20);

    private long? _since;

    /// <summary>Takes it, or sees that it lasts for another row.</summary>
    /// <returns>False when another node has it.</returns>
    public async ValueTask<bool> HoldAsync(CancellationToken cancellationToken)
    {
        if (_since is { } since && time.GetElapsedTime(since) < RenewAfter)
        {
            return true;
        }

        var now = time.GetTimestamp();
        _since = await outbox.LeaseAsync(persona, node.Value, Duration, cancellationToken) ? now : null;
        return _since is not null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_since is not null)
        {
            await outbox.ReleaseAsync(persona, node.Value, CancellationToken.None);
        }
    }
}
