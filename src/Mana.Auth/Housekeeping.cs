using Mana.Auth.Keys;
using Mana.Auth.OAuth;
using Mana.Auth.Sessions;
using Mana.Auth.SignIn;
using Mana.Auth.Spaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.Auth;

/// <summary>Removes what has expired and rotates the signing key, at the start and every ten minutes.</summary>
internal sealed partial class Housekeeping(
    SessionStore sessions, Lockout lockout, Invitations invitations, OAuthGrants grants, SigningKeys keys, AuthSettings settings, TimeProvider time, ILogger<Housekeeping> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

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
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            do
            {
                try
                {
                    await RunOnceAsync(stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    Log.Failed(logger, e);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Housekeeping failed; the next round tries again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
