using System.Globalization;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks.Cluster;

namespace Mana.PersonaRunner.Ticks;

/// <summary>Tells the whole cluster of a pause or its end.</summary>
internal interface IPauseBroadcast
{
    /// <summary>When this returns, no request to a model is permitted in the pause any more.</summary>
    Task TellAsync(PauseState pause);
}

/// <summary>
/// Whether new ticks and new model calls begin. It is one switch for all nodes, and it is kept in the store, so that a
/// restart does not undo a pause.
/// </summary>
internal sealed class PauseSwitch(TickStore store, IPauseBroadcast broadcast, RunnerSettings settings, TimeProvider time)
{
    private const string Key = "paused";

    private readonly Lock _lock = new();
    private PauseState _state = new(settings.StartPaused, 0);

    public bool IsPaused => State.IsPaused;

    /// <summary>The switch as this node knows it.</summary>
    public PauseState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    /// <summary>The stored state.</summary>
    public static async Task<PauseState> StoredAsync(TickStore store, CancellationToken cancellationToken)
    {
        var parts = (await store.SettingAsync(Key, cancellationToken))?.Split('@') ?? [];
        return parts switch
        {
            [var paused, var version] => new PauseState(paused == "true", long.Parse(version, NumberStyles.None, CultureInfo.InvariantCulture)),
            [var paused] => new PauseState(paused == "true", 1),
            _ => default,
        };
    }

    /// <summary>
    /// Takes over the stored state. <c>RUNNER_PAUSED</c> pauses in any case, and with this node the others, but only as
    /// long as one of them lives: it is not stored.
    /// </summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        Learn(await StoredAsync(store, cancellationToken));
        if (settings.StartPaused)
        {
            Learn(Next(true));
        }
    }

    /// <summary>Pauses or resumes all nodes. When it returns, no new model call begins in a pause.</summary>
    public async Task SetAsync(bool paused, CancellationToken cancellationToken)
    {
        var state = Next(paused);
        Learn(state);
        await Task.WhenAll(
            broadcast.TellAsync(state),
            store.SetSettingAsync(Key, $"{(paused ? "true" : "false")}@{state.Version.ToString(CultureInfo.InvariantCulture)}", cancellationToken));
    }

    /// <summary>Takes over what another node has set, unless a later change is known here.</summary>
    /// <returns>Whether it was news.</returns>
    public bool Learn(PauseState state)
    {
        lock (_lock)
        {
            if (state.Version <= _state.Version)
            {
                return false;
            }

            _state = state;
            return true;
        }
    }

    // Clocks of nodes differ; a change that follows another one is later all the same.
    private PauseState Next(bool paused) => new(paused, Math.Max(time.GetUtcNow().ToUnixTimeMilliseconds(), State.Version + 1));
}
