using System.Text.Json.Nodes;
using ModelContextProtocol.Client;

namespace Mana.Tests.Mcp.Generated;

/// <summary>
/// Every tool that the running gateway lists, called by what the list says about it. A new tool is covered by being
/// there; one that nobody could call fails here.
/// </summary>
public sealed class EveryToolTests
{
    private const string OtherSpace = "space-anna-2";
    private const string Stranger = "stranger";

    [Fact]
    public async Task An_example_of_the_schema_is_accepted_and_so_is_each_optional_field()
    {
        await using var world = await ToolWorld.StartAsync();
        var faults = new List<string>();
        foreach (var tool in world.Tools)
        {
            foreach (var field in (string?[])[null, .. tool.Optional.Except(ToolHints.FromAnswers)])
            {
                var fields = field is null ? tool.Required : [.. tool.Required, field];
                try
                {
                    var (arguments, result) = await world.TryAsync(tool, fields);
                    if (result.IsError == true)
                    {
                        faults.Add($"{tool} refuses {arguments.ToJsonString()}: {result.Text()}");
                    }
                }
                catch (InvalidOperationException e)
                {
                    faults.Add(e.Message);
                }

                await RefillAsync(world, tool);
            }
        }

        world.Tools.Should().HaveCountGreaterThan(20);
        faults.Should().BeEmpty();
    }

    [Fact]
    public async Task Each_constraint_violated_once_is_refused_with_a_sentence_that_names_the_field()
    {
        await using var world = await ToolWorld.StartAsync();
        var before = await world.StoredAsync(withTimes: true);
        var broken = 0;
        var faults = new List<string>();
        foreach (var tool in world.Tools)
        {
            // Ids need not exist here: whether the arguments fit is looked at first.
            var accepted = (JsonObject)new FieldExamples().Fitting(tool.Schema, Guid.NewGuid().ToString())!;
            if (tool.Fields.ContainsKey("space"))
            {
                accepted["space"] = McpUnderTest.Space;
            }

            foreach (var (field, constraint, arguments) in world.BrokenCalls(tool, accepted))
            {
                broken++;
                var result = await world.CallAsync(world.Client, tool, arguments);
                if (result.IsError != true || !result.Text().StartsWith($"Invalid input for {tool}: ", StringComparison.Ordinal) || !result.Text().Contains($"\"{field}", StringComparison.Ordinal))
                {
                    faults.Add($"{tool}, {field} against {constraint}: {result.Text()}");
                }
            }
        }

        faults.Should().BeEmpty();
        broken.Should().BeGreaterThan(world.Tools.Count * 3);
        (await world.StoredAsync(withTimes: true)).Should().Be(before, "what is refused changes nothing");
    }

    [Fact]
    public async Task What_was_created_can_be_read_at_once()
    {
        await using var world = await ToolWorld.StartAsync();
        var faults = new List<string>();

        // What one tool made another one may have added to; the later answer is the one that holds.
        foreach (var made in world.Made.GroupBy(made => made.Id).Select(same => same.Last()).Where(made => !ToolHints.ReadElsewhere.ContainsKey(made.By.Name)))
        {
            var readers = world.Tools.Where(tool => tool.IsReadOnly && tool.Module == made.By.Module).ToList();
            if (!await IsShownAsync(world, readers, made, faults))
            {
                faults.Add($"What {made.By} made is shown by none of {string.Join(", ", readers)}.");
            }
        }

        foreach (var creator in world.Tools.Where(tool => tool.Creates && world.Made.All(made => made.By.Name != tool.Name)))
        {
            faults.Add($"{creator} adds something, but its answer holds no record with an id.");
        }

        faults.Should().BeEmpty();
        world.Made.Should().NotBeEmpty();
    }

