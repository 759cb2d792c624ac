using System.Text.Json;
using Mana.Contracts;
using Mana.PersonaRunner.Platform;

namespace Mana.Benchmarks.Light;

/// <summary>The real client of <see cref="LightAuth"/>, and tools that answer at once instead of an MCP session.</summary>
internal sealed class LightPlatform(ManaAuthClient auth, PersonaSessions sessions, LightTools tools) : IPlatform
{
    public Task<IReadOnlyList<DuePersona>> PersonasAsync(string scope, IReadOnlyList<string> emails, CancellationToken cancellationToken) =>
        auth.PersonasAsync(scope, emails, cancellationToken);

    public IAsyncEnumerable<IReadOnlyList<DuePersona>> DueAsync(CancellationToken cancellationToken) =>
        auth.PagesAsync(TickScopes.Due, [], cancellationToken);

    public Task<PersonaAccess> SignInAsync(DuePersona persona, CancellationToken cancellationToken) => sessions.OpenAsync(persona, cancellationToken);

    public Task<IPersonaTools> ConnectAsync(PersonaAccess access, CancellationToken cancellationToken) => Task.FromResult<IPersonaTools>(tools);
}

/// <summary>Two tools of one module, or none: then a visit ends right after the sign-in.</summary>
internal sealed class LightTools : IPersonaTools
{
    public const string Module = "todo";

    private static readonly ToolDefinition[] All =
    [
        new(
            "todo.create", "Creates a task.",
            JsonElement.Parse("""{"type":"object","properties":{"title":{"type":"string","minLength":1,"maxLength":200}},"required":["title"]}"""), IsReadOnly: false),
        new("todo.list", "Lists the tasks.", JsonElement.Parse("""{"type":"object","properties":{}}"""), IsReadOnly: true),
    ];

    private volatile bool _offered = true;

    public bool AreOffered
    {
        set => _offered = value;
    }

    public IReadOnlyList<ToolDefinition> Tools => _offered ? All : [];

    public bool HonoursKeys => true;

    public Task<ToolResult> CallAsync(string tool, IReadOnlyDictionary<string, object?> arguments, string key, CancellationToken cancellationToken) =>
        Task.FromResult(new ToolResult(false, tool == "todo.list" ? """{"tasks":[]}""" : """{"id":"1","title":"one","done":false}"""));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
