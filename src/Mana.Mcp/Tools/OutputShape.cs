using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Mana.Mcp.Records;

namespace Mana.Mcp.Tools;

/// <summary>How a tool's answer looks, as a schema and as the writer that keeps to it.</summary>
internal sealed record OutputShape<T>(JsonElement Schema, Func<T, JsonObject> Write);

/// <summary>Makes shapes.</summary>
internal static class OutputShape
{
    /// <summary>An object with these properties, all of them always present unless listed as optional.</summary>
    public static OutputShape<T> Of<T>(
        IEnumerable<KeyValuePair<string, JsonNode?>> properties, Func<T, JsonObject> write, params string[] optional)
    {
        var list = properties.ToList();
        var schema = Object(list, list.Select(property => property.Key).Except(optional));
        return new OutputShape<T>(JsonSerializer.SerializeToElement(schema), write);
    }

    /// <summary>The object that the type serialises to.</summary>
    public static OutputShape<T> Of<T>(JsonTypeInfo<T> type)
        where T : class =>
        new(JsonSerializer.SerializeToElement(SchemaOf(type)), result => (JsonObject)JsonSerializer.SerializeToNode(result, type)!);

    public static JsonObject Object(IEnumerable<KeyValuePair<string, JsonNode?>> properties, IEnumerable<string> required) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(properties.Select(property => KeyValuePair.Create(property.Key, property.Value?.DeepClone()))),
        ["required"] = new JsonArray([.. required.Select(name => (JsonNode?)name)]),
    };

    public static JsonObject SchemaOf(JsonTypeInfo type)
    {
        var schema = (JsonObject)type.GetJsonSchemaAsNode(new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true });
        return (JsonObject)WithoutReferences(schema, schema)!;
    }

    // The exporter points from the second use of a type to the first; the schema becomes part of another, where the pointer means nothing.
    private static JsonNode? WithoutReferences(JsonNode? node, JsonObject root) => node switch
    {
        JsonObject { Count: 1 } reference when reference.TryGetPropertyValue("$ref", out var pointer) => WithoutReferences(Resolve(root, (string)pointer!), root),
        JsonObject @object => new JsonObject(@object.Select(property => KeyValuePair.Create(property.Key, WithoutReferences(property.Value, root)))),
        JsonArray array => new JsonArray([.. array.Select(item => WithoutReferences(item, root))]),
        _ => node?.DeepClone(),
    };

    private static JsonNode Resolve(JsonObject root, string pointer)
    {
        JsonNode node = root;
        foreach (var part in pointer.Split('/').Skip(1))
        {
            node = node[part]!;
        }

        return node;
    }
}

/// <summary>The shapes in which records of one kind are answered: one, several, changed, deleted.</summary>
/// <param name="set">The kind.</param>
/// <param name="one">The name of the property that holds one of them: "task".</param>
/// <param name="several">The name of the property that holds several: "tasks".</param>
internal sealed class RecordShapes<T>(RecordSet<T> set, string one, string several) : IHasRecordSet
    where T : class
{
    private static readonly JsonObject Ok = new() { ["type"] = "boolean" };

    public RecordSet<T> Set { get; } = set;

    IRecordSet IHasRecordSet.RecordSet => Set;

    /// <summary>A record as clients see it: the module's fields with id, origin and times.</summary>
    public JsonObject RecordSchema { get; } = MakeRecordSchema(set);

    /// <summary>{"task": …}</summary>
    public OutputShape<Stored<T>> One => field ??= OutputShape.Of<Stored<T>>(
        [new(one, RecordSchema)],
        record => new JsonObject { [one] = View(record) });

    /// <summary>{"ok": true, "task": …}</summary>
    public OutputShape<Stored<T>> Changed => field ??= OutputShape.Of<Stored<T>>(
        [new("ok", Ok), new(one, RecordSchema)],
        record => new JsonObject { ["ok"] = true, [one] = View(record) });

    /// <summary>{"tasks": […], "nextCursor": …}; the cursor is null on the last page.</summary>
    public OutputShape<RecordPage<T>> Page => field ??= OutputShape.Of<RecordPage<T>>(
        [new(several, ListSchema()), new("nextCursor", new JsonObject { ["type"] = new JsonArray("string", "null") })],
        page => new JsonObject { [several] = Views(page.Items), ["nextCursor"] = page.NextCursor });

    /// <summary>{"tasks": […], "hasMore": …}: for lists without a cursor.</summary>
    public OutputShape<RecordPage<T>> List => field ??= OutputShape.Of<RecordPage<T>>(
        [new(several, ListSchema()), new("hasMore", new JsonObject { ["type"] = "boolean" })],
        page => new JsonObject { [several] = Views(page.Items), ["hasMore"] = page.NextCursor is not null });

    /// <summary>{"tasks": […], "hasMore": …, "nextCursor": …}: for lists that had no cursor at first.</summary>
    public OutputShape<RecordPage<T>> ListPage => field ??= OutputShape.Of<RecordPage<T>>(
        [
            new(several, ListSchema()),
            new("hasMore", new JsonObject { ["type"] = "boolean" }),
            new("nextCursor", new JsonObject { ["type"] = new JsonArray("string", "null") }),
        ],
        page => new JsonObject { [several] = Views(page.Items), ["hasMore"] = page.NextCursor is not null, ["nextCursor"] = page.NextCursor });

    /// <summary>{"ok": true, "id": …}</summary>
    public OutputShape<string> Deleted => field ??= OutputShape.Of<string>(
        [new("ok", Ok), new("id", new JsonObject { ["type"] = "string", ["format"] = "uuid" })],
        id => new JsonObject { ["ok"] = true, ["id"] = id });

    public JsonObject View(Stored<T> record)
    {
        var view = new JsonObject { ["id"] = record.Id };
        var data = (JsonObject)JsonSerializer.SerializeToNode(record.Data, Set.Json)!;
        foreach (var (name, value) in data)
        {
            view[name] = value?.DeepClone();
        }

        view["spaceId"] = record.SpaceId;
        view["authorId"] = record.AuthorId;
        view["visibility"] = record.Visibility;
        view["createdAt"] = Iso.Time(record.CreatedAt);
        view["updatedAt"] = Iso.Time(record.UpdatedAt);
        return view;
    }

    public JsonArray Views(IEnumerable<Stored<T>> records) => new([.. records.Select(View)]);

    private JsonObject ListSchema() => new() { ["type"] = "array", ["items"] = RecordSchema.DeepClone() };

    private static JsonObject MakeRecordSchema(RecordSet<T> set)
    {
        var text = new JsonObject { ["type"] = "string" };
        var time = new JsonObject { ["type"] = "string", ["format"] = "date-time" };
        var own = OutputShape.SchemaOf(set.Json);
        var required = own["required"] is JsonArray names ? names.Select(name => (string)name!) : [];
        return OutputShape.Object(
            [
                new("id", new JsonObject { ["type"] = "string", ["format"] = "uuid" }),
                .. own["properties"]!.AsObject(),
                new("spaceId", text), new("authorId", text), new("visibility", text), new("createdAt", time), new("updatedAt", time),
            ],
            ["id", .. required, "spaceId", "authorId", "visibility", "createdAt", "updatedAt"]);
    }
}
