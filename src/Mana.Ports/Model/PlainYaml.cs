namespace Mana.Ports.Model;

/// <summary>
/// Reads schemas that are written plainly: block mappings and lists, flow mappings and lists on one line, texts on one line
/// without escapes, keys without a value, comments. It never judges: whatever else stands in the text, sound or not, is left
/// to <see cref="YamlTree"/>, which reads all of YAML, is some five times slower, and says what is wrong. Where this one reads
/// a text, both read the same.
/// </summary>
internal sealed class PlainYaml
{
    // Real schemas need five levels; the limit keeps damaged ones from filling the stack.
    private const int Deepest = 32;
    private const int End = -1;

    // YAML allows keys of 1024 characters, the colon included.
    private const int LongestKey = 500;

    private readonly string _text;
    private readonly RepeatedWords _words = new();
    private int _at;
    private int _line;
    private int _lineStart;
    private int _indent;

    private PlainYaml(string text) => _text = text;

    /// <summary>Reads a text.</summary>
    /// <returns>Null where it is not written plainly; no more is known of it then.</returns>
    public static YamlMap? TryRead(string text)
    {
        if (HasOddCharacters(text))
        {
            return null;
        }

        // A line that nobody takes, because it stands too far right or left, is still there at the end.
        var reader = new PlainYaml(text);
        return reader.StartLine(0) && reader._indent == 0 && reader.BlockMap(0, 0) is { } root && reader._indent == End ? root : null;
    }

    private SourcePlace Here => new(_line, _at - _lineStart + 1);

    private char Now => _at < _text.Length ? _text[_at] : '\n';

    private char Next => _at + 1 < _text.Length ? _text[_at + 1] : '\n';

    private bool IsAtLineEnd => Now is '\n' or '\r';

    /// <summary>A list's entry begins here.</summary>
    private bool IsAtDash => Now == '-' && Next == ' ';

    /// <summary>Other line breaks than the usual two, and what YAML forbids.</summary>
    private static bool HasOddCharacters(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is (< ' ' or > '~' and < '\u00a0' or '\u2028' or '\u2029' or '\ufeff' or >= '\ufffe') and not '\n'
                && (text[i] != '\r' || i + 1 == text.Length || text[i + 1] != '\n'))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Goes to the first line with content that begins at or behind a place.</summary>
    private bool StartLine(int from)
    {
        for (_at = from; _at < _text.Length; SkipLine())
        {
            (_line, _lineStart) = (_line + 1, _at);
            SkipBlanks();
            if (_at < _text.Length && !IsAtLineEnd && Now != '#')
            {
                _indent = _at - _lineStart;
                return true;
            }
        }

        _indent = End;
        return false;
    }

    private void SkipLine() => _at = _text.IndexOf('\n', _at) is >= 0 and var end ? end + 1 : _text.Length;

    private void SkipBlanks()
    {
        while (_at < _text.Length && _text[_at] == ' ')
        {
            _at++;
        }
    }

    /// <summary>Nothing but a comment may be left on the line; goes to the next one.</summary>
    private bool EndLine()
    {
        SkipBlanks();
        if (!IsAtLineEnd && (Now != '#' || _text[_at - 1] != ' '))
        {
            return false;
        }

        SkipLine();
        StartLine(_at);
        return true;
    }

    private YamlMap? BlockMap(int indent, int depth)
    {
        var map = new YamlMapBuilder(Here, isFlow: false);
        do
        {
            var at = Here;
            if (Key() is not { } key || !map.TryAdd(key, at, Value(indent, depth)))
            {
                return null;
            }
        }
        while (_indent == indent);

        return map.Build();
    }

    /// <summary>What belongs to a key of a block mapping: behind it, or on the lines below.</summary>
    private YamlNode? Value(int indent, int depth)
    {
        var behind = Here;
        SkipBlanks();
        if (!IsAtLineEnd && Now != '#')
        {
            return Inline(depth, isFlow: false) is { } value && EndLine() ? value : null;
        }

        if (depth == Deepest || !EndLine())
        {
            return null;
        }

        // The entries of a list may stand as far left as their key.
        return _indent >= indent && IsAtDash ? BlockList(_indent, depth + 1)
            : _indent > indent ? BlockMap(_indent, depth + 1)
            : new YamlText("", true, behind);
    }

    private YamlList? BlockList(int indent, int depth)
    {
        var at = Here;
        var items = new List<YamlNode>();
        while (_indent == indent && IsAtDash)
        {
            _at++;
            SkipBlanks();
            var column = _at - _lineStart;
            var item = KeyLength() > 0 ? depth < Deepest ? BlockMap(column, depth + 1) : null
                : Inline(depth, isFlow: false) is { } value && EndLine() ? value
                : null;
            if (item is null)
            {
                return null;
            }

            items.Add(item);
        }

        return new YamlList(items, at);
    }

