using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mana.Mcp.Tools.Schemas;

/// <summary>The arguments of a tool: the schema that clients see, and the check that is made from that same schema.</summary>
internal sealed class InputSchema
{
    private readonly SchemaRule _rule;

    private InputSchema(JsonObject schema)
    {
        Exported = JsonSerializer.SerializeToElement(schema);
        _rule = SchemaCompiler.Compile(Exported);
    }

    /// <summary>As <c>tools/list</c> shows it.</summary>
    public JsonElement Exported { get; }

    public IEnumerable<string> FieldNames => Exported.GetProperty("properties").EnumerateObject().Select(property => property.Name);

    /// <exception cref="InvalidOperationException">A keyword is used that the check does not know.</exception>
    public static InputSchema Of(params IEnumerable<Field> fields)
    {
        var schema = Field.ObjectSchema([.. fields]);
        schema["$schema"] = "http://json-schema.org/draft-07/schema#";
        return new InputSchema(schema);
    }

    /// <summary>Checks the arguments and fills in defaults.</summary>
    /// <param name="arguments">As they came.</param>
    /// <param name="faults">A sentence for each fault.</param>
    /// <returns>The arguments to use; only when there is no fault.</returns>
    public JsonObject Check(IEnumerable<KeyValuePair<string, JsonElement>> arguments, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        faults = found;
        var result = new JsonObject();
        _rule.CheckObject(arguments, "", found, result);
        return result;
    }
}
