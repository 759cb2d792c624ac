using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Mana.Ports.Files;

/// <summary>Reads YAML into nodes that know where they stand.</summary>
internal sealed partial class YamlReader
{
    // Deeper nesting is no configuration but an attack on the stack.
    private const int DeepestNesting = 64;

    private readonly SourceText _source;
    private readonly Parser _parser;
    private readonly int _shift;
    private readonly Dictionary<string, YamlNode> _anchors = new(StringComparer.Ordinal);

    private YamlReader(SourceText source)
    {
        _source = source;
        _shift = source.HasMark ? 1 : 0;
        // Tabs behind a value or before a comment are fine, but not for this parser; blanks of the same length are.
        _parser = new Parser(new StringReader(TabsBehind().Replace(source.Text[_shift..], blanks => new string(' ', blanks.Length))));
    }

    /// <summary>The documents of a text.</summary>
    /// <exception cref="PortFileException">It is not YAML.</exception>
    public static IReadOnlyList<YamlNode> Read(SourceText source)
    {
        var reader = new YamlReader(source);
        try
        {
            return reader.Documents();
        }
        catch (YamlException e)
        {
            throw source.Fault(Math.Clamp((int)e.Start.Index + reader._shift, 0, source.Text.Length), $"not sound YAML: {Plain(e.Message)}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or OverflowException or FormatException or IndexOutOfRangeException or NotSupportedException)
        {
            // The parser's own way to say that it met something it never expected.
            throw source.Fault(reader._parser.Current is { } current ? reader.Offset(current.Start) : 0, e is InvalidOperationException
                ? "not sound YAML: a brace, bracket or quotation mark behind this is not closed"
                : $"not sound YAML: {Plain(e.Message)}");
        }
    }

    private List<YamlNode> Documents()
    {
        var documents = new List<YamlNode>();
        while (_parser.MoveNext())
        {
            switch (_parser.Current)
            {
                case DocumentStart:
                    _anchors.Clear();
                    break;
                case NodeEvent:
                    documents.Add(Node(0));
                    break;
            }
        }

        return documents;
    }

    /// <summary>Reads the node whose first event is current; its last event is current afterwards.</summary>
    private YamlNode Node(int depth)
    {
        var first = _parser.Current!;
        if (depth > DeepestNesting)
        {
            throw _source.Fault(Offset(first.Start), $"nested deeper than {DeepestNesting} levels");
        }

        YamlNode node = first switch
        {
            Scalar scalar => new YamlScalar(scalar.Value, Offset(scalar.Start), Offset(scalar.End)) { Tag = Tag(scalar) },
            SequenceStart sequence => List(sequence, depth),
            MappingStart mapping => Map(mapping, depth),
            // An anchor that is not there, or not yet complete, is empty.
            AnchorAlias alias => _anchors.GetValueOrDefault(alias.Value.Value, new YamlScalar("", Offset(alias.Start), Offset(alias.End))),
            _ => throw _source.Fault(Offset(first.Start), "not sound YAML"),
        };
        if (first is NodeEvent { Anchor.IsEmpty: false } anchored && first is not AnchorAlias)
        {
            _anchors[anchored.Anchor.Value] = node;
        }

        return node;
    }

    private YamlList List(SequenceStart start, int depth)
    {
        var items = new List<YamlNode>();
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
        {
            items.Add(Node(depth + 1));
        }

        return new YamlList(items, start.Style == SequenceStyle.Flow, Offset(start.Start), Offset(_parser.Current!.End)) { Tag = Tag(start) };
    }

    private YamlMap Map(MappingStart start, int depth)
    {
        var entries = new List<YamlEntry>();
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            var key = Node(depth + 1);
            if (!_parser.MoveNext())
            {
                break;
            }

            var value = Node(depth + 1);
            if (key is YamlScalar name)
            {
                entries.Add(new YamlEntry(name, value));
            }
        }

        return new YamlMap(entries, start.Style == MappingStyle.Flow, Offset(start.Start), Offset(_parser.Current!.End)) { Tag = Tag(start) };
    }

    private static string? Tag(NodeEvent node) => node.Tag.IsEmpty ? null : node.Tag.Value;

    private int Offset(Mark mark) => Math.Clamp((int)mark.Index + _shift, 0, _source.Text.Length);

    private static string Plain(string message)
    {
        var text = message.ReplaceLineEndings(" ");
        var place = text.LastIndexOf("): ", StringComparison.Ordinal);
        return (place >= 0 && text.StartsWith('(') ? text[(place + 3)..] : text).TrimEnd('.');
    }

    [GeneratedRegex(@"(?<![ \t])[ \t]*\t[ \t]*(?=#|\r|\n|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex TabsBehind();
}
