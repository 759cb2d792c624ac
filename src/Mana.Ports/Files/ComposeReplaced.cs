namespace Mana.Ports.Files;

/// <summary>
/// What compose does not take from a file, because another one beside it says so: with <c>!override</c> it replaces what
/// the others say under a key, with <c>!reset</c> it takes it away.
/// </summary>
internal sealed class ComposeReplaced
{
    public const string Override = "!override", Reset = "!reset";

    private readonly HashSet<(string Service, string? Key)> _elsewhere = [];

    /// <summary>Where no other file has a say.</summary>
    public static ComposeReplaced Nothing { get; } = new();

    /// <summary>What the compose files beside one replace in it.</summary>
    /// <param name="others">Their texts.</param>
    public static ComposeReplaced By(IEnumerable<string> others)
    {
        var replaced = new ComposeReplaced();
        foreach (var service in others.Where(text => text.Contains(Override, StringComparison.Ordinal) || text.Contains(Reset, StringComparison.Ordinal)).SelectMany(Services))
        {
            if (IsMark(service.Value))
            {
                replaced._elsewhere.Add((service.Key.Value, null));
            }

            foreach (var entry in (service.Value as YamlMap)?.Own.Where(entry => IsMark(entry.Value)) ?? [])
            {
                replaced._elsewhere.Add((service.Key.Value, entry.Key.Value));
            }
        }

        return replaced;
    }

    /// <summary>Whether a service is taken away, here or elsewhere; who replaces it himself is there.</summary>
    public bool Has(YamlEntry service) => service.Value.Tag == Reset || (service.Value.Tag != Override && _elsewhere.Contains((service.Key.Value, null)));

    /// <summary>Whether what stands under a key counts no more.</summary>
    public bool Has(YamlEntry service, string key, YamlNode node) => node.Tag == Reset || (node.Tag != Override && Has(service.Key.Value, key));

    /// <summary>Whether another file decides what stands under a key.</summary>
    public bool Has(string service, string key) => _elsewhere.Contains((service, null)) || _elsewhere.Contains((service, key));

    private static bool IsMark(YamlNode node) => node.Tag is Override or Reset;

    private static List<YamlEntry> Services(string text)
    {
        try
        {
            return ComposeFile.Entries(new SourceText(text));
        }
        catch (PortFileException)
        {
            // Whoever reads that file itself says so.
            return [];
        }
    }
}
