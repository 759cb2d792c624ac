using System.Text;
using System.Text.RegularExpressions;

namespace Mana.Tests.Mcp.Generated;

/// <summary>
/// A text that fits a pattern, made from the pattern: it knows the part of the language that schemas use (literals,
/// classes, groups with alternatives, quantifiers) and takes the first and shortest way through it.
/// </summary>
internal sealed class PatternExample
{
    private readonly string _pattern;
    private int _at;

    private PatternExample(string pattern) => _pattern = pattern;

    public static string Of(string pattern)
    {
        var example = new PatternExample(pattern).Alternatives();
        return Regex.IsMatch(example, pattern)
            ? example
            : throw new NotSupportedException($"Teach this test the pattern {pattern}: \"{example}\" does not fit it.");
    }

    private string Alternatives()
    {
        var first = Sequence();
        while (_at < _pattern.Length && _pattern[_at] == '|')
        {
            _at++;
            Sequence();
        }

        return first;
    }

    private string Sequence()
    {
        var text = new StringBuilder();
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
        {
            var atom = Atom();
            text.Insert(text.Length, atom, Times());
        }

        return text.ToString();
    }

    private string Atom()
    {
        var c = _pattern[_at++];
        switch (c)
        {
            case '^' or '$':
                return "";
            case '.':
                return "a";
            case '\\':
                return Escape(_pattern[_at++]);
            case '[':
                return Class();
            case '(':
                if (_pattern.AsSpan(_at).StartsWith("?:"))
                {
                    _at += 2;
                }

                var group = Alternatives();
                _at++;
                return group;
            default:
                return c.ToString();
        }
    }

    private static string Escape(char c) => c switch
    {
        'd' => "1",
        'w' => "a",
        's' => " ",
        'S' or 'D' or 'W' => "x",
        'z' or 'A' or 'b' => "",
        _ => c.ToString(),
    };

    private string Class()
    {
        var start = _at;
        var isNegated = _pattern[_at] == '^';
        var end = _pattern.IndexOf(']', _at + 1);
        _at = end + 1;
        if (isNegated)
        {
            var whole = new Regex(_pattern[(start - 1)..(end + 1)]);
            return "ax1-".Select(c => c.ToString()).First(c => whole.IsMatch(c));
        }

        return _pattern[start] == '\\' ? Escape(_pattern[start + 1]) : _pattern[start].ToString();
    }

    private int Times()
    {
        if (_at == _pattern.Length)
        {
            return 1;
        }

        switch (_pattern[_at])
        {
            case '?' or '*':
                _at++;
                return 0;
            case '+':
                _at++;
                return 1;
            case '{':
                var end = _pattern.IndexOf('}', _at);
                var least = _pattern[(_at + 1)..end].Split(',')[0];
                _at = end + 1;
                return int.Parse(least, System.Globalization.CultureInfo.InvariantCulture);
            default:
                return 1;
        }
    }
}
