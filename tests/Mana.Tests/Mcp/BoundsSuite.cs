using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Tests.Mcp.Idempotency;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Mcp;

/// <summary>Quotas, the end of what was deleted, and the purge of a space; the same on every database.</summary>
public abstract class BoundsSuite
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected abstract Task<StoreUnderTest> StartAsync(params (string Key, string? Value)[] settings);

    [Fact]
    public async Task A_full_space_takes_no_new_record_says_so_and_other_spaces_go_on()
    {
        await using var store = await StartAsync(("MCP_MAX_RECORDS_PER_SPACE", "3"));
        var mcp = store.Mcp;
        var client = await mcp.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            await client.CallAsync("todo.create", $$"""{"title":"{{i}}"}""");
        }

        (await client.FailAsync("todo.create", """{"title":"4"}""")).Should().Be(
            "Tool todo.create failed: this space is full: it may hold 3 records. Delete what is no longer needed, or work in another space.");
        (await store.RecordsAsync()).Should().Be(3);
        (await client.CallAsync("todo.list"))["tasks"]!.AsArray().Should().HaveCount(3);
        await (await mcp.ConnectAsync("ben", "space-ben")).CallAsync("todo.create", """{"title":"ben"}""");
    }

    [Fact]
    public async Task What_was_deleted_makes_room_and_a_repeat_of_the_refused_call_runs()
    {
        await using var store = await StartAsync(("MCP_MAX_RECORDS_PER_SPACE", "2"));
        var mcp = store.Mcp;
        var client = await mcp.ConnectAsync();
        var first = (string)(await client.CallAsync("notes.create", """{"title":"1"}"""))["note"]!["id"]!;
        await client.CallAsync("notes.create", """{"title":"2"}""");
        KeyedCalls.IsError(await mcp.KeyedAsync("k", "notes.create", """{"title":"3"}""")).Should().BeTrue();
        await client.CallAsync("notes.delete", $$"""{"id":"{{first}}"}""");

        KeyedCalls.IsError(await mcp.KeyedAsync("k", "notes.create", """{"title":"3"}""")).Should().BeFalse();

        (await client.CallAsync("notes.list")).Texts("notes", "title").Should().Equal("3", "2");
        (await store.RecordsAsync()).Should().Be(2);
    }

    [Fact]
    public async Task Bytes_are_bounded_too_and_a_space_over_its_bound_may_shrink()
    {
        await using var store = await StartAsync(("MCP_MAX_BYTES_PER_SPACE", "4000"));
        var mcp = store.Mcp;
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("notes.create", """{"title":"small"}"""))["note"]!["id"]!;

        (await client.FailAsync("notes.create", $$"""{"title":"large","content":"{{new string('ü', 2500)}}"}""")).Should().Contain("it may hold 4000 bytes");
        (await client.FailAsync("notes.update", $$"""{"id":"{{id}}","content":"{{new string('x', 4000)}}"}""")).Should().Contain("this space is full");
        await store.RunAsync("update records set data = replace(data, 'small', '" + new string('x', 9000) + "')");
        await client.CallAsync("notes.update", $$"""{"id":"{{id}}","title":"{{new string('y', 400)}}"}""");
        await client.CallAsync("notes.delete", $$"""{"id":"{{id}}"}""");
    }

    [Fact]
    public async Task Usage_is_counted_with_every_row_that_comes_changes_and_goes()
    {
        await using var store = await StartAsync();
        var client = await store.Mcp.ConnectAsync();
        for (var i = 0; i < 4; i++)
        {
            var id = (string)(await client.CallAsync("notes.create", $$"""{"title":"Übung {{i}}","content":"x"}"""))["note"]!["id"]!;
            await client.CallAsync("notes.update", $$"""{"id":"{{id}}","content":"{{new string('é', i * 10)}}"}""");
        }

        await store.RunAsync("delete from records where seq = (select min(seq) from records)");

        (await store.CountAsync("select records from space_usage where space_id = 'space-anna'")).Should().Be(3);
        (await store.CountAsync("select bytes from space_usage where space_id = 'space-anna'")).Should().Be(await store.CountAsync(BytesStored));
    }

    private protected virtual string BytesStored => "select sum(length(cast(data as blob)) + coalesce(length(cast(search_text as blob)), 0)) from records";

    [Fact]
    public async Task What_was_deleted_is_gone_after_its_time_and_not_before()
    {
        await using var store = await StartAsync(("MCP_KEEP_DELETED_DAYS", "30"));
        var client = await store.Mcp.ConnectAsync();
        foreach (var title in (string[])["stays", "goes"])
        {
            var id = (string)(await client.CallAsync("notes.create", $$"""{"title":"{{title}}"}"""))["note"]!["id"]!;
            if (title == "goes")
            {
                await client.CallAsync("notes.delete", $$"""{"id":"{{id}}"}""");
            }
        }

        var purge = store.Mcp.Host.Services.GetRequiredService<RecordPurge>();
        store.Mcp.Clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMilliseconds(1));
        (await purge.PurgeAsync(Cancellation)).Should().Be(0);
        store.Mcp.Clock.Advance(TimeSpan.FromMilliseconds(1));
        (await purge.PurgeAsync(Cancellation)).Should().BeLessThanOrEqualTo(1, "the hourly round may have been there");

        (await store.RecordsAsync()).Should().Be(1);
        (await store.CountAsync("select records from space_usage")).Should().Be(1);
    }

    [Fact]
    public async Task The_purge_of_a_space_leaves_no_row_in_any_table_and_proves_it()
    {
        await using var store = await StartAsync();
        var mcp = store.Mcp;
        var client = await mcp.ConnectAsync();
        await mcp.KeyedAsync("k", "todo.create", """{"title":"x"}""");
        await client.CallAsync("notes.create", """{"title":"findable words"}""");
        await mcp.KeyedAsync("k", "todo.create", """{"title":"x"}""", "ben", "space-ben");

        var before = await RowsAsync(mcp, McpUnderTest.Space);
        before["tables"]!.AsObject().Select(table => table.Key).Should().Contain(["records", "record_counters", "idempotency_keys", "space_usage"]);
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/api/v1/internal/spaces/" + McpUnderTest.Space);
        request.Headers.Add("X-Service-Key", FakeAuth.ServiceKeyValue);
        using var response = await mcp.Host.Client.SendAsync(request, Cancellation);
        (await response.Content.ReadAsStringAsync(Cancellation)).Should().Be("""{"ok":true,"deleted":2,"remaining":0}""");

        ((long)(await RowsAsync(mcp, McpUnderTest.Space))["rows"]!).Should().Be(0);
        ((long)(await RowsAsync(mcp, "space-ben"))["rows"]!).Should().BeGreaterThan(0);
        foreach (var table in await TablesWithSpacesAsync(store))
        {
            (await store.CountAsync($"select count(*) from {table} where space_id = '{McpUnderTest.Space}'")).Should().Be(0, because: table);
        }
    }

    [Fact]
    public async Task Who_was_let_in_before_a_purge_leaves_nothing_behind_after_it()
    {
        await using var store = await StartAsync();
        var mcp = store.Mcp;
        mcp.Auth.Join(McpUnderTest.Anna, "space-ben", "member");
        var anna = await mcp.ConnectAsync();
        await anna.CallAsync("todo.create", """{"title":"before"}""");
        await anna.CallAsync("todo.create", """{"title":"before, with ben","space":"space-ben"}""");
        var ben = await mcp.ConnectAsync("ben", "space-ben");

        await RemoveAsync(mcp, $"/api/v1/internal/spaces/{McpUnderTest.Space}");
        await RemoveAsync(mcp, $"/api/v1/internal/users/{McpUnderTest.Anna}/records");

        // Both memberships are believed for half a minute: nothing else stands in the way of these calls.
        (await anna.FailAsync("todo.create", """{"title":"after"}""")).Should().Contain("was removed a moment ago");
        (await anna.FailAsync("todo.create", """{"title":"after, with ben","space":"space-ben"}""")).Should().Contain("was removed a moment ago");
        KeyedCalls.IsError(await mcp.KeyedAsync("k", "todo.create", """{"title":7}""")).Should().BeTrue();
        ((long)(await RowsAsync(mcp, McpUnderTest.Space))["rows"]!).Should().Be(0);
        (await store.CountAsync($"select count(*) from records where author_id = '{McpUnderTest.Anna}'")).Should().Be(0);
        (await store.CountAsync($"select count(*) from idempotency_keys where author_id = '{McpUnderTest.Anna}'")).Should().Be(0);
        await ben.CallAsync("todo.create", """{"title":"of ben"}""");

        mcp.Clock.Advance(TimeSpan.FromHours(1));
        await store.Mcp.Host.Services.GetRequiredService<RecordPurge>().PurgeAsync(Cancellation);
        (await store.CountAsync("select count(*) from removals")).Should().Be(0);

        static async Task RemoveAsync(McpUnderTest mcp, string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, path);
            request.Headers.Add("X-Service-Key", FakeAuth.ServiceKeyValue);
            using var response = await mcp.Host.Client.SendAsync(request, Cancellation);
            response.IsSuccessStatusCode.Should().BeTrue(await response.Content.ReadAsStringAsync(Cancellation));
        }
    }

    [Fact]
    public async Task The_purge_of_a_user_takes_what_the_user_wrote_wherever_and_leaves_what_others_wrote()
    {
        await using var store = await StartAsync();
        var mcp = store.Mcp;
        mcp.Auth.Join(McpUnderTest.Anna, "space-ben", "member");
        var ben = await mcp.ConnectAsync("ben", "space-ben");
        await ben.CallAsync("todo.create", """{"title":"of ben"}""");
        await mcp.KeyedAsync("k", "todo.create", """{"title":"of anna, at home"}""");
        await mcp.KeyedAsync("l", "todo.create", """{"title":"of anna, with ben"}""", McpUnderTest.Anna, "space-ben");

        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/internal/users/{McpUnderTest.Anna}/records");
        request.Headers.Add("X-Service-Key", FakeAuth.ServiceKeyValue);
        using var response = await mcp.Host.Client.SendAsync(request, Cancellation);

        (await response.Content.ReadAsStringAsync(Cancellation)).Should().Be(
            """{"ok":true,"deleted":{"idempotency_keys":2,"records":2},"remaining":{"idempotency_keys":0,"records":0}}""");
        (await ben.CallAsync("todo.list")).Texts("tasks", "title").Should().Equal("of ben");
        (await store.CountAsync("select records from space_usage where space_id = 'space-ben'")).Should().Be(1);
    }

    [Fact]
    public async Task The_purge_of_ticks_takes_what_they_made_and_what_hangs_on_it_and_nothing_else()
    {
        await using var store = await StartAsync();
        var mcp = store.Mcp;
        var client = await mcp.ConnectAsync();
        var habit = RecordId(await mcp.KeyedAsync("t1/0", "habits.create", """{"title":"of t1"}"""), "habit");
        await mcp.KeyedAsync("t2/0", "habits.log", $$"""{"id":"{{habit}}"}""");
        var kept = RecordId(await mcp.KeyedAsync("t2/1", "notes.create", """{"title":"of t2"}"""), "note");
        await mcp.KeyedAsync("t1/1", "notes.update", $$"""{"id":"{{kept}}","title":"of t2, changed by t1"}""");
        await mcp.KeyedAsync("t10/0", "notes.create", """{"title":"of t10"}""");
        await mcp.KeyedAsync("t1/2", "notes.create", """{"title":"of t1, with ben"}""", "ben", "space-ben");
        await client.CallAsync("notes.create", """{"title":"of a person"}""");

        var purged = await PurgeTicksAsync(mcp, """{"tickIds":["t1","unknown"]}""");
        var again = await PurgeTicksAsync(mcp, """{"tickIds":["t1","unknown"]}""");

        purged.Should().Be("""{"ok":true,"deleted":{"idempotency_keys":3,"records":3},"remaining":{"idempotency_keys":0,"records":0}}""");
        again.Should().Be("""{"ok":true,"deleted":{"idempotency_keys":0,"records":0},"remaining":{"idempotency_keys":0,"records":0}}""");
        (await client.CallAsync("notes.list")).Texts("notes", "title").Should().BeEquivalentTo("of a person", "of t10", "of t2, changed by t1");
        (await store.RecordsAsync()).Should().Be(3);
        (await store.CountAsync("select records from space_usage where space_id = 'space-ben'")).Should().Be(0);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[")]
    [InlineData("""{"tickIds":[]}""")]
    [InlineData("""{"tickIds":["a/b"]}""")]
    [InlineData("""{"tickIds":[null]}""")]
    [InlineData("""{"tickIds":["t"],"email":"persona.anna@mana.test"}""")]
    public async Task A_purge_that_names_no_ticks_is_refused(string body)
    {
        await using var store = await StartAsync();

        (await PurgeTicksAsync(store.Mcp, body, 400)).Should().Contain("at most 500 ids of ticks");
    }

    private static async Task<string> PurgeTicksAsync(McpUnderTest mcp, string body, int status = 200)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/internal/purge") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Service-Key", FakeAuth.ServiceKeyValue);
        using var response = await mcp.Host.Client.SendAsync(request, Cancellation);
        ((int)response.StatusCode).Should().Be(status);
        return await response.Content.ReadAsStringAsync(Cancellation);
    }

    private static string RecordId(string body, string kind) => (string)JsonNode.Parse(KeyedCalls.Text(body))![kind]!["id"]!;

    private protected abstract Task<IReadOnlyList<string>> TablesWithSpacesAsync(StoreUnderTest store);

    private static async Task<JsonNode> RowsAsync(McpUnderTest mcp, string space)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/internal/spaces/{space}/rows");
        request.Headers.Add("X-Service-Key", FakeAuth.ServiceKeyValue);
        using var response = await mcp.Host.Client.SendAsync(request, Cancellation);
        return (await response.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
    }
}
