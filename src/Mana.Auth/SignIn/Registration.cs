using System.Data.Common;
using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Mana.Auth.Storage;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Logging;

namespace Mana.Auth.SignIn;

/// <summary>The new user, or why there is none.</summary>
internal sealed record RegistrationResult(UserView? User, AuthFailure? Failure);

/// <summary>Sign-up of people.</summary>
internal sealed partial class Registration(
    ServiceDatabase database, Passwords passwords, AuthSettings settings, DomainClock clock, AuthMetrics metrics, ILogger<Registration> logger)
{
    private const int MaxName = 200;

    /// <summary>
    /// Adds a user. An address that has one already gets the answer of a new user, with an id that belongs to nobody:
    /// the answer must not tell who has an account.
    /// </summary>
    public async Task<RegistrationResult> RegisterAsync(JsonElement body, CancellationToken cancellationToken)
    {
        RegistrationResult result;
        try
        {
            result = await TryAsync(body, cancellationToken);
        }
        catch (DbException e)
        {
            Log.Unavailable(logger, e);
            result = new RegistrationResult(null, AuthFailure.ServiceUnavailable);
        }

        metrics.Registration(result.Failure?.Code);
        return result;
    }

    /// <summary>How many may still sign up today.</summary>
    public async Task<SignupStatus> StatusAsync(CancellationToken cancellationToken)
    {
        var today = Today();
        var total = await CountAsync(today, cancellationToken);
        var limit = settings.MaxDailySignups;
        return new SignupStatus(settings.RegistrationOpen, limit == 0 ? null : Math.Max(0, limit - total), total, limit, today.AddDays(1));
    }

    private async Task<RegistrationResult> TryAsync(JsonElement body, CancellationToken cancellationToken)
    {
        if (!settings.RegistrationOpen)
        {
            return Refused(AuthFailure.RegistrationClosed);
        }

        if (settings.MaxDailySignups > 0 && await CountAsync(Today(), cancellationToken) >= settings.MaxDailySignups)
        {
            return Refused(AuthFailure.SignupLimitReached);
        }

        if (!Credentials.TryRead(body, out var credentials, out var failure))
        {
            return Refused(failure);
        }

        if (EmailAddress.Normalise(credentials.Email) is not { } email)
        {
            return Refused(AuthFailure.Validation("[body.email] Invalid email address"));
        }

        if (PasswordRules.Check(credentials.Password) is { } fault)
        {
            return Refused(AuthFailure.WeakPassword(fault));
        }

        var nameMember = body.Member("name");
        if (!nameMember.TryGetOptionalText(MaxName, out var name))
        {
            return Refused(AuthFailure.Validation($"[body.name] Invalid input: expected string of at most {MaxName} characters"));
        }

        // Hashed for a known address as well: the time must not tell either.
        var hash = await passwords.HashAsync(credentials.Password, cancellationToken);
        var now = clock.Now();
        var user = new UserRow
        {
            Id = RandomId.Long(),
            Name = string.IsNullOrWhiteSpace(name) ? EmailAddress.LocalPart(email) : name,
            Email = email,
            EmailVerified = settings.RegistrationVerified,
            CreatedAt = now,
            UpdatedAt = now,
        };
        return await StoreAsync(user, hash, cancellationToken);
    }

    private async Task<RegistrationResult> StoreAsync(UserRow user, string hash, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await database.WriteAsync(
                    async (db, ct) =>
                    {
                        if (!await db.GetTable<UserRow>().AnyAsync(row => row.Email == user.Email, ct))
                        {
                            await NewAccounts.InsertAsync(db, user, hash, ct);
                        }
                    },
                    cancellationToken);
                return new RegistrationResult(user.ToView(), null);
            }
            catch (DbException e) when (UniqueViolation.Is(e))
            {
                // Two at once: for the same address the other one was first; for the same slug another try finds the next.
                if (await database.ReadAsync((db, ct) => db.GetTable<UserRow>().AnyAsync(row => row.Email == user.Email, ct), cancellationToken))
                {
                    return Refused(AuthFailure.EmailAlreadyRegistered);
                }

                if (attempt == 3)
                {
                    throw;
                }
            }
        }
    }

    private static RegistrationResult Refused(AuthFailure failure) => new(null, failure);

    private DateTimeOffset Today() => new(clock.Now().UtcDateTime.Date, TimeSpan.Zero);

    private Task<int> CountAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (db, ct) => db.GetTable<UserRow>().CountAsync(user => user.CreatedAt >= since && user.Kind == UserKinds.Human, ct), cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Sign-up impossible: the database does not answer")]
        public static partial void Unavailable(ILogger logger, Exception exception);
    }
}
