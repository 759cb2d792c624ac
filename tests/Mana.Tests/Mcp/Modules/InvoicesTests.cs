using System.Text.Json.Nodes;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Mana.Tests.Mcp.Modules;

public sealed class InvoicesTests
{
    private const string Work = """{"clientSnapshot":{"name":"Muster AG"},"lines":[{"title":"Beratung","quantity":12.25,"unitPrice":150,"vatRate":8.1}]}""";

    [Fact]
    public async Task A_draft_has_totals_and_terms_but_no_number_and_may_be_changed_and_deleted()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();

        var invoice = (await client.CallAsync("invoices.create", """
            {"clientSnapshot":{"name":"Muster AG","address":"Bahnhofstrasse 1\n8001 Zürich"},"currency":"EUR","issueDate":"2026-11-20",
             "lines":[{"title":"Beratung","quantity":12.25,"unitPrice":150,"vatRate":8.1},{"title":"Buch","quantity":3,"unitPrice":33.335,"vatRate":2.6,"discount":10}]}
            """))["invoice"]!;

        ((string?)invoice["number"]).Should().BeNull();
        ((string)invoice["status"]!).Should().Be("draft");
        ((string)invoice["dueDate"]!).Should().Be("2026-12-20");
        invoice["totals"]!.ToJsonString().Should().Be(
            """{"net":1927.50,"vat":[{"rate":2.6,"net":90.00,"vat":2.34},{"rate":8.1,"net":1837.50,"vat":148.84}],"gross":2078.68}""");
        var id = (string)invoice["id"]!;
        var changed = await client.CallAsync("invoices.update", $$"""{"id":"{{id}}","lines":[{"title":"Buch","quantity":1,"unitPrice":0.1,"vatRate":0}]}""");
        changed["invoice"]!["totals"]!.ToJsonString().Should().Be("""{"net":0.10,"vat":[{"rate":0,"net":0.10,"vat":0.00}],"gross":0.10}""");
        ((string)changed["invoice"]!["clientSnapshot"]!["name"]!).Should().Be("Muster AG");
        (await client.FailAsync("invoices.update", $$"""{"id":"{{id}}","dueDate":"2026-11-01"}""")).Should().Contain("must not be before the issue date 2026-11-20");
        (await client.FailAsync("invoices.markPaid", $$"""{"id":"{{id}}"}""")).Should().Contain("is draft and cannot be paid; a draft is sent first");

