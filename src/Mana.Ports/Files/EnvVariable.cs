namespace Mana.Ports.Files;

/// <summary>One assignment of an environment file.</summary>
/// <param name="Name">Of the variable.</param>
/// <param name="Value">Without quotes.</param>
/// <param name="Start">The offset of the value.</param>
/// <param name="FirstLine">From 0.</param>
/// <param name="LastLine">From 0: quoted values can go over several lines.</param>
/// <param name="IsLiteral">In single quotes, which keep dollar signs.</param>
internal sealed record EnvVariable(string Name, string Value, int Start, int FirstLine, int LastLine, bool IsLiteral)
{
    /// <summary>The value with earlier variables filled in; null where one is unknown.</summary>
    public LocatedText? Expand(IReadOnlyDictionary<string, string> earlier) =>
        LocatedText.Expand(IsLiteral ? Value.Replace("$", "$$", StringComparison.Ordinal) : Value, IsLiteral && Value.Contains('$', StringComparison.Ordinal) ? -1 : Start, Start, earlier);

    /// <summary>The assignments of a text, in order.</summary>
    /// <exception cref="PortFileException">A line is none, or a quote is never closed.</exception>
    public static IEnumerable<EnvVariable> All(SourceText source)
    {
        for (var line = 0; line < source.LineCount; line++)
        {
            if (source.IsBlank(line) || source.IsComment(line))
            {
                continue;
            }

            var variable = Parse(source, line);
            yield return variable;
            line = variable.LastLine;
        }
    }

    private static EnvVariable Parse(SourceText source, int line)
    {
        var (text, start) = (source.Line(line), source.StartOf(line));
        var name = Skip(text, 0);
        if (text.AsSpan(name).StartsWith("export", StringComparison.Ordinal) && Skip(text, name + 6) is var next && next > name + 6)
        {
            name = next;
        }

        var end = name;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '.' or '-'))
        {
            end++;
        }

        var equals = Skip(text, end);
        if (end == name || char.IsAsciiDigit(text[name]) || equals >= text.Length || text[equals] != '=')
        {
            throw source.Fault(start + name, "this line is no variable; write NAME=value, or begin it with #");
        }

        var value = Skip(text, equals + 1);
        return value < text.Length && text[value] is '"' or '\''
            ? Quoted(source, text[name..end], line, start + value)
            : Plain(text[name..end], text, start, line, value);
    }

    private static EnvVariable Plain(string name, string text, int start, int line, int value)
    {
        // A # begins a comment only after a space: colours and anchors carry one, too.
        var end = value;
        while (end < text.Length && !(text[end] == '#' && (end == value || char.IsWhiteSpace(text[end - 1]))))
        {
            end++;
        }

        return new EnvVariable(name, text[value..end].TrimEnd(), start + value, line, line, IsLiteral: false);
    }

    private static EnvVariable Quoted(SourceText source, string name, int line, int open)
    {
        var (text, quote) = (source.Text, source.Text[open]);
        for (var i = open + 1; i < text.Length; i++)
        {
            if (text[i] == '\\' && quote == '"')
            {
                i++;
            }
            else if (text[i] == quote)
            {
                return new EnvVariable(name, text[(open + 1)..i], open + 1, line, source.LineAt(i), quote == '\'');
            }
        }

        throw source.Fault(open, $"the quote of {name} is never closed");
    }

    private static int Skip(string text, int from)
    {
        while (from < text.Length && text[from] is (' ' or '\t'))
        {
            from++;
        }

        return from;
    }
}
