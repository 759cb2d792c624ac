using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Mana.PersonaRunner.Conversation;

/// <summary>
/// The <c>inputHash</c> of an action row: the first 16 hex digits of SHA-256 over <c>JSON.stringify(input)</c>, so that
/// rows of this runner and of the JavaScript one can be compared.
/// </summary>
public static class InputHash
{
    /// <summary>The hash of a tool call's arguments.</summary>
    public static string Of(JsonElement input)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Stringify(input)));
        return Convert.ToHexStringLower(hash.AsSpan(0, 8));
    }

    /// <summary>The text that JavaScript's <c>JSON.stringify</c> would give for the parsed value (ECMA-262, 25.5.2).</summary>
    public static string Stringify(JsonElement value)
    {
        var text = new StringBuilder();
        Write(text, value);
        return text.ToString();
    }

    private static void Write(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(text, value);
                break;
            case JsonValueKind.Array:
                text.Append('[');
                var first = true;
                foreach (var item in value.EnumerateArray())
                {
                    if (!first)
                    {
                        text.Append(',');
                    }

                    first = false;
                    Write(text, item);
                }

                text.Append(']');
                break;
            case JsonValueKind.String:
                WriteString(text, Unescape(JsonMarshal.GetRawUtf8Value(value)[1..^1]));
                break;
            case JsonValueKind.Number:
                text.Append(Number(value.GetDouble()));
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void WriteObject(StringBuilder text, JsonElement value)
    {
        // A JavaScript object holds array-index keys first, ascending, then the others in the order they appeared; a repeated key keeps its place and takes the last value.
        var indexes = new SortedDictionary<uint, JsonElement>();
        var order = new List<string>();
        var values = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            var name = Unescape(JsonMarshal.GetRawUtf8PropertyName(property));
            if (IsArrayIndex(name, out var index))
            {
                indexes[index] = property.Value;
                continue;
            }

            if (!values.ContainsKey(name))
            {
                order.Add(name);
            }

            values[name] = property.Value;
        }

        text.Append('{');
        var first = true;
        foreach (var (index, item) in indexes)
        {
            WriteMember(text, index.ToString(CultureInfo.InvariantCulture), item, ref first);
        }

        foreach (var name in order)
        {
            WriteMember(text, name, values[name], ref first);
        }

        text.Append('}');
    }

    private static void WriteMember(StringBuilder text, string name, JsonElement value, ref bool first)
    {
        if (!first)
        {
            text.Append(',');
        }

        first = false;
        WriteString(text, name);
        text.Append(':');
        Write(text, value);
    }

    private static bool IsArrayIndex(string name, out uint index) =>
        uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out index)
        && index != uint.MaxValue
        && (name.Length == 1 || name[0] != '0');

    /// <summary>
    /// Reads a JSON string from its raw bytes. GetString refuses a lone surrogate, which JavaScript keeps and a model can send.
    /// </summary>
    private static string Unescape(ReadOnlySpan<byte> raw)
    {
        var escaped = Encoding.UTF8.GetString(raw);
        if (!escaped.Contains('\\', StringComparison.Ordinal))
        {
            return escaped;
        }

        var text = new StringBuilder(escaped.Length);
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] != '\\')
            {
                text.Append(escaped[i]);
                continue;
            }

            var kind = escaped[++i];
            if (kind == 'u')
            {
                text.Append((char)ushort.Parse(escaped.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 4;
                continue;
            }

            text.Append(kind switch
            {
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                _ => kind,
            });
        }

        return text.ToString();
    }

    private static void WriteString(StringBuilder text, string value)
    {
        text.Append('"');
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            switch (c)
            {
                case '"':
                    text.Append("\\\"");
                    break;
                case '\\':
                    text.Append("\\\\");
                    break;
                case '\b':
                    text.Append("\\b");
                    break;
                case '\f':
                    text.Append("\\f");
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case < ' ':
                    AppendEscaped(text, c);
                    break;
                case var high when char.IsHighSurrogate(high) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]):
                    text.Append(high).Append(value[++i]);
                    break;
                case var lone when char.IsSurrogate(lone):
                    AppendEscaped(text, lone);
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }

        text.Append('"');
    }

    private static void AppendEscaped(StringBuilder text, char c) =>
        text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");

    /// <summary>ECMA-262 Number::toString: the shortest digits that round-trip, plain between 1e-6 and 1e21.</summary>
    private static string Number(double value)
    {
        if (value == 0)
        {
            return "0";
        }

        if (!double.IsFinite(value))
        {
            // 1e999 parses to Infinity in JavaScript, which stringify writes as null.
            return "null";
        }

        var (digits, n) = Decimal(Math.Abs(value).ToString("R", CultureInfo.InvariantCulture));
        var k = digits.Length;
        var sign = value < 0 ? "-" : "";
        if (k <= n && n <= 21)
        {
            return sign + digits + new string('0', n - k);
        }

        if (n is > 0 and <= 21)
        {
            return $"{sign}{digits[..n]}.{digits[n..]}";
        }

        if (n is > -6 and <= 0)
        {
            return $"{sign}0.{new string('0', -n)}{digits}";
        }

        var mantissa = k == 1 ? digits : $"{digits[0]}.{digits[1..]}";
        var e = n - 1;
        return $"{sign}{mantissa}e{(e < 0 ? '-' : '+')}{Math.Abs(e).ToString(CultureInfo.InvariantCulture)}";
    }

    /// <summary>Reads .NET's shortest round-trip text as 0.DIGITS times ten to the power of Point.</summary>
    private static (string Digits, int Point) Decimal(string roundTrip)
    {
        var parts = roundTrip.Split('E');
        var exponent = parts.Length == 2 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        var mantissa = parts[0].Split('.');
        var all = mantissa[0] + (mantissa.Length == 2 ? mantissa[1] : "");
        var leadingZeros = all.Length - all.TrimStart('0').Length;
        return (all.Trim('0'), mantissa[0].Length - leadingZeros + exponent);
    }
}
