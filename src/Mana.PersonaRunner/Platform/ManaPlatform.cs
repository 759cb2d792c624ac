using Mana.Contracts;

namespace Mana.PersonaRunner.Platform;

/// <summary>The Mana platform: personas live in mana-auth and act through mana-mcp.</summary>
internal sealed class ManaPlatform(ManaAuthClient auth, PersonaSessions sessions, McpConnector mcp) : IPlatform
{
    public Task<IReadOnlyList<DuePersona>> PersonasAsync(string scope, IReadOnlyList<string> emails, CancellationToken cancellationToken) =>
        auth.PersonasAsync(scope, emails, cancellationToken);

    public IAsyncEnumerable<IReadOnlyList<DuePersona>> DueAsync(CancellationToken cancellationToken) =>
        auth.PagesAsync(TickScopes.Due, [], cancellationToken);

    public Task<PersonaAccess> SignInAsync(DuePersona persona, CancellationToken cancellationToken) =>
        sessions.OpenAsync(persona, cancellationToken);

    public Task<IPersonaTools> ConnectAsync(PersonaAccess access, CancellationToken cancellationToken) =>
        mcp.ConnectAsync(access, cancellationToken);
}
