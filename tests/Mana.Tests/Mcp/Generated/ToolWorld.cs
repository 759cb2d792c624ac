using System.Text.Json.Nodes;
using Mana.Hosting.Storage;
using Mana.Mcp.Records;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Mana.Tests.Mcp.Generated;

/// <summary>A record that a tool made: the property in which it came tells what it is.</summary>
internal sealed record Made(LiveTool By, string Noun, string Id, JsonObject Record);

/// <summary>Calls a tool in the space of the world's owner.</summary>
internal delegate Task<CallToolResult> ToolCaller(string tool, JsonObject arguments);

/// <summary>
/// The running gateway with records of every kind in it, all of them made through its own tools: what an id stands for
/// is found by convention (<c>deckId</c> is the id of a <c>deck</c>, <c>id</c> one of the same module) and by trying.
/// </summary>
internal sealed class ToolWorld : IAsyncDisposable
{
    // Enough for two ids that are needed together, in the largest module.
    private const int MaxTries = 60;

    private readonly Dictionary<string, List<Made>> _made = [];
    private readonly FieldExamples _examples = new();

    private readonly ToolCaller _call;

    private ToolWorld(McpUnderTest mcp, McpClient client, IReadOnlyList<LiveTool> tools, ToolCaller call)
    {
        Mcp = mcp;
        Client = client;
        Tools = tools;
        _call = call;
    }

    public McpUnderTest Mcp { get; }

    public McpClient Client { get; }

    public IReadOnlyList<LiveTool> Tools { get; }

    public IEnumerable<Made> Made => _made.Values.SelectMany(made => made);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The world as the official C# client sees it.</summary>
    public static Task<ToolWorld> StartAsync() =>
        StartAsync((_, client) => Task.FromResult<ToolCaller>((tool, arguments) => client.TryCallAsync(tool, arguments.ToJsonString())));

    /// <summary>The world that another client fills and calls.</summary>
    public static async Task<ToolWorld> StartAsync(Func<McpUnderTest, McpClient, Task<ToolCaller>> connect)
    {
        var mcp = await McpUnderTest.StartAsync([("POLICY_MODE", "off"), .. ToolHints.Settings]);
        var client = await mcp.ConnectAsync();
        var tools = await client.ListToolsAsync(cancellationToken: Cancellation);
        var world = new ToolWorld(mcp, client, [.. tools.Select(tool => new LiveTool(tool))], await connect(mcp, client));
        foreach (var module in world.Tools.Select(tool => tool.Module).Distinct())
        {
            await world.FillAsync(module);
        }

        return world;
    }

    /// <summary>Makes a new record of each kind of the module.</summary>
    public async Task FillAsync(string module)
    {
        _made[module] = [];
        var waiting = Tools.Where(tool => tool.Module == module && tool.Creates).ToList();
        int before;
        do
        {
            // One may need the id of what another makes.
            before = waiting.Count;
            foreach (var creator in waiting.ToList())
            {
                var fields = creator.Required.Concat(ToolHints.MadeWith.GetValueOrDefault(creator.Name, []));
                if ((await TryAsync(creator, fields)).Result is { IsError: not true } result)
                {
                    foreach (var made in MadeBy(creator, result))
                    {
                        // What one made another may have added to.
                        _made[module] = [.. _made[module].Select(one => one.Id == made.Id ? one with { Record = made.Record } : one), made];
                    }

                    waiting.Remove(creator);
                }
            }
        }
        while (waiting.Count < before && waiting.Count > 0);
    }

    /// <summary>Calls the tool with examples for these fields until one set of ids is accepted.</summary>
    /// <returns>The accepted call, else the most telling of those that were refused.</returns>
    public async Task<(JsonObject Arguments, CallToolResult Result)> TryAsync(LiveTool tool, IEnumerable<string> fields)
    {
        var names = fields.ToList();
        JsonObject arguments = [];
        CallToolResult? result = null;
        foreach (var ids in IdsFor(tool, [.. names.Where(tool.TakesId)]).Take(MaxTries))
        {
            var tried = Arguments(tool, names, ids);
            var answer = await _call(tool.Name, tried);

            // That an id is of something else tells less than any other refusal.
            if (result is null || answer.IsError != true || !answer.Text().Contains("There is no", StringComparison.Ordinal))
            {
                (arguments, result) = (tried, answer);
            }

            if (answer.IsError != true)
            {
                break;
            }
        }

        return (arguments, result ?? throw new InvalidOperationException($"No tool of {tool.Module} makes an id that {tool} could take."));
    }

