using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Mana.Contracts;

namespace Mana.Mcp.Tools;

/// <summary>All tools of all modules: modules by name, tools in the order of their module.</summary>
internal sealed partial class ToolCatalog
{
    /// <exception cref="InvalidOperationException">A name is malformed or taken twice.</exception>
    public ToolCatalog(IEnumerable<ToolModule> modules)
    {
        Tools = [.. modules.OrderBy(module => module.Name, StringComparer.Ordinal).SelectMany(module => module.Tools())];
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tool in Tools)
        {
            // LLM interfaces know no dots and at most 64 characters: two names must stay two when the dot becomes an underscore.
            if (!WellFormed().IsMatch(tool.Name) || !names.Add(tool.Name.Replace('.', '_')))
            {
                throw new InvalidOperationException($"The tool name {tool.Name} is malformed or taken.");
            }
        }
    }

    /// <summary>Names as callers may write them: <c>newsResearch.latest</c> is <c>news-research.latest</c>.</summary>
    public static IEqualityComparer<string> NameComparer { get; } = new AnySpellingOfTheModule();

    public IReadOnlyList<ToolDefinition> Tools { get; }

    [GeneratedRegex(@"^(?=.{1,64}\z)[a-zA-Z0-9-]+\.[a-zA-Z0-9]+\z")]
    private static partial Regex WellFormed();

    private sealed class AnySpellingOfTheModule : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => x == y || (x is not null && y is not null && Normalise(x) == Normalise(y));

        public int GetHashCode([DisallowNull] string obj) => StringComparer.Ordinal.GetHashCode(Normalise(obj));

        private static string Normalise(string name)
        {
            var module = ModuleNames.OfTool(name);
            return module.Length == name.Length ? name : ModuleNames.Normalise(module) + name[module.Length..];
        }
    }
}
