using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Mana.Benchmarks.Due;

/// <summary>What one run measured.</summary>
/// <param name="Database">Sqlite or PostgreSql.</param>
/// <param name="Personas">How many there were.</param>
/// <param name="Figures">One line for each kind of call.</param>
public sealed record DueBenchResult(string Database, int Personas, IReadOnlyList<CallFigures> Figures)
{
    /// <summary>The result as a table for a terminal or a note.</summary>
    public string Render()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Personas} personas in mana-auth on {Database}, over HTTP on loopback\n");
        text.Append(CultureInfo.InvariantCulture, $"{"call",-44} {"calls",6} {"rows",6} {"p50 ms",8} {"p99 ms",8}\n");
        foreach (var figure in Figures)
        {
            text.Append(CultureInfo.InvariantCulture, $"{figure.Call,-44} {figure.Calls,6} {figure.Rows,6} {figure.P50Ms,8:0.00} {figure.P99Ms,8:0.00}\n");
        }

        return text.ToString();
    }
}

/// <summary>One kind of call.</summary>
/// <param name="Call">In words.</param>
/// <param name="Calls">How many were measured.</param>
/// <param name="Rows">Personas in each answer.</param>
/// <param name="P50Ms">Median from the request to the last byte.</param>
/// <param name="P99Ms">99th percentile of the same.</param>
public sealed record CallFigures(string Call, int Calls, int Rows, double P50Ms, double P99Ms);

/// <summary>JSON of <c>mana bench due --json</c>.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DueBenchResult))]
public sealed partial class DueBenchJson : JsonSerializerContext;
