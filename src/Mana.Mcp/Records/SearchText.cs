using System.Text;

namespace Mana.Mcp.Records;

/// <summary>Makes "Ärger" and "ärger" equal before they reach SQL, whose own lower() knows no umlauts on SQLite.</summary>
internal static class SearchText
{
    public static string Fold(string text) => text.Normalize(NormalizationForm.FormC).ToLowerInvariant();
}
