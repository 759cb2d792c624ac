using Mana.Contracts;
using Mana.Hosting;
using Mana.Mcp.Access;

namespace Mana.Mcp.Policy;

/// <summary>Which destructive tools a user has allowed, as mana-auth says; believed for 30 seconds. One that never heard of it has allowed none.</summary>
internal sealed class ToolPolicies(AuthClient auth, DomainClock clock)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);
    private const int Capacity = 50_000;
    private static readonly UserToolPolicy Nothing = new(new UserId("-"), []);

    private readonly ExpiringCache<UserId, UserToolPolicy> _cache = new(clock, Lifetime, Capacity);

    /// <exception cref="AuthUnavailableException">mana-auth cannot be asked.</exception>
    public async Task<bool> AllowDestructiveAsync(UserId user, string tool, CancellationToken cancellationToken)
    {
        var policy = await _cache.GetAsync(user, async ct => await auth.FindToolPolicyAsync(user, ct) ?? Nothing, _ => true, cancellationToken);
        return ToolPatterns.Allows(policy.AllowDestructive ?? [], tool);
    }
}
