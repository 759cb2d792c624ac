using System.Globalization;

namespace Mana.PersonaRunner.Brains;

/// <summary>The response headers of one call that the SDK's exceptions leave out.</summary>
internal sealed class ClaudeHeaders
{
    private static readonly AsyncLocal<ClaudeHeaders?> Current = new();

    public TimeSpan? RetryAfter { get; private set; }

    /// <summary>The server's own word on whether a retry makes sense (<c>x-should-retry</c>).</summary>
    public bool? ShouldRetry { get; private set; }

    /// <summary>Headers of the calls that this flow makes from here on are put into the result.</summary>
    public static ClaudeHeaders Collect() => Current.Value = new ClaudeHeaders();

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
    }

    private static string? Value(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    /// <summary>Fills the headers of the flow that the request belongs to.</summary>
    internal sealed class Handler(HttpMessageHandler inner, TimeProvider system) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            Current.Value?.Read(response, system.GetUtcNow());
            return response;
        }
    }
}
