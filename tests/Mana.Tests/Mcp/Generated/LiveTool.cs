using System.Text.Json;
using ModelContextProtocol.Client;

namespace Mana.Tests.Mcp.Generated;

/// <summary>A tool as <c>tools/list</c> of the running gateway shows it: all that a stranger's client knows.</summary>
internal sealed class LiveTool(McpClientTool tool)
{
    public string Name { get; } = tool.Name;

    public string Module { get; } = tool.Name.Split('.')[0];

    public JsonElement Schema { get; } = tool.JsonSchema;

    public bool IsReadOnly { get; } = tool.ProtocolTool.Annotations!.ReadOnlyHint == true;

    public bool IsDestructive { get; } = tool.ProtocolTool.Annotations!.DestructiveHint == true;

    public bool IsIdempotent { get; } = tool.ProtocolTool.Annotations!.IdempotentHint == true;

    /// <summary>Whether each call adds something: such tools make the ids that others need.</summary>
    public bool Creates => !IsReadOnly && !IsDestructive && !IsIdempotent;

    public IReadOnlyDictionary<string, JsonElement> Fields { get; } =
        tool.JsonSchema.GetProperty("properties").EnumerateObject().ToDictionary(field => field.Name, field => field.Value);

    public IReadOnlyList<string> Required { get; } =
        tool.JsonSchema.TryGetProperty("required", out var names) ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : [];

    public IReadOnlyList<string> Optional => [.. Fields.Keys.Except(Required)];

    public bool TakesId(string field) => MentionsId(Fields[field]);

    public override string ToString() => Name;

    private static bool MentionsId(JsonElement schema) =>
        (schema.TryGetProperty("format", out var format) && format.ValueEquals("uuid"))
        || (schema.TryGetProperty("items", out var items) && MentionsId(items))
        || (schema.TryGetProperty("anyOf", out var any) && any.EnumerateArray().Any(MentionsId));
}
