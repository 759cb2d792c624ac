using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.PersonaRunner.Conversation;
using Microsoft.Extensions.AI;

namespace Mana.Tests.Brains.Simulated;

/// <summary>A small product in memory: serves tools, validates strictly and answers like the gateway.</summary>
internal sealed class ProductDouble
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly Dictionary<string, JsonElement> _schemas;
    private readonly Dictionary<string, Dictionary<string, JsonObject>> _records = [];
    private int _made;

    public ProductDouble(bool isWide, bool takesSpace = false)
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Brains", "Simulated", "simulated-product-tools.json")));
        _schemas = file.RootElement.EnumerateObject().Where(part => isWide || part.Name == "narrow").SelectMany(part => part.Value.EnumerateArray())
            .ToDictionary(tool => tool.GetProperty("name").GetString()!, tool => takesSpace ? WithSpace(tool.GetProperty("inputSchema")) : tool.GetProperty("inputSchema").Clone());
        Tools = [.. _schemas.Select(tool => AIFunctionFactory.CreateDeclaration(tool.Key.Replace('.', '_'), "", tool.Value)), RatingTool.Declaration];
    }

    public IList<AITool> Tools { get; }

    /// <summary>Modules that answer with an error, whatever is asked: the error by tool, or null.</summary>
    public Func<string, string?> Fault { get; set; } = _ => null;

    public IEnumerable<string> Modules => _schemas.Keys.Select(name => name.Split('.')[0]).Distinct();

    /// <summary>One tool call; an error comes with why it was refused.</summary>
    public ProductAnswer Call(string llmName, JsonElement arguments)
    {
        var name = _schemas.Keys.Single(tool => tool.Replace('.', '_') == llmName);
        if (SchemaValidator.Errors(_schemas[name], arguments) is { Count: > 0 } errors)
        {
            return new(name, $"Invalid input for {name}: {string.Join("; ", errors)}", IsError: true, IsInvalid: true);
        }

        if (Fault(name) is { } fault)
        {
            return new(name, fault, IsError: true, IsInvalid: false);
        }

        var (module, action) = (name.Split('.')[0], name.Split('.')[1]);
        var given = JsonNode.Parse(arguments.GetRawText())!.AsObject();
        var shelf = given["space"] is { } space ? $"{module} in {space}" : module;
        given.Remove("space");
        var store = _records.TryGetValue(shelf, out var known) ? known : _records[shelf] = [];
        var (one, many) = Containers(module);
        var id = (string?)given["id"];
        if (given["contactId"] is { } contact && !_records.GetValueOrDefault("contacts", []).ContainsKey((string)contact!))
        {
            return new(name, "contactId: no such contact", IsError: true, IsInvalid: true);
        }

        if (id is not null && !store.ContainsKey(id))
        {
            return new(name, $"Tool {name} failed: {one} {id} not found", IsError: true, IsInvalid: true);
        }

        switch (action)
        {
            case "create" or "add" or "log":
                given["id"] = $"{++_made:x8}-0000-4000-8000-{module.Length:x12}";
                store.Add((string)given["id"]!, given);
                return Ok(new JsonObject { [one] = given.DeepClone() });
            case "list" or "search" or "recent" or "today":
                return Ok(new JsonObject { [many] = new JsonArray([.. store.Values.Reverse().Take(20).Select(record => record.DeepClone())]) });
            case "get":
                return Ok(new JsonObject { [one] = store[id!].DeepClone() });
            case "delete":
                store.Remove(id!);
                return Ok(new JsonObject { ["ok"] = true });
            case "complete" or "archive" or "update":
                if (action == "update" && given.Count == 1)
                {
                    return new(name, "nothing to change: give at least one field beside id", IsError: true, IsInvalid: true);
                }

                foreach (var (field, value) in given)
                {
                    store[id!][field] = value?.DeepClone();
                }

                store[id!][action == "complete" ? "isCompleted" : action == "archive" ? "isArchived" : "isChanged"] = true;
                return Ok(new JsonObject { ["ok"] = true });
            default:
                return Ok(new JsonObject { ["count"] = store.Count });
        }

        ProductAnswer Ok(JsonObject result) => new(name, result.ToJsonString(Indented), IsError: false, IsInvalid: false);
    }

    private static JsonElement WithSpace(JsonElement schema)
    {
        var node = JsonNode.Parse(schema.GetRawText())!.AsObject();
        (node["properties"] ??= new JsonObject())["space"] = new JsonObject { ["type"] = "string", ["description"] = "Slug of a shared space" };
        return JsonSerializer.SerializeToElement(node);
    }

    private static (string One, string Many) Containers(string module) => module switch
    {
        "todo" => ("task", "tasks"),
        "journal" or "mood" => ("entry", "entries"),
        "library" => ("book", "books"),
        _ when module.EndsWith('s') => (module[..^1], module),
        _ => ("item", "items"),
    };
}

/// <summary>What the product said.</summary>
/// <param name="Tool">The MCP name.</param>
/// <param name="Text">The text for the model.</param>
/// <param name="IsError">Whether it is an error.</param>
/// <param name="IsInvalid">Whether the caller is to blame.</param>
internal sealed record ProductAnswer(string Tool, string Text, bool IsError, bool IsInvalid);
