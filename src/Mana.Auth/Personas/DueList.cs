using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Storage;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.Auth.Personas;

/// <summary>Who should visit the product now.</summary>
internal sealed class DueList(ServiceDatabase database, DomainClock clock)
{
    /// <summary>
    /// What the clock asks every few seconds: one scan of a range of the index on <c>next_due_at</c>, in its order, however
    /// many personas there are. The users are looked up one by one: from a join PostgreSQL makes a scan of all of them.
    /// </summary>
    internal const string PageOfDue =
        """
        select p.*,
          (select email from users where id = p.user_id) as email,
          (select name from users where id = p.user_id) as name,
          (select deleted_at from users where id = p.user_id) as deleted_at
        from personas p where (p.next_due_at, p.user_id) > (@after, @id) and p.next_due_at <= @now
        order by p.next_due_at, p.user_id limit @limit
        """;

    public Task<DueResponse> FindAsync(DueQuery query, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        return database.ReadAsync(
            async (db, ct) => query.Limit is { } limit
                ? await PageAsync(db, query, limit, now, ct)
                : new DueResponse([.. (await AllAsync(db, query, now, ct)).Select(ToDue)], now),
            cancellationToken);
    }

    private static async Task<List<Row>> AllAsync(DataConnection db, DueQuery query, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // NULLS FIRST spelled out: the two databases disagree on it by default.
        var rows = await Candidates(db, query, now)
            .OrderBy(row => row.Persona.LastActiveAt == null ? 0 : 1)
            .ThenBy(row => row.Persona.LastActiveAt)
            .ThenBy(row => row.Persona.UserId)
            .ToListAsync(cancellationToken);
        return rows.FindAll(row => IsWanted(row, query, now));
    }

    private static async Task<DueResponse> PageAsync(DataConnection db, DueQuery query, int limit, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var page = new List<Row>(limit);
        var after = query.After;
        while (true)
        {
            // One more than asked for: it tells whether there is a next page.
            var rows = query is { Scope: TickScopes.Due, Emails.Count: 0 }
                ? await PageOfDueAsync(db, now, after, limit + 1, cancellationToken)
                : await InPageOrder(Candidates(db, query, now), query.Scope, after).Take(limit + 1).ToListAsync(cancellationToken);
            foreach (var row in rows.Where(row => IsWanted(row, query, now)))
            {
                if (page.Count == limit)
                {
                    return new DueResponse([.. page.Select(ToDue)], now, DueCursor.Of(page[^1].Persona).ToString());
                }

                page.Add(row);
            }

            if (rows.Count <= limit)
            {
                return new DueResponse([.. page.Select(ToDue)], now);
            }

            after = DueCursor.Of(rows[^1].Persona);
        }
    }

    private static async Task<List<Row>> PageOfDueAsync(DataConnection db, DateTimeOffset now, DueCursor? after, int limit, CancellationToken cancellationToken)
    {
        var rows = await db.RowsAsync<DueRow>(
            PageOfDue, cancellationToken,
            ("after", after?.DueAt ?? DateTimeOffset.MinValue), ("id", after?.UserId ?? ""), ("now", now), ("limit", limit));
        return rows.ConvertAll(row => new Row { Persona = row, User = new UserRow { Id = row.UserId, Email = row.Email, Name = row.Name, DeletedAt = row.DeletedAt } });
    }

    private static IQueryable<Row> Candidates(DataConnection db, DueQuery query, DateTimeOffset now)
    {
        var rows = from persona in db.GetTable<PersonaRow>()
                   join user in db.GetTable<UserRow>() on persona.UserId equals user.Id
                   where user.DeletedAt == null
                   select new Row { Persona = persona, User = user };
        if (query.Emails.Count > 0)
        {
            rows = rows.Where(row => query.Emails.Contains(row.User.Email));
        }

        return query.Scope switch
        {
            TickScopes.NeverTicked => rows.Where(row => row.Persona.LastActiveAt == null),
            TickScopes.All => rows,
            _ => rows.Where(row => row.Persona.NextDueAt != null && row.Persona.NextDueAt <= now),
        };
    }

    // Pages of the due go by the index on next_due_at; the other scopes have rows without one.
    private static IQueryable<Row> InPageOrder(IQueryable<Row> rows, string scope, DueCursor? after)
    {
        if (scope != TickScopes.Due)
        {
            return (after is null ? rows : rows.Where(row => row.Persona.UserId.CompareTo(after.UserId) > 0)).OrderBy(row => row.Persona.UserId);
        }

        if (after is not null)
        {
            rows = rows.Where(row => row.Persona.NextDueAt > after.DueAt
                || (row.Persona.NextDueAt == after.DueAt && row.Persona.UserId.CompareTo(after.UserId) > 0));
        }

        return rows.OrderBy(row => row.Persona.NextDueAt).ThenBy(row => row.Persona.UserId);
    }

    // next_due_at finds the candidates; whether the weekday and the hours still fit only the schedule can say.
    private static bool IsWanted(Row row, DueQuery query, DateTimeOffset now) =>
        query.Scope != TickScopes.Due || (row.User.DeletedAt is null && row.Persona.IsDue(now));

    private static DuePersona ToDue(Row row)
    {
        var persona = row.Persona;
        return new DuePersona(
            new UserId(persona.UserId), row.User.Email, persona.Archetype, persona.SystemPrompt, persona.Mix(), persona.TickCadence, persona.LastActiveAt,
            row.User.Name, persona.TimeZone, persona.Language, persona.ActiveHours, persona.Failures);
    }

    private sealed class Row
    {
        public required PersonaRow Persona { get; init; }

        public required UserRow User { get; init; }
    }
}
