using System.Reflection;
using System.Text;
using Mana.Contracts;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Mana.Cli.Catalog;

/// <summary>
/// Reads a catalog of personas. Faults that make a persona unusable are refused here; whether its modules have tools
/// and its mix makes sense is the business of <c>mana personas lint</c>.
/// </summary>
/// <param name="Personas">In the order of the file.</param>
/// <param name="Spaces">The spaces that they share, in the order of the file.</param>
/// <param name="Source">The file, for messages.</param>
public sealed record PersonaCatalog(IReadOnlyList<CatalogPersona> Personas, IReadOnlyList<CatalogSharedSpace> Spaces, string Source)
{
    /// <summary>The only domain of personas: reserved for tests, so that no mail ever reaches a person.</summary>
    public const string Domain = "@mana.test";

    /// <summary>The catalog inside the program.</summary>
    public const string EmbeddedName = "catalog/personas.yaml";

    private const int MinimumPromptLength = 20;

    /// <summary>The ten personas that come with the program.</summary>
    public static PersonaCatalog Embedded()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(EmbeddedName)
            ?? throw new InvalidOperationException($"{EmbeddedName} is not embedded in this build.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Parse(reader.ReadToEnd(), EmbeddedName);
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="CatalogException">It is not there or not sound.</exception>
    public static PersonaCatalog Load(string file, bool allowAnyDomain = false)
    {
        try
        {
            return Parse(File.ReadAllText(file), file, allowAnyDomain);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CatalogException($"{file}: cannot be read ({e.Message.TrimEnd('.')}); give the path of a catalog with --catalog FILE");
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="yaml">The catalog.</param>
    /// <param name="source">Its name in messages.</param>
    /// <param name="allowAnyDomain">Accept e-mails outside <see cref="Domain"/>.</param>
    /// <exception cref="CatalogException">It is not sound.</exception>
    public static PersonaCatalog Parse(string yaml, string source, bool allowAnyDomain = false)
    {
        CatalogFile? file;
        try
        {
            file = new DeserializerBuilder()
                .WithNamingConvention(CamelCaseNamingConvention.Instance)
                .WithDuplicateKeyChecking()
                .WithTypeConverter(new EntryConverter<PersonaValues>())
                .WithTypeConverter(new EntryConverter<SpaceValues>())
                .Build()
                .Deserialize<CatalogFile?>(yaml);
        }
        catch (YamlException e)
        {
            throw new CatalogException($"{source}:{e.Start.Line}: {Explain(e)}");
        }

        if (file?.Personas is not { Count: > 0 } entries)
        {
            throw new CatalogException($"{source}:1: there are no personas; add at least one entry under personas:");
        }

        var spaces = (file.Spaces ?? []).ConvertAll(entry => SpaceEntries.Check(entry, source));
        if (spaces.GroupBy(space => space.Slug, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new CatalogException($"{source}:{twice.Last().Line}: there are two spaces with the slug {twice.Key}; give one another slug");
        }

        return new PersonaCatalog([.. entries.Select(entry => Check(entry, source, allowAnyDomain))], spaces, source);
    }

    private static CatalogPersona Check(Entry<PersonaValues> entry, string source, bool allowAnyDomain)
    {
        var values = entry.Values ?? throw Fault("an entry is empty; remove the dash or fill it in");

        // mana-auth keeps addresses in lower case, and the runner derives the password from what mana-auth keeps.
        var email = (values.Email ?? "").ToLowerInvariant();
        if (string.IsNullOrWhiteSpace(values.Name))
        {
            throw Fault("name is missing; add name: Anna, for instance");
        }

        var at = email.IndexOf('@', StringComparison.Ordinal);
        if (at <= 0 || at == email.Length - 1 || email.Any(char.IsWhiteSpace))
        {
            throw Fault($"email \"{email}\" of {values.Name} is no e-mail address; write persona.{values.Name.ToLowerInvariant()}{Domain}");
        }

        if (!allowAnyDomain && !email.EndsWith(Domain, StringComparison.Ordinal))
        {
            throw Fault($"email \"{email}\" does not end with {Domain}; change it, or pass --allow-any-domain if that mailbox is yours");
        }

        if (string.IsNullOrWhiteSpace(values.Archetype))
        {
            throw Fault($"archetype of {email} is missing; add archetype: freelancer, for instance");
        }

        if ((values.SystemPrompt?.Trim().Length ?? 0) < MinimumPromptLength)
        {
            throw Fault($"systemPrompt of {email} has fewer than {MinimumPromptLength} characters; describe who the persona is");
        }

        if (values.ModuleMix is null)
        {
            throw Fault($"moduleMix of {email} is missing; add moduleMix: {{ todo: 0.6, notes: 0.4 }}, for instance");
        }

        if (values.Language is not (null or "de" or "en"))
        {
            throw Fault($"language \"{values.Language}\" of {email} is not spoken; write de or en");
        }

        var cadence = values.TickCadence ?? "daily";
        if (ScheduleSettings.Fault(cadence, values.TimeZone, values.ActiveHours) is { } error)
        {
            throw Fault($"{email}: {error}");
        }

        var allowed = values.AllowDestructive ?? [];
        if (allowed.Select(ToolPatterns.Fault).FirstOrDefault(fault => fault is not null) is { } badPattern)
        {
            throw Fault($"allowDestructive of {email}: {badPattern}");
        }

        return new CatalogPersona(
            values.Name,
            email,
            values.Archetype,
            values.SystemPrompt!.Trim(),
            values.ModuleMix,
            cadence,
            values.TimeZone,
            values.Language,
            values.ActiveHours,
            allowed,
            entry.Line);

        CatalogException Fault(string what) => new($"{source}:{entry.Line}: {what}");
    }

    private static string Explain(YamlException e)
    {
        // The reason of a nested fault is in the innermost exception: the outer ones only say where.
        Exception inner = e;
        while (inner.InnerException is { } next)
        {
            inner = next;
        }

        var text = inner.Message.ReplaceLineEndings(" ").TrimEnd('.');
        return inner.Message.Contains("not found on type", StringComparison.Ordinal)
            ? $"unknown property {Quoted(text)}; known are {Known(text)}"
            : $"this is not a sound catalog{Reason(text)}; see {EmbeddedName} for the form";
    }

    /// <summary>The reader's words where a person understands them; it also speaks of its events and of our types.</summary>
    private static string Reason(string text) =>
        text.Contains("Expected 'SequenceStart'", StringComparison.Ordinal) ? " (a list belongs here; begin each entry with -)"
        : text.Contains("Expected 'MappingStart'", StringComparison.Ordinal) || text.Contains("No node deserializer", StringComparison.Ordinal) ? " (properties belong here, such as name: Anna)"
        : text.Contains("System.", StringComparison.Ordinal) || text.Contains("Mana.", StringComparison.Ordinal) || text.Contains("Expected '", StringComparison.Ordinal) ? ""
        : $" ({text})";

    private static string Known(string message) => string.Join(
        ", ",
        message.Contains(nameof(SpaceValues), StringComparison.Ordinal) ? SpaceValues.KnownProperties
            : message.Contains(nameof(PersonaValues), StringComparison.Ordinal) ? PersonaValues.KnownProperties
            : CatalogFile.KnownProperties);

    private static string Quoted(string message)
    {
        var parts = message.Split('\'');
        return parts.Length > 1 ? $"\"{parts[1]}\"" : "in this entry";
    }
}
