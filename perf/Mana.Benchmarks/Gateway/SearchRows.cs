using System.Globalization;
using Mana.Hosting.Storage;

namespace Mana.Benchmarks.Gateway;

/// <summary>
/// Notes to be searched, written past the gateway while it is stopped: call by call, a million of them would take
/// longer than the rest of the benchmark. The gateway indexes them when it starts, as it does with records that are
/// older than its index.
/// </summary>
internal sealed class SearchRows(GatewayBenchOptions options, string directory)
    : DatabaseRows([new(DatabaseSettings.DirectoryKey, directory), new(DatabaseSettings.UrlKey, options.DatabaseUrl)], "mcp")
{
    /// <summary>As many as one space holds by default.</summary>
    public const int PerSpace = 100_000;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    /// <summary>The space with that number, which belongs to the user of the same name.</summary>
    public static string Space(int number) => string.Create(CultureInfo.InvariantCulture, $"searcher{number}");

    public async Task FillAsync(int records, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        var id = Kind == DatabaseKind.Sqlite
            ? "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(6)))"
            : "gen_random_uuid()::text";
        var text = "'Notiz ' || i || ' vom Lager ' || (i % 997) || ' mit Palette ' || (i % 7919)";
        var milliseconds = now.ToUnixTimeMilliseconds();
        await RunAsync(
            connection,
            string.Create(CultureInfo.InvariantCulture, $$"""
                insert into records (id, space_id, collection, author_id, state, order_key, search_text, data, created_at, updated_at)
                with recursive n(i) as (select 0 union all select i + 1 from n where i < {{records - 1}})
                select {{id}}, 'searcher' || (i / {{PerSpace}}), 'notes.notes', 'searcher' || (i / {{PerSpace}}), 'active', '2026-11-22T09:00:00.000Z',
                  lower({{text}}), '{"title":"' || {{text}} || '","content":"","color":null,"isPinned":false,"isArchived":false}', {{milliseconds}}, {{milliseconds}} from n
                """),
            cancellationToken);
        await RunAsync(connection, "update record_indexing set last = (select max(seq) from records)", cancellationToken);
        await RunAsync(connection, "analyze", cancellationToken);
    }

    /// <summary>Waits until the gateway has indexed them all.</summary>
    public async Task IndexedAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        while (await ScalarAsync(connection, "select last - done_until from record_indexing", cancellationToken) is > 0 and var left)
        {
            progress.Report($"indexing: {left} records to go");
            await Task.Delay(PollInterval, TimeProvider.System, cancellationToken);
        }
    }
}
