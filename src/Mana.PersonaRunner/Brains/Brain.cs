using Mana.PersonaRunner.Platform;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains;

/// <summary>Who speaks for the personas: a chat client, with the name that stands on every row it makes.</summary>
/// <param name="Name"><c>claude</c> or <c>simulated</c>.</param>
/// <param name="Model">The model; null where there is none.</param>
/// <param name="Client">
/// The conversation seam. Tool calls come as <see cref="FunctionCallContent"/> whose arguments are JSON elements in
/// the order the model gave them; a failed tool result goes back as a <see cref="FunctionResultContent"/> with its
/// <c>Exception</c> set. An assistant message is sent back exactly as it came (the same instance).
/// </param>
public sealed record Brain(string Name, string? Model, IChatClient Client)
{
    /// <summary>The name of the Claude brain.</summary>
    public const string Claude = "claude";

    /// <summary>The name of the simulated brain.</summary>
    public const string Simulated = "simulated";
}

/// <summary>
/// What the runner knows of the persona, beside the prompts, for brains that do not read German: it travels in
/// <see cref="ChatOptions.AdditionalProperties"/> under <see cref="Key"/> and never reaches a vendor's wire.
/// </summary>
/// <param name="Email">The persona.</param>
/// <param name="Archetype">Its archetype.</param>
/// <param name="ModuleMix">Module names as in the catalog, and their weights.</param>
/// <param name="Language">de or en.</param>
/// <param name="Today">The persona's local time.</param>
/// <param name="Seed">Makes the simulated brain's choices repeatable: from the tick's id.</param>
public sealed record PersonaHints(
    string Email,
    string Archetype,
    IReadOnlyDictionary<string, double> ModuleMix,
    string Language,
    DateTimeOffset Today,
    int Seed)
{
    /// <summary>The shared spaces that a call may name; empty where no tool takes one.</summary>
    public IReadOnlyList<SharedSpace> Spaces { get; init; } = [];

    /// <summary>The key in the additional properties.</summary>
    public const string Key = "mana.persona";
}

/// <summary>The kinds of failure of a model call that the runner tells apart.</summary>
public enum BrainFailure
{
    /// <summary>The key is wrong, the request was refused as malformed, or the model does not exist: repeating it is useless.</summary>
    Rejected,

    /// <summary>Rate limit, overload, server error or a broken connection, after all retries that the deadline allowed.</summary>
    Unavailable,

    /// <summary>The answer could not be read.</summary>
    Unreadable,
}

/// <summary>A model call failed for good. The message is fit for a person and free of secrets and prompts.</summary>
public sealed class BrainException(BrainFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Which kind of failure.</summary>
    public BrainFailure Failure { get; } = failure;
}
