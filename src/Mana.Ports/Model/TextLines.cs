using System.Text;

namespace Mana.Ports.Model;

/// <summary>A text as lines that keep their ends, so that what is not changed stays as it was.</summary>
internal sealed class TextLines
{
    private readonly List<string> _lines = [];
    private readonly string _newLine;

    public TextLines(string text)
    {
        _newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start) is var found and >= 0 ? found + 1 : text.Length;
            _lines.Add(text[start..end]);
            start = end;
        }
    }

    public int Count => _lines.Count;

    public string this[int index] => _lines[index];

    public int Find(Predicate<string> match) => _lines.FindIndex(match);

    public string Insert(int index, IEnumerable<string> added)
    {
        var lines = added.ToList();
        var atEnd = index == _lines.Count;
        if (atEnd && index > 0 && !_lines[^1].EndsWith('\n'))
        {
            // A file without a newline at its end keeps being one.
            _lines[^1] += _newLine;
            _lines.AddRange(lines.Select((line, i) => i == lines.Count - 1 ? line : line + _newLine));
        }
        else
        {
            _lines.InsertRange(index, lines.Select(line => line + _newLine));
        }

        return ToString();
    }

    public string Remove(int first, int end)
    {
        if (end == _lines.Count && first > 0 && !_lines[^1].EndsWith('\n'))
        {
            _lines[first - 1] = _lines[first - 1].TrimEnd('\r', '\n');
        }

        _lines.RemoveRange(first, end - first);
        return ToString();
    }

    public void Replace(SourcePlace at, int length, string with)
    {
        var line = _lines[at.Line - 1];
        _lines[at.Line - 1] = string.Concat(line.AsSpan(0, at.Column - 1), with, line.AsSpan(at.Column - 1 + length));
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var line in _lines)
        {
            text.Append(line);
        }

        return text.ToString();
    }
}
