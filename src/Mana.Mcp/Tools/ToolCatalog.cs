using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Mana.Contracts;

namespace Mana.Mcp.Tools;

/// <summary>All tools of all modules: modules by name, tools in the order of their module.</summary>
internal sealed partial class ToolCatalog
{
    private readonly Dictionary<string, ToolDefinition> _tools;
    private readonly Dictionary<string, ToolDefinition> _admin;

    /// <exception cref="InvalidOperationException">A name is malformed or taken twice.</exception>
    public ToolCatalog(IEnumerable<ToolModule> modules)
    {
        var all = modules.OrderBy(module => module.Name, StringComparer.Ordinal).SelectMany(module => module.Tools()).ToList();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tool in all)
        {
            // LLM interfaces know no dots and at most 64 characters: two names must stay two when the dot becomes an underscore.
            if (!WellFormed().IsMatch(tool.Name) || !names.Add(tool.Name.Replace('.', '_')))
            {
                throw new InvalidOperationException($"The tool name {tool.Name} is malformed or taken.");
            }
        }

        Tools = [.. all.Where(tool => !tool.IsAdmin)];
        _tools = Tools.ToDictionary(tool => tool.Name, StringComparer.Ordinal);
        _admin = all.Where(tool => tool.IsAdmin).ToDictionary(tool => tool.Name, StringComparer.Ordinal);
        Modules = [.. Tools.Select(tool => tool.Module).Distinct()];
    }

    /// <summary>Names as callers may write them: <c>newsResearch.latest</c> is <c>news-research.latest</c>.</summary>
    public static IEqualityComparer<string> NameComparer { get; } = new AnySpellingOfTheModule();

    /// <summary>The tools that clients see.</summary>
    public IReadOnlyList<ToolDefinition> Tools { get; }

    /// <summary>The modules that clients see.</summary>
    public IReadOnlyList<string> Modules { get; }

    /// <summary>The tool that clients know by this name, or null; the module in any spelling.</summary>
    public ToolDefinition? Find(string? name) => name is null ? null : _tools.GetValueOrDefault(Plain(name));

    /// <summary>The tool of that name that nobody may call, or null.</summary>
    public ToolDefinition? FindAdmin(string? name) => name is null ? null : _admin.GetValueOrDefault(name);

    private static string Plain(string name)
    {
        var module = ModuleNames.OfTool(name);
        return module.Length == name.Length ? name : ModuleNames.Normalise(module) + name[module.Length..];
    }

    [GeneratedRegex(@"^(?=.{1,64}\z)[a-zA-Z0-9-]+\.[a-zA-Z0-9]+\z")]
    private static partial Regex WellFormed();

    private sealed class AnySpellingOfTheModule : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => x == y || (x is not null && y is not null && Plain(x) == Plain(y));

        public int GetHashCode([DisallowNull] string obj) => StringComparer.Ordinal.GetHashCode(Plain(obj));
    }
}
