namespace Mana.Tests.Mcp.Modules;

public sealed class ContactsTests
{
    [Fact]
    public async Task Umlauts_stand_where_a_telephone_book_has_them()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        foreach (var name in (string[])["Zimmer", "Özil", "Adler", "Ärmel", "oben", "Ohm", "Émile"])
        {
            await client.CallAsync("contacts.create", $$"""{"firstName":"x","lastName":"{{name}}"}""");
        }

        (await client.CallAsync("contacts.list")).Texts("contacts", "lastName").Should().Equal("Adler", "Ärmel", "Émile", "oben", "Özil", "Ohm", "Zimmer");
    }

    [Fact]
    public async Task Contacts_are_listed_by_last_name_page_by_page_and_filtered()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        foreach (var (first, last, tag) in (IEnumerable<(string, string, string)>)[("Zoe", "Ärmel", "Client"), ("Ben", "Zander", "client"), ("Anna", "Bauer", "family"), ("Carl", "Bauer", "client")])
        {
            await client.CallAsync("contacts.create", $$"""{"firstName":"{{first}}","lastName":"{{last}}","tags":["{{tag}}"," {{tag}} "]}""");
        }

        var company = (await client.CallAsync("contacts.create", """{"firstName":"bauhaus GmbH","company":"bauhaus GmbH"}"""))["contact"]!;
        await client.CallAsync("contacts.favorite", $$"""{"id":"{{company["id"]}}"}""");

        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await client.CallAsync("contacts.list", cursor is null ? """{"limit":2}""" : $$"""{"limit":2,"cursor":"{{cursor}}"}""");
            names.AddRange(page.Texts("contacts", "firstName"));
            cursor = (string?)page["nextCursor"];
        }
        while (cursor is not null);

        names.Should().Equal("Zoe", "Anna", "Carl", "bauhaus GmbH", "Ben");
        var clients = await client.CallAsync("contacts.list", """{"tag":"CLIENT","limit":2}""");
        clients.Texts("contacts", "firstName").Should().Equal("Zoe", "Carl");
        (await client.CallAsync("contacts.list", $$"""{"tag":"CLIENT","limit":2,"cursor":"{{clients["nextCursor"]}}"}""")).Texts("contacts", "firstName").Should().Equal("Ben");
        clients["contacts"]![0]!["tags"]!.AsArray().Should().ContainSingle("a tag is there once");
        (await client.CallAsync("contacts.list", """{"favoritesOnly":true}""")).Texts("contacts", "company").Should().Equal("bauhaus GmbH");
    }

    [Fact]
    public async Task A_contact_is_found_by_any_detail_until_it_is_archived()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("contacts.create", """{"firstName":"Ada","lastName":"Öztürk","email":"ada@example.org","company":"Rechenwerk","city":"Köln","notes":"liebt Lyrik"}"""))["contact"]!["id"]!;
        await client.CallAsync("contacts.create", """{"firstName":"Bea"}""");

        foreach (var query in (string[])["ADA ÖZ", "rechen", "@example", "köln", "LYRIK"])
        {
            (await client.CallAsync("contacts.search", $$"""{"query":"{{query}}"}""")).Texts("contacts", "id").Should().Equal([id], because: query);
        }

        await client.CallAsync("contacts.archive", $$"""{"id":"{{id}}"}""");
        (await client.CallAsync("contacts.search", """{"query":"ada"}"""))["contacts"]!.AsArray().Should().BeEmpty();
        (await client.CallAsync("contacts.search", """{"query":"ada","includeArchived":true}""")).Texts("contacts", "id").Should().Equal(id);
        await client.CallAsync("contacts.archive", $$"""{"id":"{{id}}","archived":false}""");
        (await client.CallAsync("contacts.list")).Texts("contacts", "firstName").Should().Equal("Bea", "Ada");
    }

    [Fact]
    public async Task Talks_are_kept_latest_first_and_an_older_one_does_not_move_the_last()
    {
        await using var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"));
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 22, 16, 0, 0, TimeSpan.Zero));
        var client = await mcp.ConnectAsync(timeZone: "Asia/Tokyo");
        var created = (await client.CallAsync("contacts.create", """{"firstName":"Ada"}"""))["contact"]!;
        var id = (string)created["id"]!;
        created["lastContactedAt"].Should().BeNull();

        await client.CallAsync("contacts.logContact", $$"""{"id":"{{id}}","note":"lunch"}""");
        var logged = (await client.CallAsync("contacts.logContact", $$"""{"id":"{{id}}","date":"2026-11-01","note":"call"}"""))["contact"]!;

        logged["lastContactedAt"]!.GetValue<string>().Should().Be("2026-11-23", "that is today in Tokyo");
        logged.Texts("contactLog", "note").Should().Equal("lunch", "call");
        for (var i = 0; i < 50; i++)
        {
            var day = new DateOnly(2026, 10, 3).AddDays(i);
            await client.CallAsync("contacts.logContact", $$"""{"id":"{{id}}","date":"{{day:yyyy-MM-dd}}"}""");
        }

        var read = (await client.CallAsync("contacts.get", $$"""{"id":"{{id}}"}"""))["contact"]!;
        read["contactLog"]!.AsArray().Should().HaveCount(50);
        read["lastContactedAt"]!.GetValue<string>().Should().Be("2026-11-23", "what was noted later was earlier");
        read["contactLog"]![49]!["date"]!.GetValue<string>().Should().Be("2026-10-05", "the oldest ones are dropped");
    }

    [Fact]
    public async Task A_birthday_may_be_known_without_its_year()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var made = (await client.CallAsync("contacts.create", """{"firstName":"Oma","birthday":"--11-30"}"""))["contact"]!;
        await client.CallAsync("contacts.create", """{"firstName":"Leap","birthday":"--02-29"}""");

        ((string)made["birthday"]!).Should().Be("--11-30");
        var coming = await client.CallAsync("contacts.upcomingBirthdays", """{"days":366}""");
        coming.Texts("birthdays", "date").Should().Equal("2026-11-30", "2027-02-28");
        coming["birthdays"]![0]!.AsObject().Should().ContainKey("turns").WhoseValue.Should().BeNull("nobody knows");
        (await client.FailAsync("contacts.create", """{"firstName":"x","birthday":"--02-30"}""")).Should().Contain("must be a day of the calendar");
        (await client.FailAsync("contacts.create", """{"firstName":"x","birthday":"30.11."}""")).Should().Contain("a day without its year such as --05-03");
    }

    [Fact]
    public async Task Nobody_was_in_touch_in_the_future()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (await client.CallAsync("contacts.create", """{"firstName":"Ada"}"""))["contact"]!["id"];

        (await client.FailAsync("contacts.logContact", $$"""{"id":"{{id}}","date":"2026-12-24"}""")).Should().Contain("today at the latest");
    }

    [Fact]
    public async Task Birthdays_come_around_over_the_new_year_and_the_29th_of_February()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        foreach (var (name, birthday) in (IEnumerable<(string, string)>)[("Leap", "2000-02-29"), ("Today", "1990-11-22"), ("Yesterday", "1990-11-21"), ("January", "1985-01-02T00:00:00Z")])
        {
            await client.CallAsync("contacts.create", $$"""{"firstName":"{{name}}","birthday":"{{birthday}}"}""");
        }

        await client.CallAsync("contacts.create", """{"firstName":"Nobody"}""");

        var month = await client.CallAsync("contacts.upcomingBirthdays");
        month.Texts("birthdays", "name").Should().Equal("Today");
        month["birthdays"]![0]!["turns"]!.GetValue<int>().Should().Be(36);
        var year = await client.CallAsync("contacts.upcomingBirthdays", """{"days":366}""");
        year.Texts("birthdays", "date").Should().Equal("2026-11-22", "2027-01-02", "2027-02-28", "2027-11-21");
        year["birthdays"]!.AsArray().Select(item => (int)item!["inDays"]!).Should().Equal(0, 41, 98, 364);
        (await client.CallAsync("contacts.upcomingBirthdays", """{"days":366,"limit":1}"""))["hasMore"]!.GetValue<bool>().Should().BeTrue();
        (await client.FailAsync("contacts.create", """{"firstName":"x","birthday":"2030-01-01"}""")).Should().Contain("\"birthday\" must be a day from 1900 to today");
    }

    [Theory]
    [InlineData("""{"firstName":"x","email":"ada at example"}""", "\"email\" must be an e-mail address such as ada@example.org; you sent \"ada at example\"")]
    [InlineData("""{"firstName":"x","website":"example.org"}""", "\"website\" must be a web address such as https://example.org/page; you sent")]
    [InlineData("""{"lastName":"x"}""", "\"firstName\" is missing")]
    public async Task Details_that_are_none_are_refused(string arguments, string reason)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        (await client.FailAsync("contacts.create", arguments)).Should().Contain(reason);
    }
}
