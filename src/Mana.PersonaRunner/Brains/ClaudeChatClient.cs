using System.Runtime.CompilerServices;
using System.Text.Json;
using Anthropic;
using Anthropic.Core;
using Anthropic.Models.Messages;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains;

/// <summary>
/// Claude through the official SDK's native Messages API. Schemas and arguments pass as they are, an assistant message
/// goes back block by block as it came, failed results say so, and the prompt is cached. It makes one attempt and
/// reports a failure as <see cref="ModelCallException"/>.
/// </summary>
internal sealed class ClaudeChatClient : IChatClient
{
    private static readonly Dictionary<string, JsonElement> None = [];

    // What the SDK looks at before it sends a request; what goes out in its place is the exchange's body.
    private static readonly Dictionary<string, JsonElement> Stub = new()
    {
        ["model"] = JsonElement.Parse("\"\""u8),
        ["max_tokens"] = JsonElement.Parse("1"u8),
        ["messages"] = JsonElement.Parse("[]"u8),
    };

    private readonly ClaudeSettings _settings;
    private readonly TimeProvider _system;
    private readonly HttpClient _http;
    private readonly AnthropicClient _client;
    private readonly ChatClientMetadata _metadata;

    public ClaudeChatClient(ClaudeSettings settings, HttpMessageHandler handler, TimeProvider system)
    {
        _settings = settings;
        _system = system;
        _http = new HttpClient(new ClaudeExchange.Handler(handler, system)) { Timeout = Timeout.InfiniteTimeSpan };

        // Everything is said here: what is left unset, the SDK takes from the process's environment.
        _client = new AnthropicClient(new ClientOptions
        {
            ApiKey = settings.ApiKey,
            AuthToken = null,
            BaseUrl = settings.BaseUrl.AbsoluteUri.TrimEnd('/'),
            HttpClient = _http,
            MaxRetries = 0,
            Timeout = settings.CallTimeout,
            OpenTelemetry = false,
        });
        _metadata = new ChatClientMetadata("anthropic", settings.BaseUrl, settings.Model);
    }

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var conversation = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var exchange = ClaudeExchange.Begin(ClaudeRequest.Body(conversation, options, _settings));

        // The SDK's own time-out ends at the response headers; this one also covers a body that never ends.
        using var timeout = new CancellationTokenSource(_settings.CallTimeout, _system);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var message = await _client.Messages.Create(MessageCreateParams.FromRawUnchecked(None, None, Stub), both.Token);
            var response = ClaudeResponse.Read(message.RawData, _system.GetUtcNow());
            if (exchange.Limits is { } limits)
            {
                (response.AdditionalProperties ??= [])[ModelRateLimits.Key] = limits;
            }

            return response;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
        catch (Exception exception)
        {
            throw ClaudeFaults.Translate(exception, exchange, _settings, conversation);
        }
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (var update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(System.Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose()
    {
        _client.Dispose();
        _http.Dispose();
    }
}
