using System.Text;

namespace Mana.Ports.Files;

/// <summary>
/// A text by lines, for edits that leave the rest alone. Lines are counted from 0 here; an ending belongs to the line
/// before it, so a text that ends with one has no empty last line.
/// </summary>
internal sealed class SourceText
{
    private readonly List<(int Start, int End, int Next)> _lines = [];

    public SourceText(string text)
    {
        Text = text;
        var (start, carriageReturns) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r'))
            {
                continue;
            }

            var end = i;
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
            {
                i++;
                carriageReturns++;
            }

            _lines.Add((start, end, i + 1));
            start = i + 1;
        }

        if (start < text.Length)
        {
            _lines.Add((start, text.Length, text.Length));
        }

        Newline = carriageReturns * 2 > _lines.Count ? "\r\n" : "\n";
    }

    public string Text { get; }

    /// <summary>The ending of most lines.</summary>
    public string Newline { get; }

    public int LineCount => _lines.Count;

    /// <summary>Whether the text begins with a byte order mark, which is no character of the first line.</summary>
    public bool HasMark => Text.StartsWith('\uFEFF');

    public int StartOf(int line) => line == 0 && HasMark ? 1 : _lines[line].Start;

    public string Line(int line) => Text[StartOf(line).._lines[line].End];

    public bool IsBlank(int line) => string.IsNullOrWhiteSpace(Line(line));

    public bool IsComment(int line) => Line(line).AsSpan().TrimStart().StartsWith("#", StringComparison.Ordinal);

    /// <summary>The spaces before the first character.</summary>
    public int IndentOf(int line)
    {
        var text = Line(line);
        return text.Length - text.TrimStart(' ').Length;
    }

    /// <summary>The line in which an offset lies.</summary>
    public int LineAt(int offset)
    {
        var (low, high) = (0, _lines.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _lines[middle].Start <= offset ? (middle, high) : (low, middle - 1);
        }

        return Math.Max(low, 0);
    }

    /// <summary>Line and column from 1, as people count.</summary>
    public (int Line, int Column) Position(int offset)
    {
        if (_lines.Count == 0)
        {
            return (1, 1);
        }

        var line = LineAt(offset);
        return (line + 1, Math.Max(0, offset - StartOf(line)) + 1);
    }

    /// <summary>The offset of a position as people count.</summary>
    public int OffsetOf(int line, int column) => StartOf(line - 1) + column - 1;

    public PortFileException Fault(int offset, string reason)
    {
        var (line, column) = Position(offset);
        return new PortFileException("", line, column, reason);
    }

    /// <summary>The text with lines after the given one; after -1: at the beginning.</summary>
    public string InsertAfter(int line, IReadOnlyCollection<string> lines)
    {
        if (line >= 0 && _lines[line].Next == _lines[line].End)
        {
            return Text + string.Concat(lines.Select(one => Newline + one));
        }

        // A line that ends with a lone carriage return would swallow a line feed behind it.
        var at = line >= 0 ? _lines[line].Next : HasMark ? 1 : 0;
        var newline = line >= 0 && Text[at - 1] == '\r' ? "\r" : Newline;
        return Text.Insert(at, string.Concat(lines.Select(one => one + newline)));
    }

    /// <summary>The text without some lines. A text without a final line ending stays one.</summary>
    public string RemoveLines(int first, int last)
    {
        var (start, end) = (StartOf(first), _lines[last].Next);
        if (_lines[last].Next == _lines[last].End && first > 0)
        {
            start = _lines[first - 1].End;
        }

        return Text.Remove(start, end - start);
    }

    /// <summary>The text with some places replaced.</summary>
    public string Replace(IEnumerable<(int Offset, int Length, string With)> edits)
    {
        var result = new StringBuilder(Text);
        foreach (var (offset, length, with) in edits.Distinct().OrderByDescending(edit => edit.Offset))
        {
            result.Remove(offset, length).Insert(offset, with);
        }

        return result.ToString();
    }
}
