using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mana.Auth.Http;

/// <summary>
/// Reads request bodies member by member: the contract answers each fault with a text of its own, which a
/// deserializer's exception could not give.
/// </summary>
internal static class RequestBody
{
    /// <summary>Enough for credentials and names.</summary>
    public const int SmallLimit = 16 * 1024;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16 };

    /// <summary>The parsed body, or null when it is no JSON.</summary>
    /// <exception cref="BadHttpRequestException">413: longer than the limit.</exception>
    public static async Task<JsonElement?> ReadAsync(HttpContext context, int maxBytes)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = maxBytes;
        }

        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, Options, context.RequestAborted);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The member, or null when it is absent, JSON null, or the body is no object.</summary>
    public static JsonElement? Member(this JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null
            ? member
            : null;

    /// <summary>Takes a string that both databases can store: no lone surrogates, no NUL.</summary>
    public static bool TryGetText(this JsonElement? element, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (element is not { ValueKind: JsonValueKind.String } value)
        {
            return false;
        }

        try
        {
            text = value.GetString();
        }
        catch (InvalidOperationException)
        {
            return false;
        }

        if (text is null || text.Contains('\0', StringComparison.Ordinal))
        {
            text = null;
            return false;
        }

        return true;
    }

    /// <summary>A string of 1 to <paramref name="maxLength"/> characters that is not blank.</summary>
    public static bool TryGetText(this JsonElement? element, int maxLength, [NotNullWhen(true)] out string? text) =>
        element.TryGetText(out text) && text.Length <= maxLength && !string.IsNullOrWhiteSpace(text);

    /// <summary>An absent member, or a string of at most <paramref name="maxLength"/> characters.</summary>
    public static bool TryGetOptionalText(this JsonElement? element, int maxLength, out string? text)
    {
        text = null;
        return element is null || (element.TryGetText(out text) && text.Length <= maxLength);
    }

    /// <summary>A whole number in the range; <c>3.0</c> is one, <c>3.5</c> and <c>"3"</c> are not.</summary>
    public static bool TryGetInteger(this JsonElement? element, int minimum, int maximum, out int number)
    {
        number = 0;
        if (element is not { ValueKind: JsonValueKind.Number } value || !value.TryGetDouble(out var real) || real != Math.Floor(real) || real < minimum || real > maximum)
        {
            return false;
        }

        number = (int)real;
        return true;
    }

    /// <summary>The name of a member's type as the validation messages of the contract give it.</summary>
    public static string TypeName(this JsonElement? element) => element?.ValueKind switch
    {
        null or JsonValueKind.Undefined => "undefined",
        JsonValueKind.Null => "null",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => "string",
    };
}
