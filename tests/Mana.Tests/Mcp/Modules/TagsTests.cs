namespace Mana.Tests.Mcp.Modules;

public sealed class TagsTests
{
    [Fact]
    public async Task A_tag_gathers_records_of_several_modules_and_those_with_its_name_among_their_own_tags()
    {
        await using var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"));
        var client = await mcp.ConnectAsync();
        var tag = (string)(await client.CallAsync("tags.create", """{"name":"Umzug","group":"Projekte"}"""))["tag"]!["id"]!;
        var task = (string)(await client.CallAsync("todo.create", """{"title":"Kisten kaufen"}"""))["task"]!["id"]!;
        var note = (string)(await client.CallAsync("notes.create", """{"title":"Masse der Möbel"}"""))["note"]!["id"]!;
        var entry = (string)(await client.CallAsync("journal.add", """{"title":"Abschied","content":"Die alte Wohnung","tags":["umzug"]}"""))["entry"]!["id"]!;
        await client.CallAsync("journal.add", """{"content":"Vom Umzug erzählt"}""");

        foreach (var record in (string[])[task, note, task.ToUpperInvariant()])
        {
            await client.CallAsync("tags.assign", $$"""{"tagId":"{{tag}}","recordId":"{{record}}"}""");
        }

        var found = await client.CallAsync("tags.records", $$"""{"tagId":"{{tag}}"}""");
        found.Texts("records", "id").Should().Equal(note, task, entry);
        found.Texts("records", "kind").Should().Equal("note", "task", "journal entry");
        found["records"]!.AsArray().Select(record => (bool)record!["isAssigned"]!).Should().Equal(true, true, false);
        (await client.CallAsync("tags.list", $$"""{"recordId":"{{task}}"}""")).Texts("tags", "name").Should().Equal("Umzug");

        await client.CallAsync("tags.unassign", $$"""{"tagId":"{{tag}}","recordId":"{{note}}"}""");
        await client.CallAsync("todo.delete", $$"""{"id":"{{task}}"}""");
        (await client.CallAsync("tags.records", $$"""{"tagId":"{{tag}}"}""")).Texts("records", "id").Should().Equal(entry);
        (await client.CallAsync("tags.list", $$"""{"recordId":"{{note}}"}"""))["tags"]!.AsArray().Should().BeEmpty();

        await client.CallAsync("tags.assign", $$"""{"tagId":"{{tag}}","recordId":"{{note}}"}""");
        await client.CallAsync("tags.delete", $$"""{"tagId":"{{tag}}"}""");
        (await client.CallAsync("tags.list", $$"""{"recordId":"{{note}}"}"""))["tags"]!.AsArray().Should().BeEmpty();
        await client.CallAsync("notes.get", $$"""{"id":"{{note}}"}""");
    }

    [Fact]
    public async Task A_name_exists_once_and_groups_keep_tags_together()
    {
        await using var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"));
        var client = await mcp.ConnectAsync();
        await client.CallAsync("tags.create", """{"name":"Oma","group":"Menschen"}""");
        var holiday = (string)(await client.CallAsync("tags.create", """{"name":"Urlaub"}"""))["tag"]!["id"]!;
        await client.CallAsync("tags.create", """{"name":"Ben","group":"Menschen"}""");

        (await client.FailAsync("tags.create", """{"name":" oma "}""")).Should().Contain("The tag \"Oma\" exists already, with the id ");
        (await client.FailAsync("tags.update", $$"""{"tagId":"{{holiday}}","name":"OMA"}""")).Should().Contain("The tag \"Oma\" exists already, with the id ");
        (await client.CallAsync("tags.update", $$"""{"tagId":"{{holiday.ToUpperInvariant()}}","name":"Urlaub","color":"#22c55e"}"""))["tag"]!["color"]!.GetValue<string>().Should().Be("#22c55e");
        (await client.CallAsync("tags.list")).Texts("tags", "name").Should().Equal("Urlaub", "Oma", "Ben");
        (await client.CallAsync("tags.list", """{"group":"menschen"}""")).Texts("tags", "name").Should().Equal("Oma", "Ben");
    }

    [Fact]
    public async Task A_name_has_no_blanks_around_it_and_is_not_made_of_them()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var tag = (string)(await client.CallAsync("tags.create", """{"name":" Garten "}"""))["tag"]!["id"]!;

        (await client.FailAsync("tags.create", """{"name":"   "}""")).Should().Contain("more in it than blanks");
        (await client.FailAsync("tags.update", $$"""{"tagId":"{{tag}}","name":" "}""")).Should().Contain("more in it than blanks");
        ((string)(await client.CallAsync("tags.update", $$"""{"tagId":"{{tag}}","name":"  Hof "}"""))["tag"]!["name"]!).Should().Be("Hof");
        (await client.CallAsync("tags.list")).Texts("tags", "name").Should().Equal("Hof");
    }

    [Fact]
    public async Task A_record_of_another_space_cannot_be_tagged()
    {
        await using var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"));
        var anna = await mcp.ConnectAsync();
        var family = await mcp.ConnectAsync(space: "family");
        var tag = (string)(await anna.CallAsync("tags.create", """{"name":"x"}"""))["tag"]!["id"]!;
        var theirs = (string)(await family.CallAsync("notes.create", """{"title":"y"}"""))["note"]!["id"]!;

        (await anna.FailAsync("tags.assign", $$"""{"tagId":"{{tag}}","recordId":"{{theirs}}"}""")).Should().Contain("There is no record with id");
    }
}
