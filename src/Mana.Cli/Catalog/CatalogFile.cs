using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace Mana.Cli.Catalog;

/// <summary>A catalog as it is written; nothing is checked yet.</summary>
internal sealed class CatalogFile
{
    public static IReadOnlyList<string> KnownProperties { get; } = ["personas", "spaces"];

    public List<Entry<PersonaValues>>? Personas { get; set; }

    public List<Entry<SpaceValues>>? Spaces { get; set; }
}

internal sealed class PersonaValues
{
    public static IReadOnlyList<string> KnownProperties { get; } =
        ["name", "email", "archetype", "systemPrompt", "moduleMix", "tickCadence", "timeZone", "language", "activeHours", "allowDestructive"];

    public string? Name { get; set; }

    public string? Email { get; set; }

    public string? Archetype { get; set; }

    public string? SystemPrompt { get; set; }

    public Dictionary<string, double>? ModuleMix { get; set; }

    public string? TickCadence { get; set; }

    public string? TimeZone { get; set; }

    public string? Language { get; set; }

    public string? ActiveHours { get; set; }

    public List<string>? AllowDestructive { get; set; }
}

internal sealed class SpaceValues
{
    public static IReadOnlyList<string> KnownProperties { get; } = ["name", "slug", "type", "members"];

    public string? Name { get; set; }

    public string? Slug { get; set; }

    public string? Type { get; set; }

    /// <summary>E-mail addresses and roles.</summary>
    public Dictionary<string, string?>? Members { get; set; }
}

/// <summary>An entry of a list, with the line on which it starts, for messages about what the parser itself accepts.</summary>
internal sealed record Entry<T>(T? Values, int Line);

internal sealed class EntryConverter<T> : IYamlTypeConverter
{
    public bool Accepts(Type type) => type == typeof(Entry<T>);

    public object ReadYaml(IParser parser, Type type, ObjectDeserializer rootDeserializer)
    {
        var line = (int)(parser.Current as ParsingEvent)!.Start.Line;
        return new Entry<T>((T?)rootDeserializer(typeof(T)), line);
    }

    public void WriteYaml(IEmitter emitter, object? value, Type type, ObjectSerializer serializer) =>
        throw new NotSupportedException("Catalogs are written by hand.");
}
