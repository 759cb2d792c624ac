using System.Data.Common;
using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Logging;

namespace Mana.Auth.SignIn;

/// <summary>A session, or why there is none.</summary>
internal sealed record SignInResult(LiveSession? Session, AuthFailure? Failure);

/// <summary>Turns an e-mail and a password into a session.</summary>
internal sealed partial class SignInService(
    ServiceDatabase database,
    Passwords passwords,
    Lockout lockout,
    SessionStore sessions,
    DomainClock clock,
    AuthMetrics metrics,
    ILogger<SignInService> logger)
{
    /// <summary>Signs in. Failures of the database are <c>SERVICE_UNAVAILABLE</c> and never count against the account.</summary>
    public async Task<SignInResult> SignInAsync(
        Credentials credentials, bool rememberMe, string? ipAddress, string? userAgent, CancellationToken cancellationToken)
    {
        SignInResult result;
        try
        {
            result = await TryAsync(credentials, rememberMe, ipAddress, userAgent, cancellationToken);
        }
        catch (DbException e)
        {
            Log.Unavailable(logger, e);
            result = new SignInResult(null, AuthFailure.ServiceUnavailable);
        }

        metrics.SignIn(result.Failure?.Code);
        if (result.Failure is { } failure)
        {
            Log.Refused(logger, failure.Code);
        }

        return result;
    }

    private async Task<SignInResult> TryAsync(
        Credentials credentials, bool rememberMe, string? ipAddress, string? userAgent, CancellationToken cancellationToken)
    {
        if (EmailAddress.Normalise(credentials.Email) is not { } email)
        {
            return new SignInResult(null, AuthFailure.InvalidEmail);
        }

        if (await lockout.SecondsLeftAsync(email, cancellationToken) is { } secondsLeft)
        {
            return new SignInResult(null, AuthFailure.AccountLocked(secondsLeft));
        }

        var known = await database.ReadAsync((db, ct) => NewAccounts.FindAsync(db, email, ct), cancellationToken);
        var usable = known is { User.DeletedAt: null } ? known : null;
        if (!await passwords.VerifyAsync(usable?.Hash, credentials.Password, cancellationToken))
        {
            await lockout.RecordFailureAsync(email, ipAddress, cancellationToken);
            return new SignInResult(null, AuthFailure.InvalidCredentials);
        }

        if (!usable!.User.EmailVerified)
        {
            return new SignInResult(null, AuthFailure.EmailNotVerified);
        }

        var rehashed = Passwords.NeedsRehash(usable.Hash!) ? await passwords.HashAsync(credentials.Password, cancellationToken) : null;
        return await database.WriteAsync(
            async (db, ct) =>
            {
                // Guesses that ran beside this one may have locked the account meanwhile.
                if (await lockout.SecondsLeftAsync(db, email, ct) is { } left)
                {
                    return new SignInResult(null, AuthFailure.AccountLocked(left));
                }

                // So may the password have been changed, which ended all sessions: do not open another with the old one.
                if (await NewAccounts.FindAsync(db, email, ct) is not { User.DeletedAt: null } now || now.Hash != usable.Hash)
                {
                    return new SignInResult(null, AuthFailure.InvalidCredentials);
                }

                if (rehashed is not null)
                {
                    await NewAccounts.SetPasswordAsync(db, now.User.Id, rehashed, clock.Now(), ct);
                }

                await Lockout.ClearAsync(db, email, ct);
                return new SignInResult(await sessions.CreateAsync(db, now.User, rememberMe, ipAddress, userAgent, ct), null);
            },
            cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Sign-in refused: {Code}")]
        public static partial void Refused(ILogger logger, string code);

        [LoggerMessage(Level = LogLevel.Error, Message = "Sign-in impossible: the database does not answer")]
        public static partial void Unavailable(ILogger logger, Exception exception);
    }
}
