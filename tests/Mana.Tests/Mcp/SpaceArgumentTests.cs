using System.Text.Json.Nodes;
using Mana.Mcp.Tools;

namespace Mana.Tests.Mcp;

public sealed class SpaceArgumentTests
{
    private const string Family = "org-family";

    [Theory]
    [InlineData(Family)]
    [InlineData("berg")]
    [InlineData("BERG")]
    public async Task A_call_works_in_the_space_that_it_names_by_id_or_slug(string named)
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();

        var task = (await client.CallAsync("todo.create", $$"""{"title":"milk","space":"{{named}}"}"""))["task"]!;

        ((string)task["spaceId"]!).Should().Be(Family);
        (await client.CallAsync("todo.list")).Texts("tasks", "title").Should().BeEmpty();
        (await client.CallAsync("todo.list", """{"space":"berg"}""")).Texts("tasks", "title").Should().Equal("milk");
        (await (await mcp.ConnectAsync("ben", Family)).CallAsync("todo.list")).Texts("tasks", "authorId").Should().Equal(McpUnderTest.Anna);
    }

    [Theory]
    [InlineData("space-ben")]
    [InlineData("nowhere")]
    [InlineData("../admin")]
    public async Task An_unknown_space_or_one_of_others_is_an_error_that_names_the_callers_own(string named)
    {
        await using var mcp = await StartAsync();
        mcp.Auth.Join("ben", "space-ben");
        var client = await mcp.ConnectAsync();

        var answer = await client.FailAsync("todo.create", $$"""{"title":"milk","space":"{{named}}"}""");

        answer.Should().StartWith("Invalid input for todo.create: \"space\" must be the id or slug of a space of the user: ")
            .And.Contain("berg (Space org-family, family)").And.Contain("space-anna (Space space-anna, personal)").And.Contain($"you sent \"{named}\"");
        (await mcp.MetricAsync("mana_mcp_access_refusals_total", ("reason", "unknown-space"))).Should().Be(1);
        (await mcp.MetricAsync("mana_mcp_tool_invocations_total", ("tool", "todo.create"), ("outcome", "input-invalid"))).Should().Be(1);
    }

    [Fact]
    public async Task The_argument_is_checked_and_every_module_has_it_but_spaces()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();

        (await client.FailAsync("todo.list", """{"space":7}""")).Should().Be("Invalid input for todo.list: \"space\" must be text of 1 to 128 characters; you sent 7.");
        (await client.FailAsync("spaces.list", """{"space":"berg"}""")).Should().Contain("\"space\" is no field of this tool");
        foreach (var tool in await client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken))
        {
            tool.JsonSchema.GetProperty("properties").TryGetProperty("space", out _).Should().Be(!tool.Name.StartsWith("spaces.", StringComparison.Ordinal), because: tool.Name);
        }
    }

    [Fact]
    public async Task A_viewer_reads_and_does_not_write()
    {
        await using var mcp = await StartAsync("viewer");
        var ben = await mcp.ConnectAsync("ben", "space-ben");
        mcp.Auth.Join("ben", Family);
        await ben.CallAsync("notes.create", """{"title":"ours","space":"berg"}""");
        var anna = await mcp.ConnectAsync();

        (await anna.CallAsync("notes.list", """{"space":"berg"}""")).Texts("notes", "title").Should().Equal("ours");
        (await anna.FailAsync("notes.create", """{"title":"mine","space":"berg"}""")).Should().Be(
            "Tool notes.create not allowed: viewer-role: you are viewer in that space, and only owner, admin and member may write there; "
            + "read only, or leave \"space\" out to write in the active space.");
        await anna.CallAsync("notes.create", """{"title":"mine"}""");
        (await mcp.MetricAsync("mana_mcp_access_refusals_total", ("reason", "viewer-role"))).Should().Be(1);
        (await mcp.MetricAsync("mana_mcp_tool_invocations_total", ("tool", "notes.create"), ("outcome", "denied"))).Should().Be(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_diary_is_kept_in_no_family_space_neither_named_nor_active(bool tellsTypes)
    {
        await using var mcp = await StartAsync();
        mcp.Auth.TellsSpaceTypes = tellsTypes;
        var client = await mcp.ConnectAsync();

        (await client.FailAsync("journal.add", """{"content":"x","space":"berg"}""")).Should().Be(
            "Tool journal.add not allowed: module-not-in-space: journal is not kept in a family space; leave \"space\" out to work in the active space.");

        var inFamily = await mcp.ConnectAsAsync(mcp.Token(), Family);
        (await inFamily.FailAsync("mood.recent")).Should().StartWith(
            $"Tool mood.recent not allowed: module-not-in-space: mood is not kept in a family space; call it with \"space\": \"{McpUnderTest.Space}\"")
            .And.Contain("leave \"space\" out");
        await inFamily.CallAsync("mood.recent", $$"""{"space":"{{McpUnderTest.Space}}"}""");
        await inFamily.CallAsync("todo.create", """{"title":"milk"}""");
    }

    [Fact]
    public async Task Another_mana_auth_that_says_nothing_of_kinds_keeps_no_module_out()
    {
        await using var mcp = await StartAsync();
        mcp.Auth.Describe(Family, null, "berg");
        var client = await mcp.ConnectAsync();

        await client.CallAsync("journal.add", """{"content":"x","space":"berg"}""");
    }

    [Fact]
    public async Task Spaces_are_listed_with_role_and_modules()
    {
        await using var mcp = await StartAsync("viewer");
        var client = await mcp.ConnectAsync();

        var spaces = (await client.CallAsync("spaces.list"))["spaces"]!.AsArray();

        var family = spaces.Single(space => (string?)space!["slug"] == "berg")!;
        ((string)family["role"]!).Should().Be("viewer");
        ((string)family["type"]!).Should().Be("family");
        Modules(family).Should().Contain(["todo", "notes", "habits"]).And.NotContain(["journal", "mood", "spaces"]);
        var personal = spaces.Single(space => (string?)space!["type"] == "personal")!;
        Modules(personal).Should().Equal(mcp.Tools.Select(tool => tool.Module).Distinct().Where(module => module != "spaces"));
    }

    [Theory]
    [InlineData("org-club")]
    [InlineData("chess")]
    public async Task A_new_membership_is_good_at_once_by_its_id_and_by_its_slug(string named)
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        await client.CallAsync("todo.list", """{"space":"berg"}""");
        mcp.Auth.Join(McpUnderTest.Anna, "org-club");
        mcp.Auth.Describe("org-club", "club", "chess");

        await client.CallAsync("todo.list", $$"""{"space":"{{named}}"}""");
    }

    [Fact]
    public async Task The_same_key_in_two_spaces_names_two_calls()
    {
        await using var mcp = await StartAsync();
        var here = await Idempotency.KeyedCalls.KeyedAsync(mcp, "k", "todo.create", """{"title":"x"}""");
        var there = await Idempotency.KeyedCalls.KeyedAsync(mcp, "k", "todo.create", """{"title":"x","space":"berg"}""");

        there.Should().NotBe(here).And.Contain(Family);
        (await Idempotency.KeyedCalls.KeyedAsync(mcp, "k", "todo.create", """{"title":"x","space":"org-family"}""")).Should().Be(there);
    }

    [Fact]
    public void A_module_with_a_field_called_space_stops_the_start()
    {
        FluentActions.Invoking(() => SpaceArgument.Exported(TestModules.With("space"))).Should().Throw<InvalidOperationException>();
    }

    private static IEnumerable<string> Modules(JsonNode space) => space["modules"]!.AsArray().Select(module => (string)module!);

    private static async Task<McpUnderTest> StartAsync(string role = "member")
    {
        var mcp = await McpUnderTest.StartAsync();
        mcp.Auth.Join(McpUnderTest.Anna, Family, role);
        mcp.Auth.Describe(Family, "family", "berg");
        return mcp;
    }
}
