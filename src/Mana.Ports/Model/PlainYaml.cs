namespace Mana.Ports.Model;

/// <summary>
/// Reads schemas that are written plainly: block mappings and lists, flow mappings and lists on one line, texts on one line
/// without escapes, comments. It never judges: whatever else stands in the text, sound or not, is left to <see cref="YamlTree"/>,
/// which reads all of YAML, is ten times slower, and says what is wrong. Where this one reads a text, both read the same.
/// </summary>
internal sealed class PlainYaml
{
    // Real schemas need five levels; the limit keeps damaged ones from filling the stack.
    private const int Deepest = 32;
    private const int End = -1;

    private readonly string _text;
    private readonly string?[] _words = new string?[256];
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

        var reader = new PlainYaml(text);
        return reader.StartLine(0) && reader._indent == 0 && reader.BlockMap(0, 0) is { } root && reader._indent == End ? root : null;
    }

    private SourcePlace Here => new(_line, _at - _lineStart + 1);

    private char Now => _at < _text.Length ? _text[_at] : '\n';

    private char Next => _at + 1 < _text.Length ? _text[_at + 1] : '\n';

    private bool IsAtLineEnd => Now is '\n' or '\r';

    /// <summary>A list's entry begins here.</summary>
    private bool IsAtDash => Now == '-' && Next == ' ';

    /// <summary>Other line breaks than the usual two, and what YAML forbids or counts differently.</summary>
    private static bool HasOddCharacters(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is (< ' ' or > '~' and < '\u00a0' or '\u2028' or '\u2029' or >= '\ud800' and <= '\udfff' or '\ufeff' or >= '\ufffe') and not '\n'
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
        var end = _at;
        SkipBlanks();
        if (!IsAtLineEnd && (Now != '#' || _at == end))
        {
            return false;
        }

        SkipLine();
        StartLine(_at);
        return true;
    }

    private YamlMap? BlockMap(int indent, int depth)
    {
        var map = new MapBuilder(Here);
        do
        {
            var at = Here;
            if (Key() is not { } key || !map.Add(key, at, Value(indent, depth)))
            {
                return null;
            }
        }
        while (_indent == indent && !IsAtDash);

        return map.Build(isFlow: false);
    }

    /// <summary>What belongs to a key of a block mapping: behind it, or on the lines below.</summary>
    private YamlNode? Value(int indent, int depth)
    {
        SkipBlanks();
        if (!IsAtLineEnd && Now != '#')
        {
            return Inline(depth, isFlow: false) is { } value && EndLine() && _indent <= indent ? value : null;
        }

        if (depth == Deepest || !EndLine())
        {
            return null;
        }

        // The entries of a list may stand as far left as their key.
        return IsAtDash ? _indent >= indent ? BlockList(_indent, depth + 1) : null
            : _indent > indent ? BlockMap(_indent, depth + 1)
            : null;
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
            var item = IsAtKey() ? depth < Deepest ? BlockMap(column, depth + 1) : null
                : Inline(depth, isFlow: false) is { } value && EndLine() ? value
                : null;
            if (item is null || _indent > indent)
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
        var map = new MapBuilder(Here);
        _at++;
        SkipBlanks();
        if (Now != '}')
        {
            do
            {
                var at = Here;
                if (Key() is not { } key || Now != ' ')
                {
                    return null;
                }

                SkipBlanks();
                if (!map.Add(key, at, Inline(depth, isFlow: true)))
                {
                    return null;
                }
            }
            while (Comma());
        }

        return Closes('}') ? map.Build(isFlow: true) : null;
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
        if (!IsAtKey())
        {
            return null;
        }

        var start = _at;
        _at += KeyLength();
        var key = Word(_text.AsSpan(start, _at - start));
        _at++;
        return key;
    }

    private bool IsAtKey()
    {
        var end = _at + KeyLength();
        return IsLetterOrDigit(Now) && end < _text.Length && _text[end] == ':' && (end + 1 == _text.Length || _text[end + 1] is ' ' or '\n' or '\r');
    }

    private int KeyLength()
    {
        // YAML allows keys of 1024 characters.
        var rest = _text.AsSpan(_at, Math.Min(512, _text.Length - _at));
        var length = 0;
        while (length < rest.Length && (IsLetterOrDigit(rest[length]) || rest[length] is '_' or '-' or '.' or '/'))
        {
            length++;
        }

        return length;
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

        // A comment or the next token must not begin in the middle of a blank.
        while (rest[end - 1] == ' ')
        {
            end--;
        }

        _at += end;
        return new YamlText(Word(rest[..end]), true, at);
    }

    /// <summary>A colon before this makes a key of what stands before it.</summary>
    private static bool IsKeyEnd(ReadOnlySpan<char> behind, bool isFlow) =>
        behind.IsEmpty || behind[0] is ' ' or '\n' or '\r' || isFlow && behind[0] is ',' or '}' or ']' or '{' or '[';

    /// <summary>Schemas say the same few words thousands of times.</summary>
    private string Word(ReadOnlySpan<char> span)
    {
        if (span.Length > 20)
        {
            return span.ToString();
        }

        ref var kept = ref _words[span.IsEmpty ? 0 : ((span.Length * 31) + (span[0] * 7) + (span[^1] * 17) + span[span.Length / 2]) & 255];
        return kept is not null && span.SequenceEqual(kept) ? kept : kept = span.ToString();
    }

    /// <summary>A mapping under construction; no key may stand in it twice.</summary>
    private sealed class MapBuilder(SourcePlace at)
    {
        private const int Few = 16;
        private readonly List<YamlEntry> _entries = [];
        private HashSet<string>? _keys;

        public bool Add(string key, SourcePlace keyAt, YamlNode? value)
        {
            if (value is null || !IsNew(key))
            {
                return false;
            }

            _entries.Add(new YamlEntry(key, keyAt, value));
            return true;
        }

        public YamlMap Build(bool isFlow) => new(_entries, isFlow, at);

        private bool IsNew(string key)
        {
            if (_entries.Count >= Few)
            {
                _keys ??= [.. _entries.Select(entry => entry.Key)];
                return _keys.Add(key);
            }

            foreach (var entry in _entries)
            {
                if (entry.Key == key)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
