using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Mana.Contracts;

namespace Mana.Mcp.Idempotency;

/// <summary>
/// A hash over user, tool and arguments that does not depend on how JSON is written: neither on the order of members,
/// white space and escapes, nor on 1 or 1.0. It is taken of what was sent, before defaults, so that a new version with
/// other defaults still knows a call of the old one.
/// </summary>
internal static class CallFingerprint
{
    // Within these digits a decimal is exact; longer numbers are compared as they are written.
    private const int ExactDigits = 28;

    // Dividing by it takes the zeros after the last digit away.
    private const decimal Shortest = 1.0000000000000000000000000000m;

    public static string Of(UserId user, string tool, IDictionary<string, JsonElement> arguments)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            writer.WriteStringValue(user.Value);
            writer.WriteStringValue(tool);
            WriteMembers(writer, arguments);
            writer.WriteEndArray();
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    private static void WriteMembers(Utf8JsonWriter writer, IEnumerable<KeyValuePair<string, JsonElement>> members)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in members.OrderBy(member => member.Key, StringComparer.Ordinal))
        {
            writer.WritePropertyName(name);
            Write(writer, value);
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteMembers(writer, value.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, member.Value)));
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.Number when value.GetRawText().Length <= ExactDigits && value.TryGetDecimal(out var number):
                writer.WriteNumberValue(number / Shortest);
                break;
            case JsonValueKind.Number:
                writer.WriteRawValue(value.GetRawText());
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(value.GetString());
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
