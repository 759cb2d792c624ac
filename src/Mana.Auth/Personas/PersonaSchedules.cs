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
    /// <summary>The schedule, or null when the stored settings mean nothing on this machine (a time zone it does not know).</summary>
    public static Schedule? Schedule(this PersonaRow persona) =>
        Contracts.Schedule.TryParse(persona.TickCadence, persona.TimeZone, persona.ActiveHours, out var schedule, out _) ? schedule : null;

    /// <summary>When the persona is due next.</summary>
    public static DateTimeOffset? NextDue(this PersonaRow persona) =>
        persona.Schedule()?.NextDue(persona.LastActiveAt, persona.CreatedAt);

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

    /// <summary>Stores a new last activity with what follows from it, and the failures.</summary>
    public static async Task MoveAsync(DataConnection db, PersonaRow persona, DateTimeOffset lastActiveAt, CancellationToken cancellationToken)
    {
        persona.LastActiveAt = lastActiveAt;
        persona.NextDueAt = persona.NextDue();
        await db.RunAsync(
            "update personas set last_active_at = @active, next_due_at = @due, failures = @failures where user_id = @id", cancellationToken,
            ("active", lastActiveAt), ("due", persona.NextDueAt), ("failures", persona.Failures), ("id", persona.UserId));
    }
}
