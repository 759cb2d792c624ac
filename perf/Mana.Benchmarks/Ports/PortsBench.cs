using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Mana.Ports.Checks;
using Mana.Ports.Model;

namespace Mana.Benchmarks.Ports;

/// <summary>What one run measured, in milliseconds. The first time in a process pays for what is compiled and loaded then, as a command does.</summary>
/// <param name="Services">How many the schema had.</param>
/// <param name="Bytes">Of its text.</param>
/// <param name="Findings">How many were found.</param>
/// <param name="FirstReadMs">Reading the text for the first time.</param>
/// <param name="FirstCheckMs">All rules for the first time.</param>
/// <param name="ReadMs">Median of reading the text again.</param>
/// <param name="CheckMs">Median of all rules again.</param>
/// <param name="CommandMs">Median of <c>mana ports check --file … --quiet</c>, from its start to its end, printing included.</param>
/// <param name="SlowestCommandMs">The slowest of these.</param>
public sealed record PortsBenchResult(
    int Services, int Bytes, int Findings, double FirstReadMs, double FirstCheckMs, double ReadMs, double CheckMs, double CommandMs, double SlowestCommandMs)
{
    /// <summary>The result for a terminal or a note.</summary>
    public string Render() => string.Create(CultureInfo.InvariantCulture, $"""
        {Services} services, {Bytes / 1024} KiB of schema, {Findings} findings
        in one process   first ms   median ms
        read           {FirstReadMs,10:0.0} {ReadMs,11:0.0}
        all rules      {FirstCheckMs,10:0.0} {CheckMs,11:0.0}
        together       {FirstReadMs + FirstCheckMs,10:0.0} {ReadMs + CheckMs,11:0.0}

        mana ports check --file … --quiet, from start to end: median {CommandMs:0} ms, slowest {SlowestCommandMs:0} ms
        """);
}

/// <summary>JSON of <c>mana bench ports --json</c>.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PortsBenchResult))]
public sealed partial class PortsBenchJson : JsonSerializerContext;

/// <summary>Reads and checks a very large port schema.</summary>
public static class PortsBench
{
    private const int Runs = 9, Commands = 7;
    private const int RangeSize = 200;

    /// <summary>Runs the measurement.</summary>
    /// <param name="services">How many services the schema has.</param>
    /// <param name="mana">The program whose command is measured, too.</param>
    /// <param name="cancellationToken">Cancels it between two runs.</param>
    /// <exception cref="BenchException">The command could not be run.</exception>
    public static async Task<PortsBenchResult> RunAsync(int services, string mana, CancellationToken cancellationToken)
    {
        var text = Schema(services);
        var today = new DateOnly(2026, 1, 1);
        var (reads, checks) = (new List<double>(), new List<double>());
        var findings = 0;
        for (var run = 0; run <= Runs; run++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = Stopwatch.GetTimestamp();
            var schema = SchemaReader.Read(text).Require();
            reads.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);

            started = Stopwatch.GetTimestamp();
            findings = SchemaCheck.Run(schema, today).Count;
            checks.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        var commands = await CommandsAsync(mana, text, cancellationToken);
        return new PortsBenchResult(
            services, Encoding.UTF8.GetByteCount(text), findings, reads[0], checks[0], Median(reads[1..]), Median(checks[1..]), Median(commands), commands.Max());
    }

    /// <summary>The command from its start to its end, again and again.</summary>
    private static async Task<List<double>> CommandsAsync(string mana, string text, CancellationToken cancellationToken)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, text, cancellationToken);
            var times = new List<double>();
            for (var run = 0; run < Commands; run++)
            {
                var started = Stopwatch.GetTimestamp();
                var ended = await BenchProcess.RunToEndAsync(mana, ["ports", "check", "--file", file, "--quiet"], new Dictionary<string, string>(), null, cancellationToken);
                times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                if (ended.Code is not (0 or 1))
                {
                    throw new BenchException($"mana ports check ended with {ended.Code}.\n{ended.Output}");
                }
            }

            return times;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Ten hosts, ranges side by side, a pair now and then, every twentieth service somewhere else than planned.</summary>
    private static string Schema(int services)
    {
        var text = new StringBuilder("schema: 1\nhosts:\n");
        for (var host = 0; host < 10; host++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  host-{host}: {{ title: Host {host}, address: 10.0.0.{host + 1} }}\n");
        }

        text.Append("ranges:\n");
        for (var first = 2000; first < 2000 + services; first += RangeSize)
        {
            text.Append(CultureInfo.InvariantCulture, $"  range-{first}: {{ title: Range {first}, first: {first}, last: {Math.Min(first + RangeSize - 1, PortSpan.Highest)} }}\n");
        }

        text.Append("services:\n");
        for (var i = 0; i < services; i++)
        {
            var port = 2000 + i;
            var real = i % 20 == 0 ? port + 1 : port;
            text.Append(CultureInfo.InvariantCulture, $"  service-{i}:\n    description: Does what service {i} does\n    runtime: Go\n");
            if (i % 10 == 9)
            {
                text.Append(CultureInfo.InvariantCulture, $"    pair: service-{i - 1}\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"    planned: {{ port: {port} }}\n");
            text.Append(CultureInfo.InvariantCulture, $"    real: {{ host: host-{i % 10}, port: {real}, status: running, health: /health, metrics: /metrics, since: 2026-01-01 }}\n");
        }

        return text.ToString();
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
