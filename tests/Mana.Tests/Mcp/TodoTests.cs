using System.Text.Json.Nodes;

namespace Mana.Tests.Mcp;

public sealed class TodoTests
{
    [Fact]
    public async Task A_task_is_created_with_the_defaults_and_read_back_at_once()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        var task = (await client.CallAsync("todo.create", """{"title":"Übung abgeben"}"""))["task"]!;

        task["title"]!.GetValue<string>().Should().Be("Übung abgeben");
        task["priority"]!.GetValue<string>().Should().Be("medium");
        task["isCompleted"]!.GetValue<bool>().Should().BeFalse();
        task["order"]!.GetValue<int>().Should().Be(0);
        task["spaceId"]!.GetValue<string>().Should().Be(McpUnderTest.Space);
        task["authorId"]!.GetValue<string>().Should().Be(McpUnderTest.Anna);
        task["createdAt"]!.GetValue<string>().Should().Be("2026-11-22T09:00:00.000Z");
        Guid.TryParseExact((string)task["id"]!, "D", out _).Should().BeTrue();
        var list = await client.CallAsync("todo.list");
        JsonNode.DeepEquals(list["tasks"]![0], task).Should().BeTrue();
    }

    [Theory]
    [InlineData("2026-11-25", "2026-11-25T00:00:00.000Z")]
    [InlineData("2026-11-25T18:30:00+01:00", "2026-11-25T17:30:00.000Z")]
    [InlineData("2026-11-25T18:30:00Z", "2026-11-25T18:30:00.000Z")]
    public async Task A_due_date_is_a_date_or_a_date_time(string sent, string stored)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        var created = await client.CallAsync("todo.create", $$"""{"title":"x","dueDate":"{{sent}}"}""");

        created["task"]!["dueDate"]!.GetValue<string>().Should().Be(stored);
    }

    [Fact]
    public async Task Completing_keeps_the_first_time_and_reopening_clears_it()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("todo.create", """{"title":"x"}"""))["task"]!["id"]!;

        await client.CallAsync("todo.complete", $$"""{"id":"{{id}}"}""");
        mcp.Clock.Advance(TimeSpan.FromMinutes(1));
        var again = await client.CallAsync("todo.complete", $$"""{"id":"{{id.ToUpperInvariant()}}"}""");

        again["ok"]!.GetValue<bool>().Should().BeTrue();
        again["task"]!["completedAt"]!.GetValue<string>().Should().Be("2026-11-22T09:00:00.000Z");
        (await client.CallAsync("todo.list")).Texts("tasks", "id").Should().BeEmpty();
        (await client.CallAsync("todo.list", """{"includeCompleted":true}""")).Texts("tasks", "id").Should().Equal(id);

        var open = await client.CallAsync("todo.reopen", $$"""{"id":"{{id}}"}""");
        open["task"]!["completedAt"].Should().BeNull();
        (await client.CallAsync("todo.list")).Texts("tasks", "id").Should().Equal(id);
    }

    [Fact]
    public async Task An_update_changes_the_given_fields_only()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var created = await client.CallAsync("todo.create", """{"title":"x","description":"d","dueDate":"2026-12-01","priority":"high"}""");
        var id = (string)created["task"]!["id"]!;
        mcp.Clock.Advance(TimeSpan.FromMinutes(1));

        var updated = (await client.CallAsync("todo.update", $$"""{"id":"{{id}}","title":"y","dueDate":null}"""))["task"]!;

        updated["title"]!.GetValue<string>().Should().Be("y");
        updated["description"]!.GetValue<string>().Should().Be("d");
        updated["priority"]!.GetValue<string>().Should().Be("high");
        updated["dueDate"].Should().BeNull();
        updated["createdAt"]!.GetValue<string>().Should().Be("2026-11-22T09:00:00.000Z");
        updated["updatedAt"]!.GetValue<string>().Should().Be("2026-11-22T09:01:00.000Z");
        var read = await client.CallAsync("todo.get", $$"""{"id":"{{id}}"}""");
        JsonNode.DeepEquals(read["task"], updated).Should().BeTrue();
    }

    [Fact]
    public async Task A_deleted_task_is_gone_from_every_tool_and_the_sentence_says_where_to_look()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("todo.create", """{"title":"x"}"""))["task"]!["id"]!;

        (await client.CallAsync("todo.delete", $$"""{"id":"{{id}}"}"""))["id"]!.GetValue<string>().Should().Be(id);

        (await client.CallAsync("todo.list", """{"includeCompleted":true}"""))["tasks"]!.AsArray().Should().BeEmpty();
        foreach (var tool in (string[])["todo.get", "todo.complete", "todo.reopen", "todo.update", "todo.delete"])
        {
            (await client.FailAsync(tool, $$"""{"id":"{{id}}"}"""))
                .Should().Be($"Tool {tool} failed: There is no task with id \"{id}\" in this space; call todo.list with includeCompleted true to see the ids that exist.");
        }
    }

    [Fact]
    public async Task Tasks_are_listed_newest_first_and_the_order_counts_up()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        foreach (var title in (string[])["a", "b", "c"])
        {
            await client.CallAsync("todo.create", $$"""{"title":"{{title}}"}""");
        }

        var all = await client.CallAsync("todo.list");
        all.Texts("tasks", "title").Should().Equal("c", "b", "a");
        all["tasks"]!.AsArray().Select(task => (int)task!["order"]!).Should().Equal(2, 1, 0);
        all["hasMore"]!.GetValue<bool>().Should().BeFalse();
        var two = await client.CallAsync("todo.list", """{"limit":2}""");
        two.Texts("tasks", "title").Should().Equal("c", "b");
        two["hasMore"]!.GetValue<bool>().Should().BeTrue();
    }

    [Fact]
    public async Task Many_tasks_written_at_the_same_time_are_all_there_with_an_order_each()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        await Task.WhenAll(Enumerable.Range(0, 25).Select(i => client.CallAsync("todo.create", $$"""{"title":"t{{i}}"}""")));

        var tasks = (await client.CallAsync("todo.list"))["tasks"]!.AsArray();
        tasks.Select(task => (int)task!["order"]!).Should().BeEquivalentTo(Enumerable.Range(0, 25));
    }
}
