using Mana.Hosting;

namespace Mana.PersonaRunner.Brains;

/// <summary>What the Claude brain needs to know.</summary>
/// <param name="ApiKey">The key; shown by nothing, <see cref="ToString"/> included.</param>
/// <param name="BaseUrl">The API, without a trailing slash.</param>
/// <param name="Model">The model.</param>
/// <param name="MaxTokens">The most tokens of one answer.</param>
/// <param name="CallTimeout">The most time for one call, from connecting to the last byte of the body.</param>
public sealed record ClaudeSettings(string ApiKey, Uri BaseUrl, string Model, int MaxTokens, TimeSpan CallTimeout)
{
    /// <summary>The configuration key of the API key.</summary>
    public const string ApiKeyKey = "ANTHROPIC_API_KEY";

    /// <summary>The configuration key of the API's address.</summary>
    public const string BaseUrlKey = "ANTHROPIC_BASE_URL";

    /// <summary>The configuration key of the model.</summary>
    public const string ModelKey = "ANTHROPIC_MODEL";

    /// <summary>The configuration key of the most tokens of one answer.</summary>
    public const string MaxTokensKey = "ANTHROPIC_MAX_TOKENS";

    /// <summary>The configuration key of the time for one call, in milliseconds.</summary>
    public const string CallTimeoutKey = "CLAUDE_CALL_TIMEOUT_MS";

    /// <summary>The model when none is configured.</summary>
    public const string DefaultModel = "claude-haiku-4-5";

    /// <summary>The most tokens of one answer when nothing is configured.</summary>
    public const int DefaultMaxTokens = 2048;

    /// <summary>Reads the settings; null when no key is set. Faults are gathered in any case.</summary>
    public static ClaudeSettings? Read(SettingsReader settings)
    {
        var baseUrl = settings.Url(BaseUrlKey, "https://api.anthropic.com");
        var model = settings.Text(ModelKey, DefaultModel);
        var maxTokens = settings.PositiveInt(MaxTokensKey, DefaultMaxTokens);
        var timeout = TimeSpan.FromMilliseconds(settings.PositiveInt(CallTimeoutKey, 120_000));
        var key = settings.Optional(ApiKeyKey)?.Trim();
        if (string.IsNullOrEmpty(key))
        {
            return null;
        }

        if (key.Any(character => character is <= ' ' or > '~'))
        {
            // A header cannot carry it, and the error of the HTTP stack would quote it.
            settings.Fault($"{ApiKeyKey} must be printable ASCII without spaces");
            return null;
        }

        return new ClaudeSettings(key, baseUrl, model, maxTokens, timeout);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{nameof(ClaudeSettings)} {{ {nameof(BaseUrl)} = {BaseUrl}, {nameof(Model)} = {Model}, {nameof(MaxTokens)} = {MaxTokens}, "
        + $"{nameof(CallTimeout)} = {CallTimeout} }}";
}
