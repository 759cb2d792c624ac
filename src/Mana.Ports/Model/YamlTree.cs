using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Mana.Ports.Model;

/// <summary>A YAML value that remembers where it stands.</summary>
internal abstract record YamlNode(SourcePlace At)
{
    public abstract string Kind { get; }
}

/// <param name="Value">The text.</param>
/// <param name="IsPlain">Written without quotes.</param>
/// <param name="At">Its first character.</param>
internal sealed record YamlText(string Value, bool IsPlain, SourcePlace At) : YamlNode(At)
{
    public override string Kind => IsPlain && Value.Length == 0 ? "nothing" : "a text";

    public bool IsNull => IsPlain && Value is "" or "~" or "null";
}

// Lists, not interfaces: a command looks into a mapping of the schema some hundred thousand times.

/// <param name="Entries">In the order of the text; a key stands once.</param>
/// <param name="IsFlow">Written with braces.</param>
/// <param name="At">Its first character.</param>
internal sealed record YamlMap(List<YamlEntry> Entries, bool IsFlow, SourcePlace At) : YamlNode(At)
{
    public override string Kind => "a mapping";

    public YamlNode? Find(string key)
    {
        foreach (var entry in Entries)
        {
            if (entry.Key == key)
            {
                return entry.Value;
            }
        }

        return null;
    }
}

internal sealed record YamlEntry(string Key, SourcePlace KeyAt, YamlNode Value);

internal sealed record YamlList(List<YamlNode> Items, SourcePlace At) : YamlNode(At)
{
    public override string Kind => "a list";
}

/// <summary>Builds the tree from the parser's events, and notes what a schema must not contain.</summary>
internal sealed class YamlTree(string path, List<SchemaFault> faults)
{
    // The reader recurses; a text of a million brackets would end the process.
    private const int Deepest = 64;

    private SourcePlace _last = new(1, 1);

    /// <summary>Whether the text is no YAML at all.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>The first document; null where the text is empty or broken.</summary>
    public YamlNode? Parse(string text)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                return null;
            }

            var root = Node(parser, 0);
            parser.Consume<DocumentEnd>();
            if (!parser.TryConsume<StreamEnd>(out _))
            {
                Fault(PlaceOf(parser.Current!), "a second document begins; a schema is one document");
            }

            return root;
        }
        catch (YamlException e)
        {
            var at = new SourcePlace((int)e.Start.Line, (int)e.Start.Column);
            if (e.Message.Contains("tab", StringComparison.OrdinalIgnoreCase) && Tab(text, at.Line) is { } tab)
            {
                // The parser names the beginning of what the tab ends.
                Broken(tab, "a tab cannot indent a line; write blanks");
            }
            else
            {
                Broken(at, e.Message);
            }
        }
        catch (TooDeepException)
        {
            IsBroken = true;
            Fault(_last, $"nested deeper than {Deepest} levels; a schema needs a handful");
        }
        catch (InvalidOperationException)
        {
            // The parser's scanner loses its footing on some texts, such as a brace that is never closed, instead of saying so.
            Broken(_last, "a brace, bracket or quotation mark behind this is not closed");
        }

        return null;
    }

    private YamlNode Node(Parser parser, int depth)
    {
        var at = _last = PlaceOf(parser.Current!);
        if (depth > Deepest)
        {
            throw new TooDeepException();
        }

        if (parser.Current is NodeEvent { Anchor.IsEmpty: false })
        {
            Fault(at, "anchors are not allowed; write the value out, so that every line says what it means");
        }

        if (parser.Current is NodeEvent { Tag.IsEmpty: false, Tag.IsNonSpecific: false })
        {
            Fault(at, "tags are not allowed; write the value plainly");
        }

        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return new YamlText(scalar.Value, scalar.Style == ScalarStyle.Plain, at);
        }

        if (parser.TryConsume<MappingStart>(out var mapping))
        {
            return new YamlMap(Entries(parser, depth + 1), mapping.Style == MappingStyle.Flow, at);
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<YamlNode>();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(Node(parser, depth + 1));
            }

            return new YamlList(items, at);
        }

        parser.Consume<AnchorAlias>();
        Fault(at, "aliases are not allowed; write the value out, so that every line says what it means");
        return new YamlText("", true, at);
    }

    private List<YamlEntry> Entries(Parser parser, int depth)
    {
        var entries = new List<YamlEntry>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Node(parser, depth);
            var value = Node(parser, depth);
            if (key is not YamlText { Value: var name })
            {
                Fault(key.At, $"a key must be a text, this is {key.Kind}");
            }
            else if (!lines.TryAdd(name, key.At.Line))
            {
                Fault(key.At, $"duplicate key \"{name}\": line {lines[name]} has it already; keep one of them");
            }
            else
            {
                entries.Add(new YamlEntry(name, key.At, value));
            }
        }

        return entries;
    }

    private static SourcePlace? Tab(string text, int from)
    {
        var lines = text.Split('\n');
        for (var line = Math.Max(1, from); line <= lines.Length; line++)
        {
            var indent = lines[line - 1].Length - lines[line - 1].TrimStart(' ', '\t').Length;
            if (lines[line - 1].AsSpan(0, indent).IndexOf('\t') is >= 0 and var column)
            {
                return new SourcePlace(line, column + 1);
            }
        }

        return null;
    }

    private void Broken(SourcePlace at, string why)
    {
        IsBroken = true;
        Fault(new SourcePlace(Math.Max(1, at.Line), Math.Max(1, at.Column)), $"this is no sound YAML: {why.ReplaceLineEndings(" ").TrimEnd('.')}");
    }

    private void Fault(SourcePlace at, string message) => faults.Add(new SchemaFault(path, at.Line, at.Column, message));

    private static SourcePlace PlaceOf(ParsingEvent parsed) => new((int)parsed.Start.Line, (int)parsed.Start.Column);

    private sealed class TooDeepException : Exception;
}
