using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Brains;

/// <summary>Puts the Claude brain together: the native Messages client under our own retries.</summary>
public static class ClaudeBrain
{
    /// <summary>Makes the brain. It is safe for concurrent use and lives as long as the service.</summary>
    /// <param name="settings">Key, address, model, limits.</param>
    /// <param name="handler">The connection; null for one of its own. Disposed with the brain's client.</param>
    /// <param name="permits">What each request needs a permit of.</param>
    /// <param name="system">The system's clock: time-outs and waits.</param>
    /// <param name="loggerFactory">Where retries are logged.</param>
    internal static Brain Create(
        ClaudeSettings settings, HttpMessageHandler? handler, ILlmPermits permits, TimeProvider system, ILoggerFactory loggerFactory)
    {
        var client = new PermitChatClient(new ClaudeChatClient(settings, handler ?? Connections(), system), permits, settings.MaxTokens);
        return new Brain(Brain.Claude, settings.Model, new RetryingChatClient(client, system, loggerFactory.CreateLogger<RetryingChatClient>()));
    }

    // A redirect would carry the prompt elsewhere; a wrong base URL is better told than followed.
    private static SocketsHttpHandler Connections() => new()
    {
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxConnectionsPerServer = 256,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        AllowAutoRedirect = false,
        UseCookies = false,
    };
}
