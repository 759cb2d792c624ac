using Mana.PersonaRunner.Recording;

namespace Mana.PersonaRunner.Ticks;

/// <summary>Whether new ticks begin. It is kept in the store, so that a restart does not undo a pause.</summary>
internal sealed class PauseSwitch(TickStore store, RunnerSettings settings)
{
    private const string Key = "paused";

    private volatile bool _paused = settings.StartPaused;

    public bool IsPaused => _paused;

    /// <summary>Takes over the stored state; <c>RUNNER_PAUSED</c> pauses in any case.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken) =>
        _paused = settings.StartPaused || await store.SettingAsync(Key, cancellationToken) == "true";

    public async Task SetAsync(bool paused, CancellationToken cancellationToken)
    {
        _paused = paused;
        await store.SetSettingAsync(Key, paused ? "true" : "false", cancellationToken);
    }
}
