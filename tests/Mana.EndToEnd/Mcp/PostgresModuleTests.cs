using System.Text.Json.Nodes;
using Mana.Tests.Mcp;
using ModelContextProtocol.Client;

namespace Mana.EndToEnd.Mcp;

/// <summary>Orders, ranges and pages of the modules on PostgreSQL, whose text compares by rules of its own.</summary>
public sealed class PostgresModuleTests(PostgresFixture postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lists_go_up_and_down_in_pages_as_on_SQLite()
    {
        var cluster = await postgres.ClusterAsync();
        await using var onPostgres = await McpUnderTest.StartAsync(("DATABASE_URL", await cluster.CreateDatabaseAsync(Cancellation)));
        await using var onSqlite = await McpUnderTest.StartAsync();

        var expected = await PlayAsync(await onSqlite.ConnectAsync(timeZone: "Europe/Berlin"));
        var actual = await PlayAsync(await onPostgres.ConnectAsync(timeZone: "Europe/Berlin"));

        expected.Should().HaveCountGreaterThan(20);
        actual.Should().Equal(expected);
    }

    private static async Task<List<string>> PlayAsync(McpClient client)
    {
        foreach (var name in (string[])["Zander", "Ärmel", "bauer", "Bauer-Öz", "Bauer", "van der Berg", "O'Neil", "|pipe", "😀"])
        {
            await client.CallAsync("contacts.create", $$"""{"firstName":"X","lastName":"{{name}}","tags":["{{(name.Length > 5 ? "long" : "short")}}"]}""");
        }

        await client.CallAsync("calendar.create", """{"title":"daily","start":"2026-11-20T08:00:00+01:00","recurrenceRule":"FREQ=DAILY;COUNT=12"}""");
        await client.CallAsync("calendar.create", """{"title":"over","start":"2026-01-20T08:00:00+01:00","recurrenceRule":"FREQ=DAILY;UNTIL=20261120"}""");
        await client.CallAsync("calendar.create", """{"title":"trip","start":"2026-11-01","end":"2026-11-30"}""");
        await client.CallAsync("calendar.create", """{"title":"single","start":"2026-11-25T23:30:00Z"}""");
        await client.CallAsync("calendar.create", """{"title":"all day","start":"2026-11-26"}""");
        await client.CallAsync("articles.save", """{"url":"https://example.org/a"}""");
        await client.CallAsync("articles.save", """{"url":"https://example.org/a/"}""");
        var goal = (string)(await client.CallAsync("goals.create", """{"title":"x","targetValue":2.5,"period":"month"}"""))["goal"]!["id"]!;
        await client.CallAsync("goals.addProgress", $$"""{"id":"{{goal}}","amount":1.25,"date":"2026-11-01"}""");
        await client.CallAsync("goals.addProgress", $$"""{"id":"{{goal}}","amount":9,"date":"2026-10-31"}""");

        return
        [
            .. await PagesAsync(client, "contacts.list", "\"limit\":2", "contacts", "lastName"),
            .. await PagesAsync(client, "contacts.list", "\"limit\":2,\"tag\":\"LONG\"", "contacts", "lastName"),
            .. await PagesAsync(client, "calendar.list", "\"limit\":3,\"from\":\"2026-11-23\"", "events", "title"),
            .. (await client.CallAsync("calendar.today", """{"date":"2026-11-26"}""")).Texts("events", "start"),
            .. (await client.CallAsync("articles.list")).Texts("articles", "url"),
            (await client.CallAsync("goals.progress", $$"""{"id":"{{goal}}"}"""))["progress"]!.ToJsonString(),
        ];
    }

    private static async Task<List<string>> PagesAsync(McpClient client, string tool, string arguments, string list, string property)
    {
        var all = new List<string>();
        JsonNode? page = null;
        do
        {
            page = await client.CallAsync(tool, page is null ? $"{{{arguments}}}" : $"{{{arguments},\"cursor\":\"{page["nextCursor"]}\"}}");
            all.AddRange(page.Texts(list, property));
        }
        while (page["nextCursor"] is not null);

        return all;
    }
}
