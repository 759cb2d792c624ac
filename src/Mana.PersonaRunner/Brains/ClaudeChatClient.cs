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
    private readonly ClaudeSettings _settings;
    private readonly TimeProvider _system;
    private readonly HttpClient _http;
    private readonly AnthropicClient _client;
    private readonly ChatClientMetadata _metadata;

    public ClaudeChatClient(ClaudeSettings settings, HttpMessageHandler handler, TimeProvider system)
    {
        _settings = settings;
        _system = system;
        _http = new HttpClient(new ClaudeHeaders.Handler(handler, system)) { Timeout = Timeout.InfiniteTimeSpan };

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
        var body = ClaudeRequest.Body(conversation, options, _settings);
        var headers = ClaudeHeaders.Collect();

        // The SDK's own time-out ends at the response headers; this one also covers a body that never ends.
        using var timeout = new CancellationTokenSource(_settings.CallTimeout, _system);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var message = await _client.Messages.Create(MessageCreateParams.FromRawUnchecked(None, None, body), both.Token);
            var response = ClaudeResponse.Read(message.RawData, _system.GetUtcNow());
            if (headers.Limits is { } limits)
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
            throw ClaudeFaults.Translate(exception, headers, _settings, conversation);
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
