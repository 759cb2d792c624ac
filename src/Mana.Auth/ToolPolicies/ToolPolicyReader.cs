using System.Text.Json;
using Mana.Auth.Http;
using Mana.Contracts;

namespace Mana.Auth.ToolPolicies;

/// <summary>Reads <c>allowDestructive</c> out of a body and names every fault.</summary>
internal static class ToolPolicyReader
{
    public const string Member = "allowDestructive";

    /// <summary>The patterns, each once, in their order; null when <paramref name="faults"/> got entries.</summary>
    public static IReadOnlyList<string>? Read(JsonElement body, List<string> faults)
    {
        if (body.Member(Member) is not { ValueKind: JsonValueKind.Array } array)
        {
            faults.Add($"{Member} must be an array of patterns such as [\"todo.delete\", \"notes.*\"]");
            return null;
        }

        var patterns = new List<string>();
        var before = faults.Count;
        foreach (var element in array.EnumerateArray())
        {
            if (!((JsonElement?)element).TryGetText(out var pattern))
            {
                faults.Add($"{Member} must hold strings, not {((JsonElement?)element).TypeName()}");
            }
            else if (ToolPatterns.Fault(pattern) is { } fault)
            {
                faults.Add($"{Member}: {fault}");
            }
            else if (!patterns.Contains(pattern))
            {
                patterns.Add(pattern);
            }

            if (faults.Count - before >= 10)
            {
                // Who sends ten wrong ones needs no list of a thousand.
                return null;
            }
        }

        if (patterns.Count > ToolPatterns.MaxCount)
        {
            faults.Add($"{Member} must have at most {ToolPatterns.MaxCount} patterns; {ToolPatterns.All} means every tool");
        }

        return faults.Count == before ? patterns : null;
    }
}
