using System.Text.Json;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>Which of the ids met earlier a parameter may take; none is ever made up.</summary>
internal sealed class IdChoice(Transcript transcript)
{
    // These may be applied to the same record again and again.
    private static readonly string[] RepeatableVerbs = ["update", "edit", "patch", "set", "change", "get", "show", "open", "read", "view", "add"];
    private readonly HashSet<string> _claimed = [];

    /// <summary>Two calls of one turn run side by side: they must not work on the same record.</summary>
    public void Claim(string id) => _claimed.Add(id);

    /// <summary>Whether every id that the tool requires can be given.</summary>
    public bool CanServe(SimulatedTool tool) =>
        tool.Parameters.Where(parameter => parameter is { IsRequired: true, IsId: true }).All(parameter =>
            Candidates(tool, parameter.Name, parameter.Schema).Count >= Math.Max(1, Schemas.Count(Schemas.Resolve(parameter.Schema, tool.Schema), "minItems") ?? 1));

    /// <summary>The records whose id fits, the most recently met last.</summary>
    public IReadOnlyList<KnownRecord> Candidates(SimulatedTool tool, string parameter, JsonElement schema)
    {
        schema = Schemas.Resolve(schema, tool.Schema);
        var noun = RecordIds.Noun(Schemas.Text(schema, "description") ?? "");
        if (Schemas.Alternatives(schema) is { Count: > 0 } branches)
        {
            schema = branches.Select(branch => Schemas.Resolve(branch, tool.Schema)).FirstOrDefault(branch => !Schemas.Types(branch).SequenceEqual(["null"]));
        }

        if (Schemas.Types(schema).Contains("array"))
        {
            schema = schema.TryGetProperty("items", out var items) ? Schemas.Resolve(items, tool.Schema) : default;
        }

        var isTarget = tool.Kind is ToolKind.Change or ToolKind.Remove;
        var done = isTarget && !RepeatableVerbs.Contains(tool.Verb)
            ? transcript.Calls.Where(call => call.ToolName == tool.Name && call is { IsAnswered: true, IsError: false }).SelectMany(call => call.Ids()).ToHashSet()
            : [];
        return
        [
            .. transcript.Known.For(tool.ModuleKey, parameter, noun).Where(record =>
                Fits(record.Id, schema)
                && !done.Contains(record.Key)
                && !(tool.Kind != ToolKind.Create && _claimed.Contains(record.Key))
                && !(isTarget && record.IsAlready(tool.Verb))),
        ];
    }

    private static bool Fits(JsonElement id, JsonElement schema)
    {
        var types = Schemas.Types(schema);
        if (id.ValueKind == JsonValueKind.Number)
        {
            return types.Contains("integer") || types.Contains("number");
        }

        var text = id.GetString() ?? "";
        return types.Contains("string")
            && (Schemas.Text(schema, "format") != "uuid" || Guid.TryParse(text, out _))
            && (Schemas.Text(schema, "pattern") is not { } pattern || PatternText.Matches(pattern, text))
            && text.Length >= (Schemas.Count(schema, "minLength") ?? 0)
            && text.Length <= (Schemas.Count(schema, "maxLength") ?? int.MaxValue);
    }
}
