using System.Text;

namespace Mana.Contracts;

/// <summary>How modules are named: before the first dot of a tool's name, kebab-case there, camelCase in some catalogs.</summary>
public static class ModuleNames
{
    /// <summary>The module of an MCP tool: <c>todo.create</c> gives <c>todo</c>; a name without a dot is its own module.</summary>
    public static string OfTool(string tool)
    {
        var dot = tool.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 ? tool[..dot] : tool;
    }

    /// <summary>One spelling for comparison: <c>newsResearch</c>, <c>news_research</c> and <c>news-research</c> are the same module.</summary>
    public static string Normalise(string module)
    {
        var text = new StringBuilder(module.Length + 4);
        for (var i = 0; i < module.Length; i++)
        {
            var c = module[i];
            if (c is '_' or ' ' or '-')
            {
                text.Append('-');
                continue;
            }

            if (char.IsUpper(c) && i > 0 && text[^1] != '-')
            {
                text.Append('-');
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
