using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>
/// Writes a string for a regular expression of the kind schemas use: literals, classes, groups, alternatives and
/// quantifiers. What it cannot write (look-arounds, back-references) gives null, and every result is checked.
/// </summary>
internal sealed class PatternText
{
    private const int MaxRepeats = 8;
    private const string WordCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    private const string Printable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_.,:;!?#+*/()";

    // For what only backtracking can read; far beyond any honest match, so that a busy machine does not decide.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(2);

    private readonly string _pattern;
    private readonly Dice _dice;
    private int _position;

    private PatternText(string pattern, Dice dice)
    {
        _pattern = pattern;
        _dice = dice;
    }

    /// <summary>Whether a text meets a pattern; a pattern that is no regular expression is met by nothing.</summary>
    public static bool Matches(string pattern, string text)
    {
        try
        {
            return IsMatch(pattern, text);
        }
        catch (Exception problem) when (problem is ArgumentException or RegexMatchTimeoutException)
        {
            return false;
        }
    }

    /// <summary>A text that meets the pattern and the lengths, or null.</summary>
    public static string? Write(string pattern, int minLength, int maxLength, Dice dice)
    {
        for (var attempt = 0; attempt < 40; attempt++)
        {
            string text;
            try
            {
                var writer = new PatternText(pattern, dice);
                text = writer.Alternatives();
                if (writer._position < pattern.Length)
                {
                    return null;
                }
            }
            catch (FormatException)
            {
                return null;
            }

            if (text.Length >= minLength && text.Length <= maxLength && Matches(pattern, text))
            {
                return text;
            }
        }

        return null;
    }

    /// <summary>In time that grows with the text only, wherever the pattern allows: the same seed must give the same visit on a slow machine.</summary>
    private static bool IsMatch(string pattern, string text)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Regex.InfiniteMatchTimeout);
        }
        catch (NotSupportedException)
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, MatchTimeout);
        }
    }

    private string Alternatives()
    {
        var choices = new List<string> { Sequence() };
        while (_position < _pattern.Length && _pattern[_position] == '|')
        {
            _position++;
            choices.Add(Sequence());
        }

        return _dice.Pick(choices);
    }

    private string Sequence()
    {
        var text = new StringBuilder();
        while (_position < _pattern.Length && _pattern[_position] is not ('|' or ')'))
        {
            var start = _position;
            var atom = Atom();
            var (min, max) = Quantifier();
            var count = _dice.Between(min, max);
            for (var i = 0; i < count; i++)
            {
                if (i > 0)
                {
                    // Written anew each time, so that [a-z]{3} is not aaa: back to the atom, then past its quantifier.
                    _position = start;
                    atom = Atom();
                    Quantifier();
                }

                text.Append(atom);
            }
        }

        return text.ToString();
    }

    private string Atom()
    {
        var character = _pattern[_position++];
        switch (character)
        {
            case '^' or '$':
                return "";
            case '.':
                return Of(Printable);
            case '[':
                return Class();
            case '\\':
                return Escaped() switch
                {
                    'b' => "",
                    'd' => Of("0123456789"),
                    'w' => Of(WordCharacters),
                    's' => " ",
                    'D' or 'W' or 'S' or 'B' or 'p' or 'P' or 'k' or (>= '1' and <= '9') => throw new FormatException(),
                    var literal => Literal(literal).ToString(),
                };
            case '(':
                if (_position + 1 < _pattern.Length && _pattern[_position] == '?')
                {
                    if (_pattern[_position + 1] != ':')
                    {
                        throw new FormatException();
                    }

                    _position += 2;
                }

                var group = Alternatives();
                if (_position >= _pattern.Length)
                {
                    throw new FormatException();
                }

                _position++;
                return group;
            default:
                return character.ToString();
        }
    }

    private string Class()
    {
        var isNegated = _position < _pattern.Length && _pattern[_position] == '^';
        _position += isNegated ? 1 : 0;
        var members = new StringBuilder();
        while (true)
        {
            if (_position >= _pattern.Length)
            {
                throw new FormatException();
            }

            var character = _pattern[_position++];
            if (character == ']')
            {
                break;
            }

            if (character == '\\')
            {
                character = Escaped();
                if (character is 'd' or 'w' or 's')
                {
                    members.Append(character switch { 'd' => "0123456789", 'w' => WordCharacters, _ => " " });
                    continue;
                }

                character = Literal(character);
            }

            if (_position + 1 < _pattern.Length && _pattern[_position] == '-' && _pattern[_position + 1] != ']')
            {
                _position++;
                var last = _pattern[_position++];
                last = last == '\\' ? Literal(Escaped()) : last;
                for (var member = character; member <= last && members.Length < 512; member++)
                {
                    members.Append(member);
                }
            }
            else
            {
                members.Append(character);
            }
        }

        var allowed = members.ToString();
        return Of(isNegated ? string.Concat(Printable.Except(allowed)) : allowed);
    }

    private (int Min, int Max) Quantifier()
    {
        if (_position >= _pattern.Length)
        {
            return (1, 1);
        }

        (int Min, int Max) range;
        switch (_pattern[_position])
        {
            case '?':
                range = (0, 1);
                break;
            case '*':
                range = (0, MaxRepeats);
                break;
            case '+':
                range = (1, MaxRepeats);
                break;
            case '{' when _pattern.IndexOf('}', _position) is var end and > 0:
                var bounds = _pattern[(_position + 1)..end].Split(',');
                if (!int.TryParse(bounds[0], NumberStyles.None, CultureInfo.InvariantCulture, out var min))
                {
                    throw new FormatException();
                }

                var max = bounds.Length == 1 ? min
                    : int.TryParse(bounds[1], NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? most
                    : min + MaxRepeats;
                range = (min, Math.Max(min, Math.Min(max, min + (4 * MaxRepeats))));
                _position = end;
                break;
            default:
                return (1, 1);
        }

        _position++;
        if (_position < _pattern.Length && _pattern[_position] == '?')
        {
            _position++;
        }

        return range;
    }

    private char Escaped() => _position < _pattern.Length ? _pattern[_position++] : throw new FormatException();

    private static char Literal(char escaped) => escaped switch
    {
        't' => '\t',
        'n' => '\n',
        'r' => '\r',
        _ when char.IsLetterOrDigit(escaped) => throw new FormatException(),
        _ => escaped,
    };

    private string Of(string characters) => characters.Length > 0 ? characters[(int)_dice.Between(0, characters.Length - 1)].ToString() : throw new FormatException();
}