    public async Task<CallToolResult> CallAsync(McpClient client, LiveTool tool, JsonObject arguments) =>
        await client.TryCallAsync(tool.Name, arguments.ToJsonString());

    /// <summary>Calls that break one constraint each: the field, the constraint and the arguments.</summary>
    public IEnumerable<(string Field, string Constraint, JsonObject Arguments)> BrokenCalls(LiveTool tool, JsonObject accepted)
    {
        var anyId = Guid.NewGuid().ToString();
        foreach (var (field, schema) in tool.Fields)
        {
            foreach (var (constraint, value) in _examples.Breaking(schema, anyId))
            {
                var broken = (JsonObject)accepted.DeepClone();
                broken[field] = value;
                yield return (field, constraint, broken);
            }
        }

        foreach (var field in tool.Required)
        {
            var lacking = (JsonObject)accepted.DeepClone();
            lacking.Remove(field);
            yield return (field, "required", lacking);
        }

        var strange = (JsonObject)accepted.DeepClone();
        strange["xyzzy"] = 1;
        yield return ("xyzzy", "additionalProperties", strange);
    }

    /// <summary>Everything that is stored, as one text.</summary>
    public async Task<string> StoredAsync(bool withTimes = false)
    {
        var rows = await RowsAsync();
        return string.Join('\n', rows.Select(row =>
            $"{row.Id} {row.SpaceId} {row.ParentId} {row.State} {row.OrderKey} {row.Data} {row.DeletedAt is null} {(withTimes ? row.UpdatedAt : default)}"));
    }

    public async Task<int> LiveRowsAsync() => (await RowsAsync()).Count(row => row.DeletedAt is null);

    /// <summary>Objects with an id, wherever they are in the result.</summary>
    public static IEnumerable<JsonObject> RecordsIn(JsonNode? node) => node switch
    {
        JsonObject found when found["id"] is JsonValue => [found, .. found.SelectMany(property => RecordsIn(property.Value))],
        JsonObject other => other.SelectMany(property => RecordsIn(property.Value)),
        JsonArray list => list.SelectMany(RecordsIn),
        _ => [],
    };

    public static JsonNode? Structured(CallToolResult result) => JsonNode.Parse(result.StructuredContent!.Value.GetRawText());

    public ValueTask DisposeAsync() => Mcp.DisposeAsync();

    private static IEnumerable<Made> MadeBy(LiveTool creator, CallToolResult result) =>
        Structured(result)!.AsObject()
            .Where(property => property.Value is JsonObject record && record["id"] is JsonValue)
            .Select(property => new Made(creator, property.Key, (string)property.Value!["id"]!, property.Value.AsObject()))
            .Take(1);

    private async Task<List<RecordRow>> RowsAsync() =>
        await Mcp.Host.Services.GetRequiredService<ServiceDatabase>().ReadAsync(
            (db, ct) => db.RowsAsync<RecordRow>("select * from records order by seq", ct), Cancellation);

    private JsonObject Arguments(LiveTool tool, List<string> fields, IReadOnlyDictionary<string, string> ids)
    {
        _examples.Begin();
        return new JsonObject(fields.Select(field => KeyValuePair.Create(
            field,
            ToolHints.Values.TryGetValue($"{tool.Name}.{field}", out var hint) || ToolHints.Values.TryGetValue(field, out hint)
                ? JsonNode.Parse(hint)
                : _examples.Fitting(tool.Fields[field], ids.GetValueOrDefault(field, "")))));
    }

    private IEnumerable<IReadOnlyDictionary<string, string>> IdsFor(LiveTool tool, IReadOnlyList<string> fields)
    {
        IEnumerable<Dictionary<string, string>> sets = [[]];
        foreach (var field in fields)
        {
            var candidates = Candidates(tool, field).ToList();
            sets = sets.SelectMany(set => candidates.Select(id => new Dictionary<string, string>(set) { [field] = id }));
        }

        return sets;
    }

    private IEnumerable<string> Candidates(LiveTool tool, string field)
    {
        var noun = field.EndsWith("Ids", StringComparison.Ordinal) ? field[..^3] : field.EndsWith("Id", StringComparison.Ordinal) ? field[..^2] : null;
        return Made
            .OrderBy(made => made.Noun.Equals(noun, StringComparison.OrdinalIgnoreCase) ? 0 : 1)
            .ThenBy(made => made.By.Module == tool.Module ? 0 : 1)
            .Select(made => made.Id);
    }
}
