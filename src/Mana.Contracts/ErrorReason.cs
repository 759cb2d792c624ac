using System.Text.Json;

namespace Mana.Contracts;

/// <summary>Reads the reason out of an error body, whichever of the wire contract's envelopes it is.</summary>
public static class ErrorReason
{
    private const int MaxLength = 300;

    /// <summary>The body's <c>error</c>, <c>message</c> and <c>details</c> as one line; the body itself when it is none of the envelopes.</summary>
    public static string Of(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Shorten(document.RootElement.ValueKind == JsonValueKind.Object && Members(document.RootElement) is { Length: > 0 } told ? told : body);
        }
        catch (JsonException)
        {
            // Plain text, as the contract's 404 is.
            return Shorten(body);
        }
    }

    /// <summary>One line of bounded length.</summary>
    public static string Shorten(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= MaxLength ? line : line[..MaxLength] + "…";
    }

    private static string Members(JsonElement envelope)
    {
        var parts = new List<string>();
        foreach (var name in (ReadOnlySpan<string>)["error", "message", "details"])
        {
            if (!envelope.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            var text = value.ValueKind == JsonValueKind.Array ? string.Join(", ", value.EnumerateArray()) : value.ToString();
            if (!parts.Contains(text))
            {
                parts.Add(text);
            }
        }

        return string.Join(": ", parts);
    }
}
