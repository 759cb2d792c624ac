using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Mana.PersonaRunner.Platform;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>What a tool does, as far as its name and its schema tell.</summary>
internal enum ToolKind
{
    /// <summary>Looks around and needs no record.</summary>
    Look,

    /// <summary>Makes something new.</summary>
    Create,

    /// <summary>Opens a record that is known.</summary>
    Open,

    /// <summary>Changes a record that is known.</summary>
    Change,

    /// <summary>Takes a record away.</summary>
    Remove,
}

/// <summary>A tool as the simulated persona sees it.</summary>
internal sealed class SimulatedTool
{
    // The schemas of a tick's tools do not change; reading them once per tool instead of once per turn is most of the speed.
    private static readonly ConditionalWeakTable<AIFunctionDeclaration, SimulatedTool> Read = [];

    private static readonly FrozenSet<string> LookVerbs = FrozenSet.Create(
        "list", "search", "get", "find", "read", "show", "recent", "today", "fetch", "query", "browse", "view", "recap", "count", "stats", "open", "lookup", "upcoming", "history", "consult");

    private static readonly FrozenSet<string> RemoveVerbs = FrozenSet.Create("delete", "remove", "destroy", "purge", "erase", "clear", "drop", "skip");

    private SimulatedTool(AIFunctionDeclaration declaration)
    {
        Name = declaration.Name;
        var cut = Name.IndexOf('_', StringComparison.Ordinal);
        Module = cut > 0 ? Name[..cut] : Name;
        ModuleKey = Key(Module);
        Schema = declaration.JsonSchema;
        var required = Schemas.Required(Schema);
        var described = Schemas.Properties(Schema).ToList();
        TakesSpace = !required.Contains(SharedSpace.Argument) && described.Exists(property => property.Name == SharedSpace.Argument);
        Parameters =
        [
            .. described.Where(property => !(TakesSpace && property.Name == SharedSpace.Argument)).Select(property => new ToolParameter(property.Name, property.Schema, required.Contains(property.Name), Schema)),
            .. required.Except(described.Select(property => property.Name)).Select(name => new ToolParameter(name, default, isRequired: true, Schema)),
        ];
        var words = Words(cut > 0 ? Name[(cut + 1)..] : Name);
        Verb = words.Count > 0 ? words[0] : "";
        Kind = KindOf(words);
    }

    /// <summary>As the model sees it, such as <c>todo_create</c>.</summary>
    public string Name { get; }

    /// <summary>The part before the first underscore.</summary>
    public string Module { get; }

    /// <summary>The module in the form that compares across spellings.</summary>
    public string ModuleKey { get; }

    /// <summary>The first word after the module: <c>create</c>.</summary>
    public string Verb { get; }

    public ToolKind Kind { get; }

    public JsonElement Schema { get; }

    /// <summary>What the persona fills in; the space is chosen apart from them (<see cref="SpaceChoice"/>).</summary>
    public IReadOnlyList<ToolParameter> Parameters { get; }

    /// <summary>Whether a call may name the space to act in.</summary>
    public bool TakesSpace { get; }

    public static SimulatedTool Of(AIFunctionDeclaration declaration) => Read.GetValue(declaration, static tool => new SimulatedTool(tool));

    /// <summary><c>newsResearch</c>, <c>news-research</c> and <c>news_research</c> are the same module.</summary>
    public static string Key(string module) => string.Concat(module.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    /// <summary>The words of a name: <c>markAsDone</c> and <c>mark_as_done</c> are mark, as, done.</summary>
    public static List<string> Words(string name)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var character in name)
        {
            if (!char.IsLetterOrDigit(character) || (char.IsUpper(character) && word.Length > 0 && !char.IsUpper(word[^1])))
            {
                Flush();
            }

            if (char.IsLetterOrDigit(character))
            {
                word.Append(character);
            }
        }

        Flush();
        return words;

        void Flush()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString().ToLowerInvariant());
                word.Clear();
            }
        }
    }

    private ToolKind KindOf(List<string> words)
    {
        var targeted = Parameters.Any(parameter => parameter is { IsRequired: true, IsId: true });
        if (words.Count > 0 && (RemoveVerbs.Contains(words[0]) || RemoveVerbs.Contains(words[^1])))
        {
            return ToolKind.Remove;
        }

        var looks = words.Any(LookVerbs.Contains);
        if (targeted)
        {
            // createOutfit(garmentIds) makes something new although it needs records.
            return looks ? ToolKind.Open : words is ["create" or "add" or "new", ..] ? ToolKind.Create : ToolKind.Change;
        }

        return looks || !Parameters.Any(parameter => parameter.IsRequired) ? ToolKind.Look : ToolKind.Create;
    }
}

/// <summary>One parameter of a tool.</summary>
internal sealed class ToolParameter
{
    public ToolParameter(string name, JsonElement schema, bool isRequired, JsonElement root)
    {
        Name = name;
        Schema = schema;
        IsRequired = isRequired;
        IsId = RecordIds.IsIdParameter(name, schema, root);
    }

    public string Name { get; }

    public JsonElement Schema { get; }

    public bool IsRequired { get; }

    /// <summary>Whether it wants the id of a record, or several.</summary>
    public bool IsId { get; }
}
