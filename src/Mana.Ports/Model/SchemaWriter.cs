using System.Globalization;

namespace Mana.Ports.Model;

/// <summary>
/// Changes one service in the text of a schema. Everything else stays as it is, byte by byte: comments, order, line ends.
/// </summary>
public static class SchemaWriter
{
    /// <summary>Adds a service beside its neighbours: after the one with the next lower number in its range, else at the end.</summary>
    /// <param name="text">A sound schema.</param>
    /// <param name="service">What to add.</param>
    /// <exception cref="SchemaException">The text has faults, knows the service already or is written in a way that cannot be added to.</exception>
    public static string Add(string text, PortService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        var schema = SchemaReader.Read(text).Require();
        if (schema.Services.Any(other => other.Name == service.Name))
        {
            throw new SchemaException($"{service.Name} is in the schema already; move it, or choose another name");
        }

        var lines = new TextLines(text);
        var section = Section(text);
        if (section is null || section.Entries.Count == 0)
        {
            var block = ServiceText.Render(service, "  ", "  ");
            if (section is null)
            {
                // Either there is no such section, or it is an empty one at the end of its line.
                var heading = lines.Find(line => line.TrimEnd().Equals("services:", StringComparison.Ordinal));
                return heading >= 0 ? lines.Insert(heading + 1, block) : lines.Insert(lines.Count, ["services:", .. block]);
            }

            throw new SchemaException("services of the schema is written as {}; write it as \"services:\" with nothing behind");
        }

        if (section.IsFlow)
        {
            throw new SchemaException("services of the schema is written in braces; write one service a line, so that one can be added");
        }

        var indent = new string(' ', section.At.Column - 1);
        return lines.Insert(InsertionLine(schema, section, lines, service), ServiceText.Render(service, indent, "  "));
    }

    /// <summary>Gives a service another number: every entry of its plan and of its reality that has the old one.</summary>
    /// <param name="text">A sound schema.</param>
    /// <param name="service">Its name.</param>
    /// <param name="from">The old number.</param>
    /// <param name="to">The new number.</param>
    /// <param name="keepInside">Containers keep the old number.</param>
    /// <exception cref="SchemaException">The text has faults, or the service does not have the old number.</exception>
    public static string Move(string text, string service, int from, int to, bool keepInside = false)
    {
        var entry = Find(SchemaReader.Read(text).Require(), service);
        var places = entry.Planned.Where(port => port.Port == from).Select(port => (At: port.PortAt, KeepInside: false))
            .Concat(entry.Real.Where(port => port.Port == from).Select(port => (At: port.PortAt, KeepInside: keepInside && port.Container is null)))
            .OrderByDescending(place => place.At.Line).ThenByDescending(place => place.At.Column).ToList();
        if (places.Count == 0)
        {
            var known = entry.Planned.Select(port => port.Port).Concat(entry.Real.Select(port => port.Port)).Distinct();
            throw new SchemaException(string.Create(CultureInfo.InvariantCulture, $"{service} does not have port {from}; it has {string.Join(", ", known)}"));
        }

        var lines = new TextLines(text);
        var length = from.ToString(CultureInfo.InvariantCulture).Length;
        foreach (var (at, keep) in places)
        {
            // In braces the container's port stands behind the number, otherwise on a line of its own.
            var line = lines[at.Line - 1];
            var isBlock = line[..(at.Column - 1)].TrimStart(' ', '-') is "port: " && line[(at.Column - 1 + length)..].TrimStart() is "" or ['#', ..];
            lines.Replace(at, length, Number(to) + (keep && !isBlock ? $", container: {Number(from)}" : ""));
            if (keep && isBlock)
            {
                lines.Insert(at.Line, [new string(' ', line.IndexOf("port:", StringComparison.Ordinal)) + $"container: {Number(from)}"]);
            }
        }

        return lines.ToString();

        static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Takes a service out, and the exceptions for it. Comments above it stay, comments inside of it go.</summary>
    /// <param name="text">A sound schema.</param>
    /// <param name="service">Its name.</param>
    /// <exception cref="SchemaException">The text has faults, or there is no such service.</exception>
    public static string Remove(string text, string service)
    {
        var schema = SchemaReader.Read(text).Require();
        Find(schema, service);
        var section = Section(text)!;
        if (section.IsFlow)
        {
            throw new SchemaException("services of the schema is written in braces; write one service a line, so that one can be removed");
        }

        var lines = new TextLines(text);
        var first = section.Entries.First(entry => entry.Key == service).KeyAt.Line - 1;
        var removed = lines.Remove(first, BlockEnd(lines, first, section.At.Column - 1));

        // An exception may also be for a range or a host, which may have the same name.
        return schema.Ranges.Any(range => range.Name == service) || schema.Hosts.Any(host => host.Name == service)
            ? removed
            : SchemaExceptions.Without(removed, service);
    }

    private static PortService Find(PortSchema schema, string service) =>
        schema.Services.FirstOrDefault(entry => entry.Name == service)
        ?? throw new SchemaException($"there is no service \"{service}\"{Suggestions.Hint(service, [.. schema.Services.Select(entry => entry.Name)])}");

    private static YamlMap? Section(string text) => Root(text)?.Find("services") as YamlMap;

    /// <summary>The tree of a sound schema.</summary>
    internal static YamlMap? Root(string text) => PlainYaml.TryRead(text) ?? new YamlTree(PortSchema.DefaultPath, []).Parse(text) as YamlMap;

    private static int InsertionLine(PortSchema schema, YamlMap section, TextLines lines, PortService service)
    {
        var indent = section.At.Column - 1;
        var number = NumberOf(service);
        var range = service.Planned.Count > 0 && service.Planned[0].Range is { } named ? named : schema.RangeOf(number)?.Name;
        PortService? lower = null;
        PortService? higher = null;
        foreach (var other in schema.Services.Where(other => other.Planned.Count > 0 && schema.RangeOf(NumberOf(other))?.Name == range))
        {
            if (NumberOf(other) < number && (lower is null || NumberOf(other) >= NumberOf(lower)))
            {
                lower = other;
            }
            else if (NumberOf(other) > number && (higher is null || NumberOf(other) < NumberOf(higher)))
            {
                higher = other;
            }
        }

        return lower is not null ? BlockEnd(lines, lower.At.Line - 1, indent)
            : higher is not null ? higher.At.Line - 1
            : BlockEnd(lines, section.Entries[^1].KeyAt.Line - 1, indent);
    }

    private static int NumberOf(PortService service) => service.Planned.Count > 0 ? service.Planned[0].Port : service.Real[0].Port;

    /// <summary>The line behind an entry. Blank lines and comments that are not deeper than its key belong to what follows.</summary>
    internal static int BlockEnd(TextLines lines, int first, int indent)
    {
        var end = first + 1;
        for (var i = first + 1; i < lines.Count; i++)
        {
            var line = lines[i];
            var content = line.AsSpan().TrimStart(' ');
            var depth = line.Length - content.Length;
            if (content.Trim().IsEmpty)
            {
                continue;
            }

            if (depth <= indent)
            {
                break;
            }

            end = i + 1;
        }

        return end;
    }
}
