namespace Mana.Tests.Mcp.Modules;

/// <summary>Bringing back what was deleted; the same on every database.</summary>
public abstract class TrashSuite
{
    private protected abstract Task<McpUnderTest> StartAsync(params (string Key, string? Value)[] settings);

    [Fact]
    public async Task What_was_deleted_is_listed_and_comes_back_as_it_was()
    {
        await using var mcp = await OffAsync();
        var client = await mcp.ConnectAsync();
        var note = (await client.CallAsync("notes.create", """{"title":"Keller aufräumen","content":"Regal links"}"""))["note"]!;
        var id = (string)note["id"]!;
        var task = (string)(await client.CallAsync("todo.create", """{"title":"Kisten"}"""))["task"]!["id"]!;
        await client.CallAsync("notes.delete", Id(id));
        mcp.Clock.Advance(TimeSpan.FromMinutes(1));
        await client.CallAsync("todo.delete", Id(task));

        var trash = await client.CallAsync("trash.list");

        trash.Texts("records", "id").Should().Equal(task, id);
        trash.Texts("records", "title").Should().Equal("Kisten", "Keller aufräumen");
        trash.Texts("records", "kind").Should().Equal("task", "note");
        trash["records"]![1]!["deletedAt"]!.GetValue<string>().Should().Be("2026-11-22T09:00:00.000Z");
        trash["records"]![1]!["goneForGoodAt"]!.GetValue<string>().Should().Be("2026-12-22T09:00:00.000Z");
        (await client.CallAsync("trash.list", """{"module":"notes"}""")).Texts("records", "id").Should().Equal(id);
        var first = await client.CallAsync("trash.list", """{"limit":1}""");
        (await client.CallAsync("trash.list", $$"""{"limit":1,"cursor":"{{first["nextCursor"]}}"}""")).Texts("records", "id").Should().Equal(id);
        (await client.CallAsync("search.everything", """{"query":"regal"}"""))["results"]!.AsArray().Should().BeEmpty();

        var restored = await client.CallAsync("trash.restore", Id(id.ToUpperInvariant()));

        restored.ToJsonString().Should().Be($$"""{"ok":true,"id":"{{id}}","module":"notes","kind":"note","title":"Keller aufr\u00E4umen","restored":1}""");
        (await client.CallAsync("notes.get", Id(id)))["note"]!.ToJsonString().Should().Be(note.ToJsonString());
        (await client.CallAsync("search.everything", """{"query":"regal"}""")).Texts("results", "id").Should().Equal(id);
        ((int)(await client.CallAsync("trash.restore", Id(id)))["restored"]!).Should().Be(0, "it is there already");
        (await client.CallAsync("trash.list")).Texts("records", "id").Should().Equal(task);
    }

    [Fact]
    public async Task What_was_deleted_with_something_comes_back_with_it_and_not_without_it()
    {
        await using var mcp = await OffAsync();
        var client = await mcp.ConnectAsync();
        var deck = (string)(await client.CallAsync("cards.createDeck", """{"name":"Latein"}"""))["deck"]!["id"]!;
        var cards = new List<string>();
        foreach (var front in (string[])["aqua", "terra", "ignis"])
        {
            cards.Add((string)(await client.CallAsync("cards.addCard", $$"""{"deckId":"{{deck}}","front":"{{front}}","back":"x"}"""))["card"]!["id"]!);
        }

        await client.CallAsync("cards.deleteCard", $$"""{"cardId":"{{cards[0]}}"}""");
        mcp.Clock.Advance(TimeSpan.FromMinutes(1));
        await client.CallAsync("cards.deleteDeck", $$"""{"deckId":"{{deck}}"}""");

        (await client.CallAsync("trash.list")).Texts("records", "title").Should().Equal("Latein", "aqua");
        (await client.FailAsync("trash.restore", Id(cards[1]))).Should().Contain($"belongs to the deck \"Latein\", and that is deleted as well: restore it first, with the id {deck}");
        ((int)(await client.CallAsync("trash.restore", Id(deck)))["restored"]!).Should().Be(3);

        (await client.CallAsync("cards.listCards", $$"""{"deckId":"{{deck}}"}""")).Texts("cards", "front").Should().BeEquivalentTo("terra", "ignis");
        (await client.CallAsync("search.everything", """{"query":"terra"}""")).Texts("results", "id").Should().Equal(cards[1]);
        (await client.CallAsync("trash.restore", Id(cards[0])))["restored"]!.GetValue<int>().Should().Be(1);
    }

    [Fact]
    public async Task What_there_may_be_once_does_not_come_back_beside_its_successor()
    {
        await using var mcp = await OffAsync();
        var client = await mcp.ConnectAsync();
        var tag = (string)(await client.CallAsync("tags.create", """{"name":"Garten"}"""))["tag"]!["id"]!;
        var note = (string)(await client.CallAsync("notes.create", """{"title":"Beet"}"""))["note"]!["id"]!;
        await client.CallAsync("tags.assign", $$"""{"tagId":"{{tag}}","recordId":"{{note}}"}""");
        await client.CallAsync("tags.delete", $$"""{"tagId":"{{tag}}"}""");
        var page = (string)(await client.CallAsync("articles.save", """{"url":"https://example.org/a"}"""))["article"]!["id"]!;
        await client.CallAsync("articles.delete", Id(page));
        var newTag = (string)(await client.CallAsync("tags.create", """{"name":"garten"}"""))["tag"]!["id"]!;
        var newPage = (string)(await client.CallAsync("articles.save", """{"url":"https://example.org/a/"}"""))["article"]!["id"]!;

        (await client.FailAsync("trash.restore", Id(tag))).Should().Contain($"there is one again, with the id {newTag}");
        (await client.FailAsync("trash.restore", Id(page))).Should().Contain($"there is one again, with the id {newPage}");

        await client.CallAsync("tags.update", $$"""{"tagId":"{{newTag}}","name":"Hof"}""");
        await client.CallAsync("trash.restore", Id(tag));
        (await client.CallAsync("tags.records", $$"""{"tagId":"{{tag}}"}""")).Texts("records", "id").Should().Equal([note], "what carried it carries it again");
    }

    [Fact]
    public async Task Nothing_comes_back_from_another_space_or_after_its_time()
    {
        await using var mcp = await OffAsync();
        var client = await mcp.ConnectAsync();
        var stranger = await mcp.ConnectAsync("ben", "space-ben");
        var id = (string)(await client.CallAsync("notes.create", """{"title":"x"}"""))["note"]!["id"]!;
        await client.CallAsync("notes.delete", Id(id));

        (await stranger.CallAsync("trash.list"))["records"]!.AsArray().Should().BeEmpty();
        (await stranger.FailAsync("trash.restore", Id(id))).Should().Contain("There is no deleted record with id").And.Contain("call trash.list");
        (await client.FailAsync("trash.list", """{"cursor":"bm9uZQ"}""")).Should().Contain("\"cursor\" must be the nextCursor of an earlier answer");
        await client.CallAsync("trash.restore", Id(id));
        await client.CallAsync("notes.get", Id(id));
    }

    private Task<McpUnderTest> OffAsync() => StartAsync(("POLICY_MODE", "off"));

    private static string Id(string id) => $$"""{"id":"{{id}}"}""";
}
