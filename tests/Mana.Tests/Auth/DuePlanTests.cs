using LinqToDB.Data;
using Mana.Auth.Personas;
using Mana.Hosting.Storage;

namespace Mana.Tests.Auth;

public sealed class DuePlanTests
{
    [Fact]
    public async Task The_due_list_reads_one_range_of_one_index_in_its_order()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        await FillAsync(auth, 20_000);
        var plan = await auth.Database.ReadAsync(
            async (db, ct) => string.Join('\n', await db.QueryToListAsync(
                row => row.GetString(row.FieldCount - 1),
                (auth.Database.Kind == DatabaseKind.Sqlite ? "explain query plan " : "explain ") + DueList.PageOfDue,
                ct,
                new DataParameter("after", 0L), new DataParameter("id", ""), new DataParameter("now", 500L), new DataParameter("limit", 501))),
            AuthUnderTest.Cancellation);
        if (auth.Database.Kind == DatabaseKind.Sqlite)
        {
            plan.Should().MatchRegex(@"SEARCH p USING INDEX personas_due_idx \(.*next_due_at.*<\?\)").And.NotContain("SCAN").And.NotContain("TEMP B-TREE");
        }
        else
        {
            plan.Should().MatchRegex("Index Scan (using|on) personas_due_idx").And.NotContain("Seq Scan").And.NotContain("Join");
        }
    }

    private static Task FillAsync(AuthUnderTest auth, int personas) => auth.Database.WriteAsync(
        async (db, ct) =>
        {
            var numbers = $"with recursive n(i) as (select 1 union all select i + 1 from n where i < {personas})";
            var flag = auth.Database.Kind == DatabaseKind.Sqlite ? "1" : "true";
            await db.ExecuteAsync(
                $"""
                insert into users (id, name, email, email_verified, role, access_tier, kind, created_at, updated_at)
                {numbers} select 'p' || i, 'p', 'p' || i || '@mana.test', {flag}, 'user', 'founder', 'persona', 0, 0 from n
                """,
                ct);
            await db.ExecuteAsync(
                $"""
                insert into personas (user_id, archetype, system_prompt, module_mix, tick_cadence, next_due_at, created_at, updated_at)
                {numbers} select 'p' || i, 'a', 's', '{"{}"}', 'hourly', i, 0, 0 from n
                """,
                ct);
            await db.ExecuteAsync("analyze", ct);
        },
        AuthUnderTest.Cancellation);
}
