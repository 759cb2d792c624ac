using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Mana.Cli.Output;
using Mana.Ports.Checks;

namespace Mana.Cli.Commands.Ports;

/// <summary>A row of <c>mana ports list --json</c>.</summary>
internal sealed record PortRow(
    string Service, string? Name, string Status, int? Planned, int? Real, string? Host, string? Range, string? Protocol, string? Public,
    string? Health, string? Metrics, int? Container, string? Pair, string? Runtime, string? Description, int Line);

/// <summary>A finding of <c>mana ports check --json</c>; <c>Severity</c> is error, warning or info.</summary>
internal sealed record FindingRow(
    string Rule, string Severity, string Subject, int? Port, string? Other, string Message, string Path, int Line, int Column, string? AllowedUntil, string? Reason);

/// <summary>Result of <c>mana ports check --json</c>.</summary>
internal sealed record CheckReport(bool Ok, int Errors, int Warnings, int Infos, int Allowed, IReadOnlyList<FindingRow> Findings);

/// <summary>A rule of <c>mana ports explain --json</c>.</summary>
internal sealed record RuleRow(string Id, string Name, string Severity, string Summary, string Explanation);

/// <summary>Result of <c>mana ports next --json</c>.</summary>
internal sealed record NextReport(string Range, IReadOnlyList<int> Ports);

/// <summary>Something that is known about a number: <c>range</c>, <c>planned</c>, <c>real</c>, <c>reserved</c>, <c>objection</c>, <c>finding</c> or <c>file</c>.</summary>
internal sealed record WhyRow(string Kind, string Text, string? Path, int? Line);

/// <summary>Result of <c>mana ports why --json</c>.</summary>
internal sealed record WhyReport(int Port, bool Free, IReadOnlyList<WhyRow> Facts);

/// <summary>Result of <c>mana ports render --write --json</c>.</summary>
internal sealed record RenderReport(IReadOnlyList<string> Written, IReadOnlyList<string> Unchanged);

/// <summary>Result of <c>mana ports add|move|remove --json</c>.</summary>
internal sealed record ChangeReport(string Service, int? Port, bool Written, IReadOnlyList<string> Files, string Diff);

/// <summary>Result of <c>mana ports import --json</c>.</summary>
internal sealed record ImportReport(string Path, int Services, int Ranges, int Files, int Errors);

/// <summary>A port of <c>mana ports scan --json</c>; <c>State</c> is expected, conflict, unseen, unclaimed or silent.</summary>
internal sealed record ScanLine(
    int Port, string Protocol, string State, IReadOnlyList<string> Services, string? Range, string? Address, int? ProcessId, string? Process);

/// <summary>Result of <c>mana ports scan --json</c>.</summary>
internal sealed record ScanReport(bool Ok, int Conflicts, IReadOnlyList<ScanLine> Ports);

/// <summary>JSON of <c>mana ports …</c>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(IReadOnlyList<PortRow>))]
[JsonSerializable(typeof(CheckReport))]
[JsonSerializable(typeof(IReadOnlyList<RuleRow>))]
[JsonSerializable(typeof(NextReport))]
[JsonSerializable(typeof(WhyReport))]
[JsonSerializable(typeof(IReadOnlyList<PortDifference>))]
[JsonSerializable(typeof(RenderReport))]
[JsonSerializable(typeof(ChangeReport))]
[JsonSerializable(typeof(ImportReport))]
[JsonSerializable(typeof(ScanReport))]
internal sealed partial class PortsJson : JsonSerializerContext
{
    private static readonly PortsJson Indented = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static void Write<T>(CommandContext context, T value, Func<PortsJson, JsonTypeInfo<T>> shape) =>
        context.Environment.Out.WriteLine(JsonSerializer.Serialize(value, shape(Indented)));
}
