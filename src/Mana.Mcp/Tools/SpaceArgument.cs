using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Tools;

/// <summary>
/// The argument <c>space</c> that the gateway adds to the tools of every module: clients see it in the schema, modules
/// never do.
/// </summary>
internal static class SpaceArgument
{
    public const string Name = "space";

    private static readonly Field Field = Field.Text(Name, 1, 128).About("Id or slug of another of the user's spaces to do this in; leave out for the active space.");

    private static readonly InputSchema Alone = InputSchema.Of(Field);

    /// <summary>The schema that clients see.</summary>
    /// <exception cref="InvalidOperationException">The module has a field of that name.</exception>
    public static JsonElement Exported(ToolDefinition tool)
    {
        if (!tool.TakesSpace)
        {
            return tool.Input.Exported;
        }

        var schema = JsonObject.Create(tool.Input.Exported)!;
        if (!schema["properties"]!.AsObject().TryAdd(Name, Field.Schema.DeepClone()))
        {
            throw new InvalidOperationException($"{tool.Name} has a field called {Name}, which belongs to the gateway.");
        }

        return JsonSerializer.SerializeToElement(schema);
    }

    /// <summary>Takes the argument out.</summary>
    /// <param name="tool">What is called.</param>
    /// <param name="arguments">As they came.</param>
    /// <param name="named">What it says; null when it is not given.</param>
    /// <param name="faults">What is wrong with it.</param>
    /// <returns>The arguments of the module.</returns>
    public static IDictionary<string, JsonElement> Take(
        ToolDefinition tool, IDictionary<string, JsonElement> arguments, out string? named, out IReadOnlyList<string> faults)
    {
        (named, faults) = (null, []);
        if (!tool.TakesSpace || !arguments.TryGetValue(Name, out var given))
        {
            return arguments;
        }

        var checkedAlone = Alone.Check([KeyValuePair.Create(Name, given)], out faults);
        if (faults.Count == 0)
        {
            named = (string)checkedAlone[Name]!;
        }

        return arguments.Where(argument => argument.Key != Name).ToDictionary(StringComparer.Ordinal);
    }
}
