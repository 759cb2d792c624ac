using System.Text.Json;
using LinqToDB.Data;
using Mana.Auth.Http;
using Mana.Auth.Storage;
using Mana.Contracts;
using Mana.Hosting.Storage;

namespace Mana.Auth.Personas;

/// <summary>What a stored persona's schedule says, and keeping <c>next_due_at</c> in step with it.</summary>
internal static class PersonaSchedules
{
    /// <summary>The persona's own schedule, or null when the stored settings mean nothing on this machine (a time zone it does not know).</summary>
    public static Schedule? Schedule(this PersonaRow persona) =>
        Contracts.Schedule.TryParse(persona.TickCadence, persona.TimeZone, persona.ActiveHours, out var schedule, out _)
            ? schedule.For(new UserId(persona.UserId))
            : null;

    /// <summary>When the persona is due next: by its schedule, or after the rest that its failures ask for.</summary>
    public static DateTimeOffset? NextDue(this PersonaRow persona) => persona.NextDue(persona.LastFailedAt);

    /// <summary>Whether the persona is due at this moment, given that <c>next_due_at</c> has come.</summary>
    public static bool IsDue(this PersonaRow persona, DateTimeOffset now) =>
        persona.Schedule() is { } schedule
        && (persona.Failures > 0 ? schedule.Allows(now) : schedule.IsDue(now, persona.LastActiveAt, persona.CreatedAt));

    /// <summary>The weights of the modules.</summary>
    public static IReadOnlyDictionary<string, double> Mix(this PersonaRow persona) =>
        JsonSerializer.Deserialize(persona.ModuleMix, AuthServerJson.Default.IReadOnlyDictionaryStringDouble)!;

    /// <summary>
    /// The persona for a transaction that changes it or its rows; a second one waits, so that neither counts what the
    /// other is about to insert. (On SQLite writes never overlap.)
    /// </summary>
    public static async Task<PersonaRow?> LockAsync(DataConnection db, string personaId, CancellationToken cancellationToken)
    {
        await db.LockPersonaAsync(personaId, cancellationToken);
        return await db.RowAsync<PersonaRow>("select * from personas where user_id = @id", cancellationToken, ("id", personaId));
    }

    /// <summary>Stores how things stand with the persona and what follows from it: one row, whatever happened.</summary>
    /// <param name="db">In a transaction that holds the persona (<see cref="LockAsync"/>).</param>
    /// <param name="persona">As it stands now.</param>
    /// <param name="restFrom">Where the rest of a persona that failed begins.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task MoveAsync(DataConnection db, PersonaRow persona, DateTimeOffset? restFrom, CancellationToken cancellationToken)
    {
        persona.NextDueAt = persona.NextDue(restFrom);
        await db.RunAsync(
            """
            update personas set last_active_at = @active, next_due_at = @due, failures = @failures, last_failed_at = @failed, last_error = @error
            where user_id = @id
            """,
            cancellationToken,
            ("active", persona.LastActiveAt), ("due", persona.NextDueAt), ("failures", persona.Failures), ("failed", persona.LastFailedAt),
            ("error", persona.LastError), ("id", persona.UserId));
    }

    private static DateTimeOffset? NextDue(this PersonaRow persona, DateTimeOffset? restFrom) =>
        persona.Failures > 0 && restFrom is { } failedAt
            ? persona.Schedule()?.RetryAt(failedAt, persona.Failures)
            : persona.Schedule()?.NextDue(persona.LastActiveAt, persona.CreatedAt);
}
