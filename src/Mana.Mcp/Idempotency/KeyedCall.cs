using System.Text.Json;
using Mana.Contracts;
using Mana.Mcp.Access;

namespace Mana.Mcp.Idempotency;

/// <summary>A writing call that carries an idempotency key.</summary>
/// <param name="Space">The key is one within its space.</param>
/// <param name="Key">As the client sent it.</param>
/// <param name="Fingerprint">Which tool, by whom and with what: only the same call may be answered from memory.</param>
/// <param name="Author">Who calls.</param>
internal sealed record KeyedCall(SpaceId Space, string Key, string Fingerprint, UserId Author)
{
    // Of the control characters, NUL fits in no text of PostgreSQL, and none belongs in a name.
    private const int FirstPrintable = 0x20;

    private static readonly string Form =
        $"Invalid params: _meta[\"{McpWire.IdempotencyKey}\"] must be a text of 1 to {McpWire.MaxIdempotencyKey} characters without control characters";

    public static KeyedCall Of(Caller caller, string key, string tool, IDictionary<string, JsonElement> arguments) =>
        new(caller.Space, key, CallFingerprint.Of(caller.User, tool, arguments), caller.User);

    /// <summary>What is wrong with the key in the params of a call; null when nothing is, or when there is none.</summary>
    public static string? FaultIn(JsonElement parameters)
    {
        if (!parameters.TryGetProperty("_meta", out var meta)
            || meta.ValueKind != JsonValueKind.Object
            || !meta.TryGetProperty(McpWire.IdempotencyKey, out var key))
        {
            return null;
        }

        return key.ValueKind == JsonValueKind.String
            && key.GetString() is { Length: > 0 and <= McpWire.MaxIdempotencyKey } text
            && !text.AsSpan().ContainsAnyInRange('\0', (char)(FirstPrintable - 1))
            ? null
            : Form;
    }
}
