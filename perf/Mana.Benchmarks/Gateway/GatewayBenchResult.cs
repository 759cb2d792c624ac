using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Mana.Benchmarks.Gateway;

/// <summary>What one run measured.</summary>
/// <param name="Database">Sqlite or PostgreSql.</param>
/// <param name="ProcessorCount">Of the machine that ran the gateway and its clients.</param>
/// <param name="Calls">One line for each policy mode, kind of call and number of clients.</param>
/// <param name="Clients">Clients with a connection each, in the memory figures.</param>
/// <param name="MemoryMb">Resident memory of the gateway before they came and while all are there.</param>
/// <param name="SearchedRecords">How many records were searched; 0 when the gateway has no search.</param>
public sealed record GatewayBenchResult(
    string Database, int ProcessorCount, IReadOnlyList<GatewayFigures> Calls, int Clients, GatewayMemory MemoryMb, int SearchedRecords)
{
    /// <summary>The result as a table for a terminal or a note.</summary>
    public string Render()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"mana-mcp on {Database}, {ProcessorCount} processors shared with its clients, over HTTP on loopback\n");
        text.Append(CultureInfo.InvariantCulture, $"{"policy",-9} {"call",-32} {"clients",7} {"calls",7} {"calls/s",8} {"p50 ms",8} {"p99 ms",8}\n");
        foreach (var one in Calls)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{one.Policy,-9} {one.Call,-32} {one.Clients,7} {one.Calls,7} {one.PerSecond,8:0} {one.P50Ms,8:0.00} {one.P99Ms,8:0.00}\n");
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $"memory: {MemoryMb.Before:0} MB before, {MemoryMb.With:0} MB with {Clients} clients connected, {(MemoryMb.With - MemoryMb.Before) * 1024 / Clients:0.0} KB each\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"{(SearchedRecords == 0 ? "search: skipped, the gateway has no search.everything" : $"search: over {SearchedRecords} records")}\n");
        return text.ToString();
    }
}

/// <summary>One kind of call at one number of clients.</summary>
/// <param name="Policy">The policy mode.</param>
/// <param name="Call">In words.</param>
/// <param name="Clients">How many called side by side.</param>
/// <param name="Calls">How many were measured.</param>
/// <param name="PerSecond">Calls per second over all clients.</param>
/// <param name="P50Ms">Median from the request to the last byte.</param>
/// <param name="P99Ms">99th percentile of the same.</param>
public sealed record GatewayFigures(string Policy, string Call, int Clients, int Calls, double PerSecond, double P50Ms, double P99Ms);

/// <summary>Resident memory of the gateway, in MB.</summary>
public sealed record GatewayMemory(double Before, double With);

/// <summary>JSON of <c>mana bench gateway --json</c>.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GatewayBenchResult))]
public sealed partial class GatewayBenchJson : JsonSerializerContext;