    [Fact]
    public async Task An_id_of_another_space_or_user_is_not_found_and_no_list_shows_it()
    {
        await using var world = await ToolWorld.StartAsync();
        var outsiders = new Dictionary<string, McpClient>
        {
            ["another space"] = await world.Mcp.ConnectAsync(space: OtherSpace),
            ["another user"] = await world.Mcp.ConnectAsync(Stranger, "space-stranger"),
        };
        var ids = world.Made.Select(made => made.Id).ToList();
        var faults = new List<string>();
        foreach (var tool in world.Tools)
        {
            if (tool.Required.Any(tool.TakesId))
            {
                var (arguments, result) = await world.TryAsync(tool, tool.Required);
                await RefillAsync(world, tool);
                foreach (var (who, client) in outsiders)
                {
                    var before = await world.StoredAsync();
                    var answer = await world.CallAsync(client, tool, arguments);
                    if (answer.IsError != true || !answer.Text().Contains("There is no", StringComparison.Ordinal) || await world.StoredAsync() != before)
                    {
                        faults.Add($"{tool} from {who}: {answer.Text()}");
                    }
                }
            }
            else if (tool.IsReadOnly)
            {
                foreach (var (who, client) in outsiders)
                {
                    var answer = await world.CallAsync(client, tool, (await world.TryAsync(tool, tool.Required)).Arguments);
                    faults.AddRange(ids.Where(id => answer.Text().Contains(id, StringComparison.Ordinal)).Select(id => $"{tool} shows {id} to {who}"));
                }
            }
        }

        faults.Should().BeEmpty();
    }

    [Fact]
    public async Task What_the_annotations_say_is_what_happens()
    {
        await using var world = await ToolWorld.StartAsync();
        var faults = new List<string>();
        foreach (var tool in world.Tools)
        {
            var (before, liveBefore) = (await world.StoredAsync(withTimes: true), await world.LiveRowsAsync());
            var (arguments, first) = await world.TryAsync(tool, tool.Required);
            var (after, liveAfter) = (await world.StoredAsync(withTimes: true), await world.LiveRowsAsync());
            Check(tool.IsReadOnly, after == before, $"{tool} is read-only and changes the store");
            Check(tool.IsDestructive, liveAfter < liveBefore, $"{tool} is destructive and deletes nothing: {first.Text()}");
            Check(!tool.IsDestructive, liveAfter >= liveBefore, $"{tool} deletes and is not called destructive");
            if (!tool.IsReadOnly && !tool.IsDestructive)
            {
                var stored = await world.StoredAsync();
                var again = await world.CallAsync(world.Client, tool, arguments);
                var storedAgain = await world.StoredAsync();
                Check(tool.IsIdempotent, again.IsError != true && storedAgain == stored, $"{tool} is idempotent and does more when called again: {again.Text()}");
            }

            await RefillAsync(world, tool);
        }

        faults.Should().BeEmpty();

        void Check(bool applies, bool holds, string fault)
        {
            if (applies && !holds)
            {
                faults.Add(fault);
            }
        }
    }

    private static async Task<bool> IsShownAsync(ToolWorld world, List<LiveTool> readers, Made made, List<string> faults)
    {
        var isShown = false;
        foreach (var reader in readers)
        {
            var idFields = reader.Required.Where(reader.TakesId).ToList();
            foreach (var id in world.Made.Select(one => one.Id).OrderBy(id => id != made.Id).Take(idFields.Count == 0 ? 1 : int.MaxValue))
            {
                var (arguments, _) = await world.TryAsync(reader, reader.Required);
                foreach (var field in idFields)
                {
                    arguments[field] = id;
                }

                var result = await world.CallAsync(world.Client, reader, arguments);
                if (result.IsError != true
                    && ToolWorld.RecordsIn(ToolWorld.Structured(result)).FirstOrDefault(record => (string?)record["id"] == made.Id) is { } shown)
                {
                    isShown = true;
                    if (reader.Name == $"{made.By.Module}.get" && !JsonNode.DeepEquals(shown, made.Record))
                    {
                        faults.Add($"{reader} shows {shown.ToJsonString()}, and {made.By} answered {made.Record.ToJsonString()}.");
                    }

                    break;
                }
            }
        }

        return isShown;
    }

    // What a deleting tool took is there again for the next call.
    private static Task RefillAsync(ToolWorld world, LiveTool tool) => tool.IsDestructive ? world.FillAsync(tool.Module) : Task.CompletedTask;
}
