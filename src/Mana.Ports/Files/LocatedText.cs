using System.Text;

namespace Mana.Ports.Files;

/// <summary>A text whose variables are filled in, and which still knows where in the file each character stands.</summary>
internal sealed class LocatedText
{
    private const int DeepestDefault = 16;

    private readonly StringBuilder _text = new();
    private readonly List<int> _offsets = [];
    private readonly int _fallback;

    private LocatedText(int fallback) => _fallback = fallback;

    public string Text => _text.ToString();

    /// <summary>The offset in the file of a character; of the whole entry where the character comes from elsewhere.</summary>
    public int OffsetAt(int index) => index < _offsets.Count && _offsets[index] >= 0 ? _offsets[index] : _fallback;

    /// <summary>Fills in <c>${NAME}</c>, <c>${NAME:-default}</c> and their relatives; null where a value is unknown.</summary>
    /// <param name="value">As it stands in the file, without quotes.</param>
    /// <param name="start">Where it begins; -1 where the file spells it differently.</param>
    /// <param name="fallback">The place to name then.</param>
    /// <param name="variables">Known values.</param>
    public static LocatedText? Expand(string value, int start, int fallback, IReadOnlyDictionary<string, string> variables)
    {
        var result = new LocatedText(fallback);
        return result.Append(value, 0, value.Length, start, variables, 0) ? result : null;
    }

    public static LocatedText? Expand(SourceText source, YamlScalar scalar, IReadOnlyDictionary<string, string> variables) =>
        Expand(scalar.Value, scalar.ContentStart(source.Text), scalar.Start, variables);

    private bool Append(string value, int from, int to, int start, IReadOnlyDictionary<string, string> variables, int depth)
    {
        for (var i = from; i < to; i++)
        {
            if (value[i] != '$' || i + 1 >= to)
            {
                Put(value[i], start < 0 ? -1 : start + i);
            }
            else if (value[i + 1] == '$')
            {
                Put('$', -1);
                i++;
            }
            else if (value[i + 1] == '{')
            {
                var close = Closing(value, i + 2, to);
                if (close < 0 || depth >= DeepestDefault || !AppendBraced(value, i + 2, close, start, variables, depth))
                {
                    return false;
                }

                i = close;
            }
            else if (IsNameStart(value[i + 1]))
            {
                var end = NameEnd(value, i + 1, to);
                if (!variables.TryGetValue(value[(i + 1)..end], out var known))
                {
                    return false;
                }

                PutAll(known);
                i = end - 1;
            }
            else
            {
                Put('$', start < 0 ? -1 : start + i);
            }
        }

        return true;
    }

    private bool AppendBraced(string value, int from, int to, int start, IReadOnlyDictionary<string, string> variables, int depth)
    {
        var nameEnd = NameEnd(value, from, to);
        var known = variables.GetValueOrDefault(value[from..nameEnd]);
        var orEmpty = nameEnd < to && value[nameEnd] == ':';
        var isSet = orEmpty ? !string.IsNullOrEmpty(known) : known is not null;
        var mark = orEmpty ? nameEnd + 1 : nameEnd;
        var rest = Math.Min(mark + 1, to);
        switch (mark < to ? value[mark] : '\0')
        {
            case '+':
                return !isSet || Append(value, rest, to, start, variables, depth + 1);
            case '-' when !isSet:
                return Append(value, rest, to, start, variables, depth + 1);
            default:
                PutAll(isSet ? known! : "");
                return isSet;
        }
    }

    private static int Closing(string value, int from, int to)
    {
        var open = 1;
        for (var i = from; i < to; i++)
        {
            open += value[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (open == 0)
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    private static int NameEnd(string value, int from, int to)
    {
        while (from < to && (IsNameStart(value[from]) || char.IsAsciiDigit(value[from])))
        {
            from++;
        }

        return from;
    }

    private void PutAll(string text)
    {
        foreach (var c in text)
        {
            Put(c, -1);
        }
    }

    private void Put(char c, int offset)
    {
        _text.Append(c);
        _offsets.Add(offset);
    }
}
