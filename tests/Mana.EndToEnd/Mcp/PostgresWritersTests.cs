using System.Text.Json.Nodes;
using Mana.Tests.Mcp;
using Mana.Tests.Mcp.Idempotency;

namespace Mana.EndToEnd.Mcp;

/// <summary>
/// Tools that look before they write, called at once on two nodes of one PostgreSQL: the writers of a space come one after
/// the other, so that each sees what the one before it has stored.
/// </summary>
public sealed class PostgresWritersTests(PostgresFixture postgres)
{
    private const int Calls = 24;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tag_exists_once_however_many_create_it_at_once()
    {
        await using var mcp = await StartAsync();
        await using var beside = await mcp.StartBesideAsync();

        var answers = await AtOnceAsync(mcp, beside, i => ("tags.create", $$"""{"name":"{{(i % 2 == 0 ? "Garden" : "GARDEN")}}"}"""));

        answers.Count(answer => !KeyedCalls.IsError(answer)).Should().Be(1);
        var first = KeyedCalls.Message(answers.Single(answer => !KeyedCalls.IsError(answer)))["result"]!["structuredContent"]!["tag"]!["id"]!;
        answers.Where(KeyedCalls.IsError).Should().AllSatisfy(answer => KeyedCalls.Text(answer).Should().Contain($"exists already, with the id {first}"));
        (await mcp.ReadAsync("tags.list", "tags")).Should().ContainSingle();
    }

    [Fact]
    public async Task A_page_is_saved_once_however_many_save_it_at_once()
    {
        await using var mcp = await StartAsync();
        await using var beside = await mcp.StartBesideAsync();

        var answers = await AtOnceAsync(mcp, beside, i => ("articles.save", $$"""{"url":"https://example.org/page{{(i % 2 == 0 ? "" : "#part")}}"}"""));

        answers.Should().AllSatisfy(answer => KeyedCalls.IsError(answer).Should().BeFalse());
        answers.Select(answer => (string)KeyedCalls.Message(answer)["result"]!["structuredContent"]!["article"]!["id"]!).Distinct().Should().ContainSingle();
        (await mcp.ReadAsync("articles.list", "articles")).Should().ContainSingle();
    }

    [Fact]
    public async Task Invoices_that_go_out_at_once_get_the_numbers_of_the_year_without_a_gap_or_a_double()
    {
        await using var mcp = await StartAsync();
        await using var beside = await mcp.StartBesideAsync();
        var drafts = new List<string>();
        for (var i = 0; i < Calls / 2; i++)
        {
            var created = await mcp.KeyedAsync(
                $"draft-{i}",
                "invoices.create",
                """{"clientSnapshot":{"name":"Client"},"lines":[{"title":"Work","quantity":1,"unitPrice":100,"vatRate":8.1}],"currency":"CHF"}""");
            KeyedCalls.IsError(created).Should().BeFalse(created);
            drafts.Add((string)KeyedCalls.Message(created)["result"]!["structuredContent"]!["invoice"]!["id"]!);
        }

        // Each is sent twice: once on either node.
        var answers = await AtOnceAsync(mcp, beside, i => ("invoices.send", $$"""{"id":"{{drafts[i / 2]}}"}"""));

        answers.Should().AllSatisfy(answer => KeyedCalls.IsError(answer).Should().BeFalse(answer));
        var numbers = answers.Select(answer => (string)KeyedCalls.Message(answer)["result"]!["structuredContent"]!["invoice"]!["number"]!).ToList();
        numbers.Distinct().Order(StringComparer.Ordinal).Should().Equal(Enumerable.Range(1, drafts.Count).Select(i => $"2026-{i:0000}"));
        numbers.Chunk(2).Should().AllSatisfy(pair => pair[0].Should().Be(pair[1], "sent twice is sent once"));
    }

    [Fact]
    public async Task Each_of_many_check_ins_counts_those_before_it()
    {
        await using var mcp = await StartAsync();
        await using var beside = await mcp.StartBesideAsync();
        var habit = (string)KeyedCalls.Message(await mcp.KeyedAsync("habit", "habits.create", """{"title":"Water"}"""))["result"]!["structuredContent"]!["habit"]!["id"]!;

        var answers = await AtOnceAsync(mcp, beside, _ => ("habits.log", $$"""{"id":"{{habit}}"}"""));

        answers.Select(answer => (int)KeyedCalls.Message(answer)["result"]!["structuredContent"]!["doneThatDay"]!).Order().Should().Equal(Enumerable.Range(1, Calls));
    }

    private async Task<McpUnderTest> StartAsync()
    {
        var cluster = await postgres.ClusterAsync();
        return await McpUnderTest.StartAsync(("DATABASE_URL", await cluster.CreateDatabaseAsync(Cancellation)), ("POLICY_RATE_LIMIT", "1000"));
    }

    private static Task<string[]> AtOnceAsync(McpUnderTest mcp, Mana.Testing.HostUnderTest beside, Func<int, (string Tool, string Arguments)> call) =>
        Task.WhenAll(Enumerable.Range(0, Calls).Select(i => mcp.KeyedAsync(
            i % 2 == 0 ? mcp.Host : beside, $"call-{i}", call(i).Tool, call(i).Arguments, Cancellation)));
}

/// <summary>Short forms for these tests.</summary>
internal static class WritersCalls
{
    public static async Task<JsonArray> ReadAsync(this McpUnderTest mcp, string tool, string list) =>
        KeyedCalls.Message(await mcp.KeyedAsync(tool, tool, "{}"))["result"]!["structuredContent"]![list]!.AsArray();
}
