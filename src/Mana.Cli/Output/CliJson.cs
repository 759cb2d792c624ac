using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mana.Cli.Commands.Simulate;
using Mana.Contracts;

namespace Mana.Cli.Output;

/// <summary>One persona of <c>mana seed --json</c>.</summary>
internal sealed record SeededPersona(string Email, string Name, string Archetype, bool Ok, string? UserId, string? Error);

/// <summary>One shared space of <c>mana seed --json</c>.</summary>
internal sealed record SeededSpace(string Slug, string Name, string Type, bool Ok, string? SpaceId, string? Error);

/// <summary>Result of <c>mana seed --json</c>.</summary>
internal sealed record SeedReport(
    string AuthUrl, bool DryRun, IReadOnlyList<SeededPersona> Personas, IReadOnlyList<SeededSpace> Spaces, IReadOnlyList<string> Warnings);

/// <summary>
/// One finding of <c>mana personas lint --json</c>: <c>missing-module</c>, <c>duplicate-email</c>, <c>no-mix</c> or
/// <c>unknown-member</c>.
/// </summary>
internal sealed record LintFinding(string Kind, string? Module, IReadOnlyList<string> Personas, string Message);

/// <summary>Result of <c>mana personas lint --json</c>; <c>Notes</c> are worth knowing and no fault.</summary>
internal sealed record LintReport(
    bool Ok, string Catalog, IReadOnlyList<string> LiveModules, IReadOnlyList<LintFinding> Findings, IReadOnlyList<string> Notes);

/// <summary>One deletion of <c>mana personas cleanup --json</c>.</summary>
internal sealed record CleanedPersona(string Email, bool InCatalog, bool Deleted, string? Error);

/// <summary>Result of <c>mana personas cleanup --json</c>.</summary>
internal sealed record CleanupReport(IReadOnlyList<CleanedPersona> Personas, IReadOnlyList<string> Kept, IReadOnlyList<string> Spaces);

/// <summary>Result of <c>mana tick run --wait --json</c>.</summary>
internal sealed record TickRunReport(IReadOnlyList<TickSummary> Ticks, IReadOnlyList<SkippedPersona> Skipped);

/// <summary>Result of <c>mana admin create --json</c>; the password only where it was made here.</summary>
internal sealed record AdminReport(string Email, string Name, string? Password);

/// <summary>One table of <c>mana purge --json</c>; <c>Remaining</c> is null where the service does not count.</summary>
internal sealed record PurgedTable(string Service, string Table, long? Deleted, long? Remaining);

/// <summary>Result of <c>mana purge --json</c>; <c>Ok</c> when every table was counted and holds nothing.</summary>
internal sealed record PurgeReport(
    bool Ok, string? Persona, string? Run, IReadOnlyList<string> Ticks, IReadOnlyList<PurgedTable> Tables, IReadOnlyList<PurgedSpace> Spaces);

/// <summary>One check of <c>mana doctor --json</c>: <c>ok</c>, <c>warning</c> or <c>broken</c>.</summary>
internal sealed record DoctorCheck(string Name, string State, string Detail, string? Fix);

/// <summary>Result of <c>mana doctor --json</c>.</summary>
internal sealed record DoctorReport(bool Ok, IReadOnlyList<DoctorCheck> Checks);

/// <summary>A line of <c>mana up --json</c> and <c>mana serve --json</c> about a service; ticks are lines of <see cref="TickEvent"/>.</summary>
internal sealed record ServiceLine(string Kind, string Service, string Url, string Version, string? Brain = null);

/// <summary>The part of the runner's <c>/api/v1/live</c> that tells of failures.</summary>
internal sealed record LivePersonas(IReadOnlyList<RestingPersona> Personas);

/// <summary>A persona as the runner knows it; one that fails rests.</summary>
internal sealed record RestingPersona(string Email, int Failures, string? LastError, DateTimeOffset? NotBefore);

/// <summary>The part of any service's <c>/health</c> that all of them have.</summary>
internal sealed record HealthView(string? Status, string? Service, string? Version, string? Brain, string? Model);

/// <summary>The command line's JSON: indented for people, umlauts unescaped.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, Converters = [typeof(IsoTimeConverter)])]
[JsonSerializable(typeof(IReadOnlyList<PersonaSummary>))]
[JsonSerializable(typeof(PersonaDetailResponse))]
[JsonSerializable(typeof(SeedReport))]
[JsonSerializable(typeof(LintReport))]
[JsonSerializable(typeof(CleanupReport))]
[JsonSerializable(typeof(TickRunReport))]
[JsonSerializable(typeof(RunTicksResponse))]
[JsonSerializable(typeof(IReadOnlyList<TickSummary>))]
[JsonSerializable(typeof(IReadOnlyList<RunSummary>))]
[JsonSerializable(typeof(TickDetail))]
[JsonSerializable(typeof(CancelTickResponse))]
[JsonSerializable(typeof(RetryTickResponse))]
[JsonSerializable(typeof(SetAsideTickResponse))]
[JsonSerializable(typeof(ClusterResponse))]
[JsonSerializable(typeof(TickEvent))]
[JsonSerializable(typeof(PauseResponse))]
[JsonSerializable(typeof(PurgeReport))]
[JsonSerializable(typeof(OAuthClientView))]
[JsonSerializable(typeof(IReadOnlyList<OAuthClientView>))]
[JsonSerializable(typeof(AdminReport))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(ServiceLine))]
[JsonSerializable(typeof(HealthView))]
[JsonSerializable(typeof(LivePersonas))]
[JsonSerializable(typeof(SimulationReport))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>A document for people.</summary>
    public static CliJson Indented { get; } = new(Make(indented: true));

    /// <summary>One object a line.</summary>
    public static CliJson Lines { get; } = new(Make(indented: false));

    private static JsonSerializerOptions Make(bool indented) => new(JsonSerializerDefaults.Web)
    {
        WriteIndented = indented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new IsoTimeConverter() },
    };
}
