using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Http;
using Mana.Auth.Storage;
using Mana.Contracts;

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
        return await db.GetTable<PersonaRow>().FirstOrDefaultAsync(persona => persona.UserId == personaId, cancellationToken);
    }

    /// <summary>Stores a new last activity with what follows from it.</summary>
    public static async Task MoveAsync(DataConnection db, PersonaRow persona, DateTimeOffset lastActiveAt, CancellationToken cancellationToken)
    {
        persona.LastActiveAt = lastActiveAt;
        persona.NextDueAt = persona.NextDue();
        await db.UpdateAsync(persona, token: cancellationToken);
    }
}