    private YamlNode? Inline(int depth, bool isFlow) => depth == Deepest ? null : Now switch
    {
        '{' => FlowMap(depth + 1),
        '[' => FlowList(depth + 1),
        '"' or '\'' => Quoted(),
        _ => Plain(isFlow),
    };

    private YamlMap? FlowMap(int depth)
    {
        var map = new YamlMapBuilder(Here, isFlow: true);
        _at++;
        SkipBlanks();
        if (Now != '}')
        {
            do
            {
                var at = Here;
                if (Key() is not { } key)
                {
                    return null;
                }

                SkipBlanks();
                if (!map.TryAdd(key, at, Inline(depth, isFlow: true)))
                {
                    return null;
                }
            }
            while (Comma());
        }

        return Closes('}') ? map.Build() : null;
    }

    private YamlList? FlowList(int depth)
    {
        var at = Here;
        var items = new List<YamlNode>();
        _at++;
        SkipBlanks();
        if (Now != ']')
        {
            do
            {
                if (Inline(depth, isFlow: true) is not { } item)
                {
                    return null;
                }

                items.Add(item);
            }
            while (Comma());
        }

        return Closes(']') ? new YamlList(items, at) : null;
    }

    private bool Comma()
    {
        SkipBlanks();
        if (Now != ',')
        {
            return false;
        }

        _at++;
        SkipBlanks();
        return true;
    }

    private bool Closes(char with)
    {
        if (Now != with)
        {
            return false;
        }

        _at++;
        return true;
    }

    /// <summary>Behind the key and its colon afterwards.</summary>
    private string? Key()
    {
        if (KeyLength() is not (> 0 and var length))
        {
            return null;
        }

        var key = _words.Of(_text.AsSpan(_at, length));
        _at += length + 1;
        return key;
    }

    /// <summary>0 where no key begins.</summary>
    private int KeyLength()
    {
        var rest = _text.AsSpan(_at);
        var length = 0;
        while (length < rest.Length && length < LongestKey && (IsLetterOrDigit(rest[length]) || length > 0 && rest[length] is '_' or '-' or '.' or '/'))
        {
            length++;
        }

        return length < rest.Length && rest[length] == ':' && IsKeyEnd(rest[(length + 1)..], isFlow: false) ? length : 0;
    }

    private static bool IsLetterOrDigit(char c) => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9';

    private YamlText? Quoted()
    {
        var (at, quote) = (Here, Now);
        var rest = _text.AsSpan(_at);
        for (var i = 1; i < rest.Length && rest[i] != '\n' && (rest[i] != '\\' || quote == '\''); i++)
        {
            if (rest[i] != quote)
            {
                continue;
            }

            if (quote == '\'' && i + 1 < rest.Length && rest[i + 1] == '\'')
            {
                i++;
                continue;
            }

            _at += i + 1;
            var value = rest[1..i].ToString();
            return new YamlText(quote == '\'' ? value.Replace("''", "'", StringComparison.Ordinal) : value, false, at);
        }

        return null;
    }

    private YamlText? Plain(bool isFlow)
    {
        var at = Here;
        var rest = _text.AsSpan(_at);
        if (!IsLetterOrDigit(Now) && Now is not ('/' or '.' or '(' or '_' or '+' or '$' or '<' or '~' or > '\u00a0'))
        {
            return null;
        }

        var end = 0;
        for (; end < rest.Length && rest[end] is not ('\n' or '\r'); end++)
        {
            var c = rest[end];
            if (c is ',' or '}' or ']' && isFlow || c == '#' && rest[end - 1] == ' ')
            {
                break;
            }

            if (c is '{' or '[' && isFlow || c == ':' && IsKeyEnd(rest[(end + 1)..], isFlow))
            {
                return null;
            }
        }

        // The blanks before a comment, a comma or a bracket do not belong to the text, and a comment needs one before it.
        while (rest[end - 1] == ' ')
        {
            end--;
        }

        _at += end;
        return new YamlText(_words.Of(rest[..end]), true, at);
    }

    /// <summary>A colon before this makes a key of what stands before it.</summary>
    private static bool IsKeyEnd(ReadOnlySpan<char> behind, bool isFlow) =>
        behind.IsEmpty || behind[0] is ' ' or '\n' or '\r' || isFlow && behind[0] is ',' or '}' or ']' or '{' or '[';
}
