using System.Text.RegularExpressions;

namespace Mana.Contracts;

/// <summary>
/// The patterns of a tool policy: <c>todo.delete</c> names a tool, <c>notes.*</c> every tool of a module, <c>*</c> all.
/// </summary>
public static partial class ToolPatterns
{
    /// <summary>The pattern that means every tool.</summary>
    public const string All = "*";

    /// <summary>The most patterns of one policy.</summary>
    public const int MaxCount = 100;

    /// <summary>As long as the longest name of a tool.</summary>
    public const int MaxLength = 64;

    /// <summary>What is wrong with a pattern, as a sentence that says what would be right; null when it is sound.</summary>
    public static string? Fault(string pattern) =>
        pattern.Length <= MaxLength && Sound().IsMatch(pattern)
            ? null
            : Module().IsMatch(pattern) && pattern.Length < MaxLength - 1
                ? $"\"{pattern}\" names no tool; write {pattern}.* for every tool of the module"
                : $"\"{(pattern.Length > MaxLength ? pattern[..MaxLength] + "…" : pattern)}\" is no pattern; write a tool (todo.delete), a module (notes.*) or *";

    /// <summary>Whether one of the patterns means the tool; modules compare in one spelling (<see cref="ModuleNames.Normalise"/>).</summary>
    public static bool Allows(IEnumerable<string> patterns, string tool)
    {
        foreach (var pattern in patterns)
        {
            if (pattern == All || pattern == tool)
            {
                return true;
            }

            if (pattern.EndsWith(".*", StringComparison.Ordinal)
                && ModuleNames.Normalise(pattern[..^2]) == ModuleNames.Normalise(ModuleNames.OfTool(tool)))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(@"^(\*|[a-zA-Z][a-zA-Z0-9_-]*\.(\*|[a-zA-Z0-9_][a-zA-Z0-9_.-]*))\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sound();

    [GeneratedRegex(@"^[a-zA-Z][a-zA-Z0-9_-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Module();
}
