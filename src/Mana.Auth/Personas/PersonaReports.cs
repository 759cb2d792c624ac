using LinqToDB;
using LinqToDB.Async;
using Mana.Auth.Storage;
using Mana.Auth.ToolPolicies;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.Auth.Personas;

/// <summary>What administrators read about personas.</summary>
internal sealed class PersonaReports(ServiceDatabase database, DomainClock clock)
{
    private const int RecentActions = 20;
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    /// <summary>All personas, the newest first.</summary>
    public async Task<PersonaListResponse> ListAsync(CancellationToken cancellationToken)
    {
        var since = clock.Now() - Week;
        return await database.ReadAsync(
            async (db, ct) =>
            {
                var rows = await (from persona in db.GetTable<PersonaRow>()
                                  join user in db.GetTable<UserRow>() on persona.UserId equals user.Id
                                  where user.DeletedAt == null
                                  orderby persona.CreatedAt descending, persona.UserId
                                  select new
                                  {
                                      persona.UserId,
                                      user.Email,
                                      user.Name,
                                      persona.Archetype,
                                      persona.TickCadence,
                                      persona.LastActiveAt,
                                      persona.CreatedAt,
                                      persona.NextDueAt,
                                      persona.Failures,
                                      persona.LastFailedAt,
                                      persona.LastError,
                                  }).ToListAsync(ct);
                var counts = await db.GetTable<PersonaActionRow>()
                    .Where(action => action.CreatedAt >= since)
                    .GroupBy(action => action.PersonaId)
                    .Select(group => new { group.Key, Count = group.Count() })
                    .ToDictionaryAsync(group => group.Key, group => group.Count, ct);
                return new PersonaListResponse([.. rows.Select(row => new PersonaSummary(
                    new UserId(row.UserId), row.Email, row.Name, row.Archetype, row.TickCadence, row.LastActiveAt, row.CreatedAt,
                    counts.GetValueOrDefault(row.UserId), row.NextDueAt, row.Failures, row.LastFailedAt, row.LastError))]);
            },
            cancellationToken);
    }

    /// <summary>One persona with its latest actions and its ratings; null when there is none.</summary>
    public Task<PersonaDetailResponse?> FindAsync(string userId, CancellationToken cancellationToken) =>
        database.ReadAsync<PersonaDetailResponse?>(
            async (db, ct) =>
            {
                var found = await (from persona in db.GetTable<PersonaRow>()
                                   join user in db.GetTable<UserRow>() on persona.UserId equals user.Id
                                   where persona.UserId == userId && user.DeletedAt == null
                                   select new { Persona = persona, User = user }).FirstOrDefaultAsync(ct);
                if (found is null)
                {
                    return null;
                }

                var actions = await db.GetTable<PersonaActionRow>()
                    .Where(action => action.PersonaId == userId)
                    .OrderByDescending(action => action.CreatedAt)
                    .ThenByDescending(action => action.TickId)
                    .ThenByDescending(action => action.Seq)
                    .Take(RecentActions)
                    .ToListAsync(ct);
                var ratings = await db.GetTable<PersonaFeedbackRow>()
                    .Where(feedback => feedback.PersonaId == userId)
                    .GroupBy(feedback => feedback.Module)
                    .Select(group => new { Module = group.Key, Average = group.Average(feedback => (double)feedback.Rating), Count = group.Count() })
                    .ToListAsync(ct);
                var patterns = await ToolPolicyStore.ReadAsync(db, userId, ct);
                return new PersonaDetailResponse(
                    Detail(found.Persona, found.User, patterns),
                    [.. actions.Select(Stored)],
                    [.. ratings.OrderBy(rating => rating.Module, StringComparer.Ordinal).Select(rating =>
                        new ModuleFeedback(rating.Module, Math.Round(rating.Average, 2, MidpointRounding.AwayFromZero), rating.Count))]);
            },
            cancellationToken);

    private static PersonaDetail Detail(PersonaRow persona, UserRow user, IReadOnlyList<string> patterns) => new(
        new UserId(persona.UserId), user.Email, user.Name, persona.Archetype, persona.SystemPrompt, persona.Mix(), persona.TickCadence,
        persona.LastActiveAt, persona.CreatedAt, persona.TimeZone, persona.Language, persona.ActiveHours, persona.NextDueAt, persona.Failures,
        persona.LastFailedAt, persona.LastError, patterns);

    private static StoredAction Stored(PersonaActionRow row) => new(
        row.Id, row.PersonaId, new TickId(row.TickId), row.ToolName, row.InputHash, row.Result, row.ErrorMessage, row.LatencyMs, row.CreatedAt, row.Seq);
}
