using System.Security.Cryptography;
using System.Text;

namespace Mana.PersonaRunner.Conversation;

/// <summary>
/// Maps MCP tool names to names that LLM APIs accept (<c>[a-zA-Z0-9_-]{1,64}</c>) and back, without collisions. The
/// journal, the metrics and the ratings use the MCP name; only the model sees the other.
/// </summary>
public sealed class ToolNames
{
    private const int MaxLength = 64;

    private readonly Dictionary<string, string> _toModel = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _toMcp = new(StringComparer.Ordinal);

    /// <summary>Maps the given names; the order does not matter.</summary>
    public ToolNames(IEnumerable<string> mcpNames)
    {
        var groups = mcpNames.Distinct(StringComparer.Ordinal).GroupBy(Sanitise, StringComparer.OrdinalIgnoreCase);
        foreach (var group in groups)
        {
            // A name that is unique and fits stays readable; all others carry a hash of the exact MCP name.
            var plain = group.Count() == 1 && group.Key.Length <= MaxLength && group.Key != RatingTool.Name;
            foreach (var name in group)
            {
                var model = plain ? group.Key : WithHash(group.Key, name);
                _toModel.Add(name, model);
                _toMcp.Add(model, name);
            }
        }
    }

    /// <summary>The name that the model sees.</summary>
    public string ToModel(string mcpName) => _toModel[mcpName];

    /// <summary>The MCP name behind a name that a model used, or null when there is no such tool.</summary>
    public string? ToMcp(string modelName) => _toMcp.GetValueOrDefault(modelName);

    private static string Sanitise(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var c in name)
        {
            text.Append(char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '_');
        }

        return text.Length == 0 ? "_" : text.ToString();
    }

    private static string WithHash(string sanitised, string name)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 5));
        return $"{sanitised[..Math.Min(sanitised.Length, MaxLength - hash.Length - 1)]}_{hash}";
    }
}
