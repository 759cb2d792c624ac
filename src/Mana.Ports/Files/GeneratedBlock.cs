using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Mana.Ports.Files;

/// <summary>
/// Lines that the schema wrote into a file, between two markers. The first marker carries the digest of the lines, so
/// that an edit by hand is found.
/// </summary>
/// <param name="Name">Mostly a service.</param>
/// <param name="First">The line of the first marker, from 0.</param>
/// <param name="Last">The line of the second marker, from 0.</param>
/// <param name="Declared">The digest in the marker.</param>
/// <param name="Actual">The digest of the lines.</param>
public sealed partial record GeneratedBlock(string Name, int First, int Last, string Declared, string Actual)
{
    private const int DigestLength = 16;

    /// <summary>Whether the lines are those that were written.</summary>
    public bool IsIntact => Declared == Actual;

    /// <summary>Lines between markers.</summary>
    public static IReadOnlyList<string> Wrap(string name, IReadOnlyCollection<string> lines, string indent = "") =>
        [$"{indent}# mana-ports:begin {name} sha256={Digest(lines)}", .. lines, $"{indent}# mana-ports:end"];

    /// <summary>Every block of a text, in order.</summary>
    /// <exception cref="PortFileException">A marker has no partner.</exception>
    public static IReadOnlyList<GeneratedBlock> Find(string text) => Find(new SourceText(text));

    internal static IReadOnlyList<GeneratedBlock> Find(SourceText source)
    {
        var blocks = new List<GeneratedBlock>();
        if (!source.Text.Contains("mana-ports:", StringComparison.Ordinal))
        {
            return blocks;
        }

        (int Line, string Name, string Digest)? open = null;
        for (var line = 0; line < source.LineCount; line++)
        {
            var text = source.Line(line);
            if (Begin().Match(text) is { Success: true } begin)
            {
                if (open is { } before)
                {
                    throw source.Fault(source.StartOf(before.Line), $"the generated block {before.Name} has no mana-ports:end; put it back, or remove the marker");
                }

                open = (line, begin.Groups["name"].Value, begin.Groups["digest"].Value);
            }
            else if (End().IsMatch(text))
            {
                var (first, name, digest) = open
                    ?? throw source.Fault(source.StartOf(line), "mana-ports:end without a mana-ports:begin; put it back, or remove the marker");
                var lines = Enumerable.Range(first + 1, line - first - 1).Select(source.Line).ToList();
                blocks.Add(new GeneratedBlock(name, first, line, digest, Digest(lines)));
                open = null;
            }
        }

        return open is { } unclosed
            ? throw source.Fault(source.StartOf(unclosed.Line), $"the generated block {unclosed.Name} has no mana-ports:end; put it back, or remove the marker")
            : blocks;
    }

    /// <summary>The text after an edit, with new digests in the blocks that were intact before it.</summary>
    internal static string Restamp(string before, string after)
    {
        var intact = Find(before).Where(block => block.IsIntact).Select(block => block.Name).ToHashSet(StringComparer.Ordinal);
        var source = new SourceText(after);
        return source.Replace(
            from block in Find(source)
            where !block.IsIntact && intact.Contains(block.Name)
            let at = source.Line(block.First).LastIndexOf(block.Declared, StringComparison.Ordinal)
            select (source.StartOf(block.First) + at, block.Declared.Length, block.Actual));
    }

    /// <summary>The lines together with the markers that stand around exactly them.</summary>
    internal static (int First, int Last) Around(SourceText source, (int First, int Last) lines) =>
        lines.First > 0 && lines.Last + 1 < source.LineCount && Begin().IsMatch(source.Line(lines.First - 1)) && End().IsMatch(source.Line(lines.Last + 1))
            ? (lines.First - 1, lines.Last + 1)
            : lines;

    /// <summary>
    /// The text in which a block is what an adapter generates for a service; null where it generates none of that name.
    /// Nothing of the block is read: it may be broken.
    /// </summary>
    /// <exception cref="PortFileException">The rest of the file is not sound, or cannot be edited.</exception>
    internal static string? Restore(IPortFile adapter, string text, GeneratedBlock block, PortFact fact)
    {
        var others = new SourceText(text);
        var sound = Find(others).Where(one => !one.IsIntact || one == block).Reverse()
            .Aggregate(text, (rest, one) => new SourceText(rest).RemoveLines(one.First, one.Last));
        var made = new SourceText(adapter.Put(adapter.Remove(sound, fact.Service), fact));
        if (Find(made).FirstOrDefault(one => one.Name == block.Name) is not { } fresh)
        {
            return null;
        }

        var lines = Enumerable.Range(fresh.First, fresh.Last - fresh.First + 1).Select(made.Line).ToList();
        return new SourceText(others.RemoveLines(block.First, block.Last)).InsertAfter(block.First - 1, lines);
    }

    private static string Digest(IEnumerable<string> lines) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))))[..DigestLength];

    [GeneratedRegex(@"^\s*(#|<!--)\s*mana-ports:begin (?<name>\S+) sha256=(?<digest>[0-9a-f]*)\s*(-->)?\s*$")]
    private static partial Regex Begin();

    [GeneratedRegex(@"^\s*(#|<!--)\s*mana-ports:end\s*(-->)?\s*$")]
    private static partial Regex End();
}
