using CsCheck;
using Mana.Ports.Files;

namespace Mana.Tests.Ports;

/// <summary>Whatever a file contains, an adapter answers or names the fault and its line.</summary>
public sealed class AdapterPropertyTests
{
    private static readonly PortFact Fact = new("zz-new", 3006, 8080, "/health", "/metrics", "zz.example.org", null, "New", "C#");

    // The words and marks that these files are made of, so that random texts come near to sound ones.
    private static readonly string[] Pieces =
    [
        "services:", "scrape_configs:", "ingress:", "ports:", "  ", "    ", "- ", ": ", "\"", "'", "a", "b-c", "3000", "80:80", "127.0.0.1:1:2/udp", "1-3:1-3",
        "${A:-80}", "${A", "$", "#", "\n", "\n", "\n  ", "\r\n", "\r", "\t", "{", "}", "[", "]", ",", "&x ", "*x", "<<: ", "|", ">", "---\n", "...\n", "? ", "!!str ", "%",
        "job_name: j", "static_configs:", "targets: [a:1]", "hostname: h.x", "service: http://localhost:1", "environment:", "PORT=1", "A_URL=http://a:1", "export ",
        "|---|---|\n", "| Port | Service |\n", "| 1 | x |\n", "```", "# 1-9", "mana-ports:begin x sha256=0", "# mana-ports:begin zz-new sha256=00\n", "# mana-ports:end\n", "\uFEFF", "\u0085", "\u2028", "\0", "é", "\ud83d", "\\",
    ];

    private static readonly Gen<string> Text = Gen.Frequency(
        (4, Gen.OneOf(Pieces).Array[0, 40].Select(string.Concat)),
        (1, Gen.String[0, 80]),
        (4, from fixture in Gen.OneOf(Fixtures.Paths.ToArray())
            let text = Fixtures.Text(fixture)
            from at in Gen.Int[0, text.Length]
            from cut in Gen.Int[0, 12]
            from piece in Gen.OneOf(Pieces).Array[0, 3]
            select text.Remove(at, Math.Min(cut, text.Length - at)).Insert(at, string.Concat(piece))));

    public static TheoryData<string> Kinds => [.. Fixtures.Adapters.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Reading_answers_or_names_the_fault(string kind) => Text.Sample(
        text =>
        {
            var lines = text.Split('\n').Length + text.Count(c => c == '\r');
            try
            {
                foreach (var mention in Fixtures.Adapters[kind].Read("dir/file", text))
                {
                    if (mention.Port is < 1 or > 65535 || mention.Line < 1 || mention.Line > lines || mention.Column < 1)
                    {
                        return false;
                    }
                }
            }
            catch (PortFileException e)
            {
                return e.Line >= 1 && e.Line <= lines && e.Column >= 1 && e.Path == "dir/file";
            }

            return true;
        },
        iter: 4000);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Writing_and_taking_back_leaves_the_same_text_or_is_refused(string kind) => Text.Sample(
        text =>
        {
            var adapter = Fixtures.Adapters[kind];
            try
            {
                if (adapter.Read("dir/file", text).Any(mention => mention.Service == Fact.Service)
                    || text.Contains("zz-new", StringComparison.Ordinal) || adapter.Remove(text, Fact.Service) != text)
                {
                    return;
                }

                var with = adapter.Put(text, Fact);
                adapter.Remove(with, Fact.Service).Should().Be(text);
            }
            catch (PortFileException)
            {
                // Refused: nothing was written.
            }
        },
        iter: 4000);
}
