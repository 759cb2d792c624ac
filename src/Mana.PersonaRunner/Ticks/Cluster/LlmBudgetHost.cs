using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>Registers the model budget and the node's gate to it.</summary>
internal static class LlmBudgetHost
{
    /// <param name="services">The runner's services.</param>
    /// <param name="limits">The configured limits.</param>
    /// <param name="brain">The brain of this node: nodes with the same one share a budget.</param>
    public static void AddLlmBudget(this IServiceCollection services, LlmLimits limits, string brain)
    {
        services.AddSingleton<LlmMetrics>();
        services.AddSingleton<PauseSwitch>();
        services.AddSingleton<IPauseBroadcast>(provider => new PauseBroadcast(provider.GetRequiredService<IGrainFactory>(), brain));
        services.AddSingleton(provider => new ClusterLlmPermits(
            new LlmNode(provider.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToParsableString(), limits),
            new Lazy<ILlmBudgetGrain>(() => provider.GetRequiredService<IGrainFactory>().GetGrain<ILlmBudgetGrain>(brain)),
            provider.GetRequiredService<PauseSwitch>(),
            provider.GetRequiredService<LlmMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ClusterLlmPermits>>()));
        services.AddSingleton<ILlmPermits>(provider => provider.GetRequiredService<ClusterLlmPermits>());
        services.AddHostedService(provider => provider.GetRequiredService<ClusterLlmPermits>());
    }
}
