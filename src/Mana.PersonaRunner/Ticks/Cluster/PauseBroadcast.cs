using Mana.PersonaRunner.Brains;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>Tells the budgets of all brains: none of them grants anything in a pause.</summary>
/// <param name="grains">The cluster.</param>
/// <param name="brain">The brain of this node.</param>
internal sealed class PauseBroadcast(IGrainFactory grains, string brain) : IPauseBroadcast
{
    private const int Attempts = 3;

    public Task TellAsync(PauseState pause) =>
        Task.WhenAll(new[] { Brain.Claude, Brain.Simulated, brain }.Distinct().Select(name => TellAsync(grains.GetGrain<ILlmBudgetGrain>(name), pause)));

    private static async Task TellAsync(ILlmBudgetGrain budget, PauseState pause)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await budget.Set(pause);
                return;
            }
            catch (Exception e) when (e is TimeoutException or OrleansException && attempt < Attempts)
            {
                // Its node has just died: the next attempt finds it elsewhere.
            }
        }
    }
}
