using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.Mcp.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Mcp.Policy;

/// <summary>Registers the policy gate, its counters and the audit log.</summary>
internal static class PolicyServices
{
    public static IServiceCollection AddPolicy(this IServiceCollection services)
    {
        services.AddSingleton<ToolMetrics>();
        services.AddSingleton<ToolAudit>();
        services.AddSingleton<ToolPolicies>();
        services.AddSingleton<PolicyGate>();
        services.AddSingleton<ICallRates>(provider =>
        {
            var database = provider.GetRequiredService<ServiceDatabase>();
            var (clock, limit) = (provider.GetRequiredService<DomainClock>(), provider.GetRequiredService<McpSettings>().RateLimit);
            return database.Kind == DatabaseKind.PostgreSql ? new SharedCallRates(database, clock, limit) : new LocalCallRates(clock, limit);
        });
        return services;
    }
}
