using System.Text.Json;
using Mana.Contracts;

namespace Mana.PersonaRunner.Platform;

/// <summary>The product that the personas live in: where they sign in and which tools they find there.</summary>
internal interface IPlatform
{
    /// <summary>The personas that the scope means, in the order in which they should run.</summary>
    /// <param name="scope">One of <see cref="TickScopes"/>.</param>
    /// <param name="emails">The only ones that are wanted; empty for all. The answer may hold others nevertheless.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <exception cref="PlatformException">The platform cannot be asked.</exception>
    Task<IReadOnlyList<DuePersona>> PersonasAsync(string scope, IReadOnlyList<string> emails, CancellationToken cancellationToken);

    /// <summary>
    /// Those who are due, whoever waits longest first, in pages: who has enough asks for no further one.
    /// </summary>
    /// <exception cref="PlatformException">The platform cannot be asked.</exception>
    IAsyncEnumerable<IReadOnlyList<DuePersona>> DueAsync(CancellationToken cancellationToken);

    /// <summary>Signs the persona in as an ordinary user and finds its personal space.</summary>
    /// <exception cref="PlatformException">Wrong credentials, no personal space, or no answer.</exception>
    Task<PersonaAccess> SignInAsync(DuePersona persona, CancellationToken cancellationToken);

    /// <summary>Opens an MCP session with the persona's identity and space.</summary>
    /// <exception cref="PlatformException">The gateway refuses or cannot be reached.</exception>
    Task<IPersonaTools> ConnectAsync(PersonaAccess access, CancellationToken cancellationToken);
}

/// <summary>A signed-in persona: asks for a token when it needs one, so that a tick may outlive a token.</summary>
/// <param name="userId">The persona's user id, as the platform knows it.</param>
/// <param name="spaceId">Its personal space.</param>
/// <param name="timeZone">Its IANA time zone; null when it has none.</param>
/// <param name="sharedSpaces">Where else it belongs.</param>
/// <param name="token">Gives a JWT; when it is handed one that was refused, another one.</param>
internal sealed class PersonaAccess(
    UserId userId, SpaceId spaceId, string? timeZone, IReadOnlyList<SharedSpace> sharedSpaces, Func<string?, CancellationToken, ValueTask<string>> token)
{
    /// <summary>The persona's user id, as the platform knows it.</summary>
    public UserId UserId { get; } = userId;

    /// <summary>Its personal space: where it acts unless a call names another.</summary>
    public SpaceId SpaceId { get; } = spaceId;

    /// <summary>The spaces that it shares with others.</summary>
    public IReadOnlyList<SharedSpace> SharedSpaces { get; } = sharedSpaces;

    /// <summary>Where it lives, so that "today" is its day; null when nobody knows.</summary>
    public string? TimeZone { get; } = timeZone;

    /// <summary>A JWT that is good for at least the next minute. Never log it.</summary>
    public ValueTask<string> TokenAsync(CancellationToken cancellationToken) => token(null, cancellationToken);

    /// <summary>Another JWT than the one that a server refused before its time: the session was revoked, or the key withdrawn.</summary>
    public ValueTask<string> RenewAsync(string refused, CancellationToken cancellationToken) => token(refused, cancellationToken);
}

/// <summary>The tools of one MCP session.</summary>
internal interface IPersonaTools : IAsyncDisposable
{
    /// <summary>What the server offers, in its order.</summary>
    IReadOnlyList<ToolDefinition> Tools { get; }

    /// <summary>Whether the server carries out a call once however often it comes with the same key.</summary>
    bool HonoursKeys { get; }

    /// <summary>Calls a tool. A failing tool is a result, not an exception.</summary>
    /// <param name="tool">The MCP name.</param>
    /// <param name="arguments">What the model gave.</param>
    /// <param name="key">Names the call for ever: a repetition carries the same.</param>
    /// <param name="cancellationToken">Cancels the waiting; the server may carry the call out nevertheless.</param>
    /// <exception cref="PlatformException">The server could not be reached or refused the session: nothing is known of the call.</exception>
    Task<ToolResult> CallAsync(string tool, IReadOnlyDictionary<string, object?> arguments, string key, CancellationToken cancellationToken);
}

/// <summary>A tool as the server describes it: its MCP name, a description for the model, the exact input schema.</summary>
/// <param name="Name">With its dots.</param>
/// <param name="Description">For the model.</param>
/// <param name="InputSchema">As the server gave it.</param>
/// <param name="IsReadOnly">The server says that it changes nothing: it may be called again at any time.</param>
internal sealed record ToolDefinition(string Name, string Description, JsonElement InputSchema, bool IsReadOnly)
{
    /// <summary>The part of the name before the first dot.</summary>
    public string Module { get; } = ModuleNames.OfTool(Name);

    /// <summary>Whether a call can say in which space it is to act.</summary>
    public bool TakesSpace { get; } = InputSchema is { ValueKind: JsonValueKind.Object }
        && InputSchema.TryGetProperty("properties", out var properties)
        && properties.ValueKind == JsonValueKind.Object
        && properties.TryGetProperty(SharedSpace.Argument, out _);
}

/// <summary>What a tool answered.</summary>
internal sealed record ToolResult(bool IsError, string Text);

/// <summary>The platform failed at a stage; the message is fit for a person and free of secrets.</summary>
internal sealed class PlatformException(string stage, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>One of <see cref="Ticks.TickStages"/>.</summary>
    public string Stage { get; } = stage;

    /// <summary>The HTTP status behind it, where there was one.</summary>
    public int? StatusCode { get; init; }
}