        await client.CallAsync("invoices.delete", $$"""{"id":"{{id}}"}""");
        (await client.CallAsync("invoices.list"))["invoices"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task An_invoice_is_sent_becomes_overdue_is_paid_and_voided_and_keeps_its_number()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var id = await DraftAsync(client);

        var sent = (await client.CallAsync("invoices.send", Id(id)))["invoice"]!;
        ((string)sent["number"]!).Should().Be("2026-0001");
        ((string)(await client.CallAsync("invoices.send", Id(id)))["invoice"]!["number"]!).Should().Be("2026-0001", "sending twice is sending once");
        (await client.FailAsync("invoices.update", $$"""{"id":"{{id}}","subject":"x"}"""))
            .Should().Be("Invalid input for invoices.update: The invoice 2026-0001 is sent and cannot be changed; void it with invoices.void and create a new one.");
        (await client.FailAsync("invoices.delete", Id(id))).Should().Contain("cannot be deleted; void it");

        // Due on December 22nd: not yet late on that day, late on the next.
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 12, 22, 22, 0, 0, TimeSpan.Zero));
        var utc = await mcp.ConnectAsync();
        var berlin = await mcp.ConnectAsync(timeZone: "Europe/Berlin");
        (await StatusAsync(utc, id)).Should().Be("sent");
        (await StatusAsync(berlin, id)).Should().Be("sent");
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 12, 22, 23, 30, 0, TimeSpan.Zero));
        utc = await mcp.ConnectAsync();
        berlin = await mcp.ConnectAsync(timeZone: "Europe/Berlin");
        (await StatusAsync(utc, id)).Should().Be("sent");
        (await StatusAsync(berlin, id)).Should().Be("overdue", "there it is the 23rd");
        (await berlin.CallAsync("invoices.list", """{"status":"overdue"}""")).Texts("invoices", "id").Should().Equal(id);
        var attached = await berlin.ReadResourceAsync($"mana://invoices/{id}", cancellationToken: TestContext.Current.CancellationToken);
        JsonNode.DeepEquals(
            JsonNode.Parse(((TextResourceContents)attached.Contents[0]).Text), (await berlin.CallAsync("invoices.get", $$"""{"id":"{{id}}"}"""))["invoice"]).Should().BeTrue();
        (await berlin.CallAsync("invoices.list", """{"status":"sent"}"""))["invoices"]!.AsArray().Should().BeEmpty();

        var paid = (await berlin.CallAsync("invoices.markPaid", Id(id)))["invoice"]!;
        ((string)paid["status"]!).Should().Be("paid");
        ((string)paid["paidOn"]!).Should().Be("2026-12-23");
        (await berlin.CallAsync("invoices.list", """{"status":"overdue"}"""))["invoices"]!.AsArray().Should().BeEmpty();
        var voided = (await berlin.CallAsync("invoices.void", Id(id)))["invoice"]!;
        ((string)voided["status"]!).Should().Be("void");
        ((string)voided["number"]!).Should().Be("2026-0001");
        foreach (var tool in (string[])["invoices.markPaid", "invoices.send", "invoices.delete"])
        {
            (await berlin.FailAsync(tool, Id(id))).Should().Be($"Invalid input for {tool}: The invoice 2026-0001 is void and stays as it is; what is still owed goes on a new one, with invoices.create.");
        }
    }

    [Fact]
    public async Task Numbers_are_given_without_gap_or_double_also_at_the_same_time_by_year_and_by_space()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var drafts = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            drafts.Add(await DraftAsync(client));
        }

        await client.CallAsync("invoices.delete", Id(drafts[11]));
        await client.FailAsync("invoices.send", Id(drafts[11]));
        var sent = await Task.WhenAll(drafts.Take(11).SelectMany(id => new[] { id, id }).Select(id => client.CallAsync("invoices.send", Id(id))));

        sent.Select(answer => (string)answer["invoice"]!["number"]!).Distinct().Order().Should().Equal(Enumerable.Range(1, 11).Select(i => $"2026-00{i:00}"));
        var before = (string)(await client.CallAsync("invoices.create", Work[..^1] + ""","issueDate":"2025-12-31"}"""))["invoice"]!["id"]!;
        ((string)(await client.CallAsync("invoices.send", Id(before)))["invoice"]!["number"]!).Should().Be("2025-0001");
        var family = await mcp.ConnectAsync(space: "family");
        ((string)(await family.CallAsync("invoices.send", Id(await DraftAsync(family))))["invoice"]!["number"]!).Should().Be("2026-0001");
    }

    [Fact]
    public async Task The_sums_of_a_year_keep_currencies_and_statuses_apart()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var paid = await DraftAsync(client);
        await client.CallAsync("invoices.send", Id(paid));
        await client.CallAsync("invoices.markPaid", Id(paid));
        await client.CallAsync("invoices.send", Id(await DraftAsync(client)));
        await DraftAsync(client);
        var late = (string)(await client.CallAsync("invoices.create", Work[..^1] + ""","currency":"USD","issueDate":"2026-01-01"}"""))["invoice"]!["id"]!;
        await client.CallAsync("invoices.send", Id(late));
        await client.CallAsync("invoices.create", Work[..^1] + ""","issueDate":"2025-12-31"}""");

        var stats = await client.CallAsync("invoices.stats");

        JsonNode.DeepEquals(stats, JsonNode.Parse("""
            {"year":2026,"currencies":[
              {"currency":"CHF","draft":{"count":1,"net":1837.50,"vat":148.84,"gross":1986.34},"sent":{"count":1,"net":1837.50,"vat":148.84,"gross":1986.34},"overdue":{"count":0,"net":0,"vat":0,"gross":0},"paid":{"count":1,"net":1837.50,"vat":148.84,"gross":1986.34},"void":{"count":0,"net":0,"vat":0,"gross":0}},
              {"currency":"USD","draft":{"count":0,"net":0,"vat":0,"gross":0},"sent":{"count":0,"net":0,"vat":0,"gross":0},"overdue":{"count":1,"net":1837.50,"vat":148.84,"gross":1986.34},"paid":{"count":0,"net":0,"vat":0,"gross":0},"void":{"count":0,"net":0,"vat":0,"gross":0}}]}
            """)).Should().BeTrue(stats.ToJsonString());
    }

    [Fact]
    public async Task The_day_of_a_payment_can_be_corrected_and_is_not_in_the_future()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var id = await DraftAsync(client);
        await client.CallAsync("invoices.send", Id(id));

        (await client.FailAsync("invoices.markPaid", $$"""{"id":"{{id}}","paidOn":"2026-12-01"}""")).Should().Contain("today at the latest");
        (await StatusAsync(client, id)).Should().Be("sent");
        await client.CallAsync("invoices.markPaid", Id(id));
        var corrected = await client.CallAsync("invoices.markPaid", $$"""{"id":"{{id}}","paidOn":"2026-11-20"}""");
        ((string)corrected["invoice"]!["paidOn"]!).Should().Be("2026-11-20");
        var again = await client.CallAsync("invoices.markPaid", Id(id));
        ((string)again["invoice"]!["paidOn"]!).Should().Be("2026-11-20", "without a day nothing is corrected");
        await client.CallAsync("invoices.void", Id(id));
        (await client.FailAsync("invoices.markPaid", $$"""{"id":"{{id}}","paidOn":"2026-11-20"}""")).Should().Contain("is void and stays as it is");
    }

    [Fact]
    public async Task A_long_list_of_invoices_is_read_to_its_end()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        for (var day = 1; day <= 5; day++)
        {
            await client.CallAsync("invoices.create", Work[..^1] + $$""","issueDate":"2026-11-0{{day}}"}""");
        }

        var first = await client.CallAsync("invoices.list", """{"limit":3,"client":"muster"}""");
        var second = await client.CallAsync("invoices.list", $$"""{"limit":3,"client":"muster","cursor":"{{first["nextCursor"]}}"}""");

        first.Texts("invoices", "issueDate").Should().Equal("2026-11-05", "2026-11-04", "2026-11-03");
        second.Texts("invoices", "issueDate").Should().Equal("2026-11-02", "2026-11-01");
        ((bool)second["hasMore"]!).Should().BeFalse();
    }

    private static Task<McpUnderTest> StartAsync() => McpUnderTest.StartAsync(("POLICY_MODE", "off"));

    private static async Task<string> DraftAsync(McpClient client) => (string)(await client.CallAsync("invoices.create", Work))["invoice"]!["id"]!;

    private static async Task<string> StatusAsync(McpClient client, string id) => (string)(await client.CallAsync("invoices.get", Id(id)))["invoice"]!["status"]!;

    private static string Id(string id) => $$"""{"id":"{{id}}"}""";
}
