using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mana.Contracts;

/// <summary>An identifier that travels as a JSON string.</summary>
public interface IStringId<TSelf> where TSelf : struct, IStringId<TSelf>
{
    /// <summary>The text on the wire.</summary>
    string Value { get; }

    /// <summary>Wraps the text as it came; no validation.</summary>
    static abstract TSelf Wrap(string value);
}

/// <summary>A user (human or persona) of mana-auth: 32 random alphanumerics.</summary>
[JsonConverter(typeof(StringIdConverter<UserId>))]
public readonly record struct UserId(string Value) : IStringId<UserId>
{
    /// <inheritdoc/>
    public static UserId Wrap(string value) => new(value);

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>A space (organisation) of mana-auth; the value of the <c>X-Mana-Space</c> header.</summary>
[JsonConverter(typeof(StringIdConverter<SpaceId>))]
public readonly record struct SpaceId(string Value) : IStringId<SpaceId>
{
    /// <inheritdoc/>
    public static SpaceId Wrap(string value) => new(value);

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>One tick of one persona: a UUID version 7, so ids sort by the time they were made.</summary>
[JsonConverter(typeof(StringIdConverter<TickId>))]
public readonly record struct TickId(string Value) : IStringId<TickId>
{
    /// <inheritdoc/>
    public static TickId Wrap(string value) => new(value);

    /// <summary>A new id stamped with the given (domain) time.</summary>
    public static TickId New(DateTimeOffset now) => new(Guid.CreateVersion7(now).ToString());

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Reads and writes an <see cref="IStringId{TSelf}"/> as a JSON string.</summary>
public sealed class StringIdConverter<T> : JsonConverter<T> where T : struct, IStringId<T>
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        T.Wrap(reader.GetString() ?? throw new JsonException("An id must be a string."));

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
