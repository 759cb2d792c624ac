using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Contracts;
using Mana.Mcp.Records;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Mcp.Modules;

/// <summary>What search.everything promises, on whatever database.</summary>
public abstract class SearchSuite
{
    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected abstract Task<McpUnderTest> StartAsync();

    [Theory]
    [InlineData("mueller", "Müller")]
    [InlineData("MULLER", "Müller")]
    [InlineData("üll", "Müller")]
    [InlineData("zoe muel", "Müller")]
    [InlineData("strasse zoe", "Müller")]
    [InlineData("o'b", "O'Brien")]
    [InlineData("%", "100 % GmbH")]
    public async Task The_search_of_a_module_needs_no_umlauts_either(string query, string found)
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        await client.CallAsync("contacts.create", """{"firstName":"Zoë","lastName":"Müller","notes":"wohnt in der Langen Straße"}""");
        await client.CallAsync("contacts.create", """{"firstName":"Ann","lastName":"O'Brien"}""");
        await client.CallAsync("contacts.create", """{"firstName":"100 % GmbH","lastName":"100 % GmbH"}""");
        await client.CallAsync("notes.create", """{"title":"Zoe Mueller"}""");

        (await client.CallAsync("contacts.search", $$"""{"query":"{{query}}"}""")).Texts("contacts", "lastName").Should().Equal(found);
    }

    [Fact]
    public async Task Records_of_every_module_are_found_by_all_words_those_with_them_in_the_title_first_then_the_newest()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        await client.CallAsync("notes.create", """{"title":"Zürich","content":"Zug und Hotel"}""");
        await client.CallAsync("notes.create", """{"title":"Reise","content":"Im Zug nach Zürich gelesen"}""");
        await client.CallAsync("todo.create", """{"title":"Zug nach Zürich buchen"}""");
        await client.CallAsync("journal.add", """{"title":"Unterwegs","content":"Heute im Zug: Zürich im Nebel.","tags":["reise"]}""");
        await client.CallAsync("todo.create", """{"title":"Zug nach Basel buchen"}""");

        var found = await client.CallAsync("search.everything", """{"query":"zug zürich"}""");

        found.Texts("results", "title").Should().Equal("Zug nach Zürich buchen", "Unterwegs", "Reise", "Zürich");
        found.Texts("results", "module").Should().Equal("todo", "journal", "notes", "notes");
        found.Texts("results", "kind").Should().Equal("task", "journal entry", "note", "note");
        ((string)found["results"]![2]!["snippet"]!).Should().Be("Reise Im Zug nach Zürich gelesen");
        ((bool)found["hasMore"]!).Should().BeFalse();
        var first = await client.CallAsync("search.everything", """{"query":"zug zürich","limit":1}""");
        first.Texts("results", "module").Should().Equal("todo");
        ((bool)first["hasMore"]!).Should().BeTrue();
        (await client.CallAsync("search.everything", """{"query":"zug zürich","module":"notes"}""")).Texts("results", "title").Should().Equal("Reise", "Zürich");
        (await client.FailAsync("search.everything", """{"query":"zug","module":"note"}""")).Should().Contain("must be one of").And.Contain("journal");
    }

    [Fact]
    public async Task All_that_there_is_about_a_subject_can_be_read_page_by_page()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        for (var i = 0; i < 7; i++)
        {
            await client.CallAsync("notes.create", i % 3 == 0 ? $$"""{"title":"Zug {{i}}"}""" : $$"""{"title":"{{i}}","content":"Im Zug"}""");
        }

        await client.CallAsync("todo.create", """{"title":"Zug buchen"}""");
        var titles = new List<string>();
        string? cursor = null;
        do
        {
            var page = await client.CallAsync(
                "search.everything", $$"""{"query":"zug","module":"notes","limit":2{{(cursor is null ? "" : $",\"cursor\":\"{cursor}\"")}}}""");
            titles.AddRange(page.Texts("results", "title"));
            cursor = (string?)page["nextCursor"];
            ((bool)page["hasMore"]!).Should().Be(cursor is not null);
        }
        while (cursor is not null);

        titles.Should().Equal("Zug 6", "Zug 3", "Zug 0", "5", "4", "2", "1");
        (await client.FailAsync("search.everything", """{"query":"zug","cursor":"abc"}""")).Should().Contain("\"cursor\" must be the nextCursor");
    }

    [Theory]
    [InlineData("Müller", "mueller", "MULLER", "müll", "Mu\u0308ller", "muell", "mull")]
    [InlineData("Straße", "strasse", "STRASSE", "straße", "stra")]
    [InlineData("Café", "cafe", "CAFÉ", "caf")]
    [InlineData("Smørrebrød", "smorrebrod", "smørre")]
    [InlineData("東京タワー", "東京", "タ")]
    [InlineData("Привет мир", "привет", "МИР")]
    [InlineData("R2D2 läuft", "r2d2", "laeu", "lau")]
    public async Task Umlauts_accents_and_capitals_do_not_stand_in_the_way(string title, params string[] queries)
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        await client.CallAsync("notes.create", JsonSerializer.Serialize(new { title = $"x {title} y" }));

        foreach (var query in queries)
        {
            (await SearchAsync(client, query)).Should().ContainSingle(because: query);
        }
    }

    [Fact]
    public async Task Only_the_last_word_may_be_a_beginning_and_every_word_must_occur()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        await client.CallAsync("notes.create", """{"title":"Sauerteig","content":"Mehl und Wasser"}""");

        (await SearchAsync(client, "Mehl Sauer")).Should().ContainSingle();
        (await SearchAsync(client, "Sauer Mehl")).Should().BeEmpty();
        (await SearchAsync(client, "Mehl Zucker")).Should().BeEmpty();
        (await SearchAsync(client, "teig")).Should().BeEmpty("it is the end of a word");
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("a AND")]
    [InlineData("NOT note")]
    [InlineData("NEAR(a b)")]
    [InlineData("words:note")]
    [InlineData("note* OR (x")]
    [InlineData("^plain it")]
    [InlineData("-note + {x} - :")]
    [InlineData("note' | !x & <-> :*")]
    [InlineData("' or 1=1 --")]
    [InlineData("%_\\")]
    [InlineData("!!! ??? 😀")]
    [InlineData("a b c d e f g h i j k l m n o p q r s t u v w x y z")]
    public async Task Nothing_in_a_query_is_an_operator(string query)
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        await client.CallAsync("notes.create", """{"title":"plain note"}""");

        (await SearchAsync(client, query)).Should().BeEmpty("not all of these words occur");
        await client.CallAsync("notes.create", JsonSerializer.Serialize(new { title = $"it says {query}" }));
        (await SearchAsync(client, query)).Should().HaveCount(query.Any(char.IsLetterOrDigit) ? 1 : 0);
    }

    [Fact]
    public async Task A_change_is_found_at_once_and_what_it_replaced_no_more()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("notes.create", """{"title":"alpha","content":"beta"}"""))["note"]!["id"]!;

        await client.CallAsync("notes.update", $$"""{"id":"{{id}}","title":"gamma"}""");
        (await SearchAsync(client, "alpha")).Should().BeEmpty();
        (await SearchAsync(client, "beta gamma")).Should().Equal(id);

        await client.CallAsync("notes.delete", $$"""{"id":"{{id.ToUpperInvariant()}}"}""");
        (await SearchAsync(client, "gamma")).Should().BeEmpty();
        (await CountAsync(mcp, "record_words")).Should().Be(0);
    }

    [Fact]
    public async Task Another_space_is_never_searched_and_a_removed_one_leaves_no_words()
    {
        await using var mcp = await StartAsync();
        var anna = await mcp.ConnectAsync();
        var family = await mcp.ConnectAsync(space: "family");
        await anna.CallAsync("notes.create", """{"title":"secret"}""");
        var theirs = (string)(await family.CallAsync("notes.create", """{"title":"secret of all"}"""))["note"]!["id"]!;

        (await SearchAsync(family, "secret")).Should().Equal(theirs);
        (await CountAsync(mcp, "record_words")).Should().Be(2);
        await mcp.Host.Services.GetRequiredService<RecordStore>().RemoveSpaceAsync(new SpaceId("family"), Cancellation);
        (await SearchAsync(family, "secret")).Should().BeEmpty();
        (await CountAsync(mcp, "record_words")).Should().Be(1);
    }

    [Fact]
    public async Task Records_that_are_older_than_the_index_are_found_after_the_start()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        for (var i = 0; i < 250; i++)
        {
            await client.CallAsync("todo.create", $$"""{"title":"Übung {{i}}"}""");
        }

        var gone = (await SearchAsync(client, "249")).Single();
        await client.CallAsync("todo.delete", $$"""{"id":"{{gone}}"}""");

        // As a database looks right after the migration.
        await RunAsync(mcp, "delete from record_words");
        await RunAsync(mcp, "update records set search_text = null");
        await RunAsync(mcp, "update record_indexing set done_until = 0, last = (select max(seq) from records)");
        (await SearchAsync(client, "uebung")).Should().BeEmpty();

        await mcp.RestartAsync();
        await mcp.Host.Services.GetRequiredService<IndexBackfill>().Completed.WaitAsync(Cancellation);

        var again = await mcp.ConnectAsync();
        (await SearchAsync(again, "17 uebung")).Should().HaveCount(1);
        (await SearchAsync(again, "249")).Should().BeEmpty("a deleted record is not indexed");
        (await CountAsync(mcp, "record_words")).Should().Be(249);
        (await CountAsync(mcp, "records where search_text like 'übung%'")).Should().Be(249);
    }

    private protected static async Task<List<string>> SearchAsync(ModelContextProtocol.Client.McpClient client, string query) =>
        (await client.CallAsync("search.everything", new JsonObject { ["query"] = query }.ToJsonString())).Texts("results", "id");

    private protected abstract Task RunAsync(McpUnderTest mcp, string statement);

    private protected abstract Task<long> CountAsync(McpUnderTest mcp, string from);
}
