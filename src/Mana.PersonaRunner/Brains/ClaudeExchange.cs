using System.Globalization;

namespace Mana.PersonaRunner.Brains;

/// <summary>
/// What passes the SDK by in one call: the body of the request, which the SDK would hold as a copy of its own for as long
/// as the model thinks, and the headers of the response, which its exceptions leave out.
/// </summary>
internal sealed class ClaudeExchange
{
    private static readonly AsyncLocal<ClaudeExchange?> Current = new();
    private readonly ClaudeBody _body;

    private ClaudeExchange(ClaudeBody body) => _body = body;

    public TimeSpan? RetryAfter { get; private set; }

    /// <summary>The server's own word on whether a retry makes sense (<c>x-should-retry</c>).</summary>
    public bool? ShouldRetry { get; private set; }

    /// <summary>The rate limits of the key; null when the server states none.</summary>
    public ModelRateLimits? Limits { get; private set; }

    /// <summary>The call that this flow makes next sends the body, and its response's headers are put into the result.</summary>
    public static ClaudeExchange Begin(ClaudeBody body) => Current.Value = new ClaudeExchange(body);

    private void Read(HttpResponseMessage response, DateTimeOffset now)
    {
        if (Value(response, "retry-after-ms") is { } text && double.TryParse(text, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds >= 0)
        {
            RetryAfter = TimeSpan.FromMilliseconds(Math.Min(milliseconds, int.MaxValue));
        }
        else if (Value(response, "retry-after") is { } seconds && double.TryParse(seconds, CultureInfo.InvariantCulture, out var wait) && wait >= 0)
        {
            // Fractions of a second are sent too, which the typed header refuses.
            RetryAfter = TimeSpan.FromSeconds(Math.Min(wait, TimeSpan.FromDays(1).TotalSeconds));
        }
        else if (response.Headers.RetryAfter?.Date is { } date)
        {
            RetryAfter = date > now ? date - now : TimeSpan.Zero;
        }

        ShouldRetry = Value(response, "x-should-retry") switch
        {
            "true" => true,
            "false" => false,
            _ => null,
        };
        Limits = ReadLimits(response);
    }

    private static ModelRateLimits? ReadLimits(HttpResponseMessage response)
    {
        var requests = Rate(response, "requests");
        var output = Rate(response, "output-tokens");

        // Older gateways state one limit for all tokens; taken as the limit on input, which is by far the larger part.
        var input = Rate(response, "input-tokens") ?? (output is null ? Rate(response, "tokens") : null);
        return requests is null && input is null && output is null ? null : new ModelRateLimits(requests, input, output);
    }

    private static ModelRate? Rate(HttpResponseMessage response, string kind) =>
        Number(response, $"anthropic-ratelimit-{kind}-limit") is { } limit and > 0
            ? new ModelRate(limit, Number(response, $"anthropic-ratelimit-{kind}-remaining"))
            : null;

    private static long? Number(HttpResponseMessage response, string name) =>
        long.TryParse(Value(response, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Value(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    /// <summary>Serves the flow that the request belongs to.</summary>
    internal sealed class Handler(HttpMessageHandler inner, TimeProvider system) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var exchange = Current.Value ?? throw new InvalidOperationException("A request to Claude has no exchange.");
            request.Content = exchange._body.ToContent();
            var response = await base.SendAsync(request, cancellationToken);
            exchange.Read(response, system.GetUtcNow());
            return response;
        }
    }
}
