namespace Mana.Ports.Model;

/// <summary>
/// Gives one string for the same few words that a schema says thousands of times: keys, hosts, states. A word that meets
/// another in its place takes the place, so that it never grows.
/// </summary>
internal sealed class RepeatedWords
{
    private const int Places = 256, Longest = 20;

    private readonly string?[] _words = new string?[Places];

    public string Of(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > Longest)
        {
            return text.ToString();
        }

        var place = ((text.Length * 31) + (text[0] * 7) + (text[^1] * 17) + text[text.Length / 2]) % Places;
        if (_words[place] is { } word && text.SequenceEqual(word))
        {
            return word;
        }

        var made = text.ToString();
        _words[place] = made;
        return made;
    }
}
