using System.Globalization;
using Mana.Hosting.Storage;

namespace Mana.Benchmarks.Due;

/// <summary>
/// mana-auth's personas, written past it: over its admin API each would cost a password hash, and a hundred thousand
/// of those an hour.
/// </summary>
internal sealed class PersonaRows(IReadOnlyDictionary<string, string> settings)
    : DatabaseRows(settings.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)), "auth")
{
    public static string Id(int number) => string.Create(CultureInfo.InvariantCulture, $"bench{number:000000000}");

    /// <summary>Hourly personas that were active just now: none is due.</summary>
    public async Task FillAsync(int personas, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        if (await ScalarAsync(connection, "select count(*) from personas", cancellationToken) != 0)
        {
            throw new BenchException("The database has personas already; name an empty one.");
        }

        // Both databases make the rows themselves.
        var id = Kind == DatabaseKind.Sqlite ? "'bench' || printf('%09d', i)" : "'bench' || lpad(i::text, 9, '0')";
        var flag = Kind == DatabaseKind.Sqlite ? "1" : "true";
        var milliseconds = now.ToUnixTimeMilliseconds();
        var numbers = string.Create(CultureInfo.InvariantCulture, $"with recursive n(i) as (select 0 union all select i + 1 from n where i < {personas - 1})");
        await RunAsync(
            connection,
            string.Create(CultureInfo.InvariantCulture, $"""
                insert into users (id, name, email, email_verified, role, access_tier, kind, created_at, updated_at)
                {numbers} select {id}, 'Bench ' || i, 'bench.' || i || '@mana.test', {flag}, 'user', 'founder', 'persona', {milliseconds}, {milliseconds} from n
                """),
            cancellationToken);

        // 7919 is prime: neighbours in the id are none in time.
        await RunAsync(
            connection,
            string.Create(CultureInfo.InvariantCulture, $$"""
                insert into personas (user_id, archetype, system_prompt, module_mix, tick_cadence, last_active_at, next_due_at, failures, created_at, updated_at)
                {{numbers}} select {{id}}, 'bench', 'You are persona ' || i || '.', '{"todo":0.6,"notes":0.4}', 'hourly', {{milliseconds}},
                  {{milliseconds}} + 3600000 + (i * 7919) % {{personas}}, 0, {{milliseconds}}, {{milliseconds}} from n
                """),
            cancellationToken);
        await RunAsync(connection, "analyze", cancellationToken);
    }

    /// <summary>Makes the first so many due, an hour after their last activity.</summary>
    public async Task MakeDueAsync(int personas, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await RunAsync(
            connection,
            string.Create(CultureInfo.InvariantCulture, $"""
                update personas set last_active_at = {now.AddHours(-1).ToUnixTimeMilliseconds()}, next_due_at = {now.ToUnixTimeMilliseconds()}
                where user_id < '{Id(personas)}'
                """),
            cancellationToken);
    }
}
