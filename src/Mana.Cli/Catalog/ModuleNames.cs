using System.Text;

namespace Mana.Cli.Catalog;

/// <summary>Compares module names: catalogs write <c>newsResearch</c> where tools are called <c>news-research.…</c>.</summary>
public static class ModuleNames
{
    /// <summary>The form that two spellings of one module share: lower case, words joined by a hyphen.</summary>
    public static string Canonical(string module)
    {
        ArgumentNullException.ThrowIfNull(module);
        var text = new StringBuilder(module.Length + 4);
        foreach (var c in module)
        {
            if (char.IsUpper(c) && text.Length > 0 && text[^1] != '-')
            {
                text.Append('-');
            }

            text.Append(c == '_' ? '-' : char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    /// <summary>The module of an MCP tool name: the part before the first dot.</summary>
    public static string OfTool(string tool)
    {
        ArgumentNullException.ThrowIfNull(tool);
        var dot = tool.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? tool : tool[..dot];
    }
}
