using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Tools;

/// <summary>What a tool does to the records: it decides the annotations and what the policy gate thinks of it.</summary>
internal enum ToolEffect
{
    /// <summary>Nothing changes.</summary>
    Reads,

    /// <summary>Each call adds something.</summary>
    Adds,

    /// <summary>Something changes; the same call twice is as good as once.</summary>
    Changes,

    /// <summary>Something is gone afterwards.</summary>
    Deletes,
}

/// <summary>Whom a tool is for.</summary>
internal enum ToolScope
{
    /// <summary>For users in their spaces.</summary>
    UserSpace,

    /// <summary>For the administration of the product: never shown and never run here, whoever asks.</summary>
    Admin,
}

/// <summary>A tool with everything that the gateway needs to export, check, judge and run it.</summary>
/// <param name="Name">module.verb</param>
/// <param name="Title">For people.</param>
/// <param name="Description">For the model: what it does and when to use it.</param>
/// <param name="Effect">What it does to the records.</param>
/// <param name="Input">The arguments.</param>
/// <param name="OutputSchema">The shape of the structured result.</param>
/// <param name="RunAsync">Runs on checked arguments, defaults included.</param>
/// <param name="InsteadOfDeleting">What to do where a destructive tool is not allowed.</param>
/// <param name="IsOpenWorld">Whether what it answers comes from the internet.</param>
internal sealed record ToolDefinition(
    string Name,
    string Title,
    string Description,
    ToolEffect Effect,
    InputSchema Input,
    JsonElement OutputSchema,
    Func<JsonObject, ToolCall, CancellationToken, Task<JsonObject>> RunAsync,
    string? InsteadOfDeleting = null,
    bool IsOpenWorld = false)
{
    /// <summary>Whom it is for.</summary>
    public ToolScope Scope { get; init; } = ToolScope.UserSpace;

    public bool IsAdmin => Scope == ToolScope.Admin;

    /// <summary>Whether it works in one space, and a call may name another than the active one: all do that keep records.</summary>
    public bool TakesSpace => Module != "spaces";

    /// <summary>Whether it may change records; then it must await nothing but these (see <see cref="Records.RecordStore.ChangeAsync"/>).</summary>
    public bool Writes => Effect != ToolEffect.Reads;

    /// <summary>The part of the name before the first dot.</summary>
    public string Module => Name[..Name.IndexOf('.', StringComparison.Ordinal)];
}
