using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mana.Contracts;

/// <summary>Times as every service writes them: JavaScript's <c>toISOString</c>, for which the clients of this wire were written.</summary>
public static class IsoTime
{
    private const string Form = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>UTC with milliseconds and Z, such as <c>2026-11-22T19:20:01.123Z</c>.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture);
}

/// <summary>Writes times in the one form of <see cref="IsoTime"/>, and reads every ISO 8601 time.</summary>
public sealed class IsoTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(IsoTime.Format(value));
}
