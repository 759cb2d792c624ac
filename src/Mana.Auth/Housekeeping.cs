using Mana.Auth.Keys;
using Mana.Auth.OAuth;
using Mana.Auth.Sessions;
using Mana.Auth.SignIn;
using Mana.Auth.Spaces;
using Mana.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.Auth;

/// <summary>Removes what has expired and rotates the signing key, at the start and every ten minutes.</summary>
internal sealed class Housekeeping(
    SessionStore sessions, Lockout lockout, Invitations invitations, OAuthGrants grants, SigningKeys keys, AuthSettings settings, TimeProvider time, ILogger<Housekeeping> logger)
    : RepeatedWork(TimeSpan.FromMinutes(10), time, logger)
{
    /// <summary>One round.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await sessions.PurgeAsync(cancellationToken);
        await lockout.PurgeAsync(cancellationToken);
        await invitations.PurgeAsync(cancellationToken);
        await grants.PurgeAsync(cancellationToken);
        await keys.MaintainAsync(settings.KeyLifetime, cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task RoundAsync(CancellationToken cancellationToken) => RunOnceAsync(cancellationToken);
}
