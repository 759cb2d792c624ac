using System.Globalization;
using System.Text;
using CsCheck;
using Mana.Ports.Model;

namespace Mana.Tests.Ports;

/// <summary>The quick reader of plain schemas and the one that knows all of YAML read the same, with the same places.</summary>
public sealed class PlainYamlTests
{
    private static readonly Gen<string> Word = Gen.OneOf(
        Gen.OneOf("a", "name", "S3-API", "x.y", "3001", "a/b", "true", "null", "2026-04-08", "/health", "10.0.0.1", "http://a.example:80/x?y=1"),
        Gen.String[Gen.Char["abXY09_-./"], 1, 6]);

    private static readonly Gen<string> Key = Gen.Frequency((40, Gen.String[Gen.Char["abcdefghXY_"], 2, 6]), (1, Word));

    // What plain texts may be made of, and what only looks as if.
    private static readonly Gen<string> Scalar = Gen.Frequency(
        (30, Word),
        (20, Gen.Select(Word, Word, (a, b) => $"{a} {b}")),
        (2, Gen.String[Gen.Char["ab 1/.,:;#'\"()[]{}&*!|>%@`~$<+=?-–ü\\"], 1, 8]),
        (8, Gen.String[Gen.Char["ab ,:#'(){}[]-"], 0, 8].Select(text => $"\"{text}\"")),
        (8, Gen.String[Gen.Char["ab ,:#\"(){}[]-"], 0, 8].Select(text => $"'{text}'")),
        (4, Gen.Const("'it''s'")));

    private static readonly Gen<string> Gap = Gen.Frequency((8, Gen.Const("")), (1, Gen.Const(" ")), (1, Gen.Const("  ")));

    private static readonly Gen<string> LineEnd = Gen.Frequency(
        (12, Gen.Const("\n")), (1, Gen.Const("  \n")), (2, Gen.Const(" # why: {not}\n")), (1, Gen.Const("\n\n")), (1, Gen.Const("\n   # a line\n")), (1, Gen.Const("\r\n")));

    [Fact]
    public void What_it_reads_the_full_reader_reads_the_same()
    {
        var read = 0;
        Text.Sample(text => read += AgreesOn(text) ? 1 : 0, iter: 4000, threads: 1);

        // A reader that gives every text to the other one would agree, too.
        read.Should().BeGreaterThan(500);
    }

    [Fact]
    public void They_agree_on_damaged_schemas()
    {
        var read = 0;
        Gen.Select(Gen.OneOf(Schemas.Sound, Head, Tail), Gen.Double.Unit, Gen.Int[0, 6], Gen.String[Gen.Char["{}[]:,-#&*!|>'\"%@` \n\r\t?a1/ü"], 0, 4])
            .Sample((sound, where, removed, put) =>
            {
                var at = (int)(where * sound.Length);
                read += AgreesOn(string.Concat(sound.AsSpan(0, at), put, sound.AsSpan(Math.Min(sound.Length, at + removed)))) ? 1 : 0;
            }, iter: 4000, threads: 1);

        read.Should().BeGreaterThan(500);
    }

    [Fact]
    public void It_reads_our_own_schema() => AgreesOn(Schemas.Seed).Should().BeTrue();

    [Theory]
    [InlineData("a: # why\n  b: c\n")]
    [InlineData("a:   # why\n- b\n- c: d\n  e:\n  - f\ng: h")]
    [InlineData("a:\nb: # nothing\nc:\n  d:\n  e: f\ng:\n- h:\n- i")]
    [InlineData("a: {}\nb: []\nc: { d: [e, { f: g }], h: '' }")]
    [InlineData("a: 'it''s' # why\r\nb: \"c: d\" \r\n\r\n# the end")]
    [InlineData("a: Grüße 👋 an alle – heute\n# 👋\nb: c\u00a0d")]
    [InlineData("a: http://b.example:80/c#d?e=f\nb: { c: http://d:1/e, f: g#h }")]
    public void It_reads_what_people_write(string text) => AgreesOn(text).Should().BeTrue();

    [Theory]
    [InlineData("a: []#")]
    [InlineData("a: [b]c")]
    [InlineData("a: {b: c }, d")]
    [InlineData("0:\n 1:\n- 1")]
    [InlineData(" a:\n- b")]
    [InlineData("a:\n    b: c\n  d: e")]
    [InlineData("a: b\n  c: d")]
    [InlineData("a: b\n  c")]
    [InlineData("a: b: c")]
    [InlineData("a:\n  b: c\n  - d")]
    [InlineData("a: \u2028")]
    [InlineData("a: x\u2029b: c")]
    [InlineData("a: x\u0085b: c")]
    [InlineData("\ufeffa: b")]
    [InlineData("a: b\rc: d")]
    [InlineData("a:\tb")]
    [InlineData("a: b\na: c")]
    [InlineData("a: { b: c, b: d }")]
    [InlineData("a: { b: c, }")]
    [InlineData("a: { b: c\n}")]
    [InlineData("a: \"b\\n\"")]
    [InlineData("a: 'b\nc'")]
    [InlineData("a: &b c")]
    [InlineData("a: *b")]
    [InlineData("a: !b c")]
    [InlineData("a: |\n  b")]
    [InlineData("a: -1")]
    [InlineData("---\na: b")]
    [InlineData("a: b\n---\na: b")]
    [InlineData("a: b\n...")]
    [InlineData("%YAML 1.1\n---\na: b")]
    [InlineData("? a\n: b")]
    [InlineData("- a")]
    [InlineData("a")]
    [InlineData("")]
    public void It_leaves_everything_else_to_the_full_reader(string text) => PlainYaml.TryRead(text).Should().BeNull();

    [Fact]
    public void It_leaves_long_keys_deep_nesting_and_late_duplicates_to_the_full_reader()
    {
        var many = string.Concat(Enumerable.Range(0, 40).Select(i => $"k{i}: v\n"));
        AgreesOn(many).Should().BeTrue();
        foreach (var length in Enumerable.Range(490, 30))
        {
            AgreesOn($"{new string('k', length)}: v\n").Should().Be(length <= 500);
            AgreesOn($"a: {{ {new string('k', length)}:b }}\n").Should().BeFalse();
        }

        AgreesOn($"a: {string.Concat(Enumerable.Repeat("[", 20))}{string.Concat(Enumerable.Repeat("]", 20))}").Should().BeTrue();

        PlainYaml.TryRead($"{many}k7: w\n").Should().BeNull("k7 is among the first few");
        PlainYaml.TryRead($"{many}k30: w\n").Should().BeNull("k30 came when there were many");
        PlainYaml.TryRead($"{new string('k', 1100)}: v\n").Should().BeNull();
        PlainYaml.TryRead($"a: {string.Concat(Enumerable.Repeat("[", 100))}{string.Concat(Enumerable.Repeat("]", 100))}").Should().BeNull();
        PlainYaml.TryRead(string.Concat(Enumerable.Range(0, 100).Select(i => $"{new string(' ', i)}a:\n"))).Should().BeNull();
    }

    private static string Head => Schemas.Seed[..Schemas.Seed.IndexOf("\n  # Core Infra", StringComparison.Ordinal)];

    private static string Tail => Schemas.Seed[(Schemas.Seed.IndexOf("\nreserved:", StringComparison.Ordinal) + 1)..];

    private static Gen<string> Text => Block(0, 3).Select(text => $"schema: 1\n{text}");

    /// <summary>Whether the quick reader read the text at all; where it did, the other one has no fault and the same tree.</summary>
    private static bool AgreesOn(string text)
    {
        if (PlainYaml.TryRead(text) is not { } quick)
        {
            return false;
        }

        var faults = new List<SchemaFault>();
        var full = new YamlTree("t.yaml", faults).Parse(text);
        faults.Should().BeEmpty("the quick reader found nothing odd in {0}", text);
        Shown(quick).Should().Be(Shown(full!), "both read {0}", text);
        return true;
    }

    private static Gen<string> Block(int indent, int depth)
    {
        var blanks = new string(' ', indent);
        var entry = Gen.Select(Key, Value(indent, depth), (key, value) => $"{blanks}{key}:{value}");
        var item = Gen.Select(Inline(depth), LineEnd, (value, end) => $"{blanks}- {value}{end}");
        var compact = depth == 0 ? item : Gen.Select(Key, Value(indent + 2, depth - 1), Block(indent + 2, depth - 1), (key, value, rest) => $"{blanks}- {key}:{value}{rest}");
        return Gen.Frequency((10, entry.Array[1, 4]), (3, item.Array[1, 3]), (2, compact.Array[1, 2])).Select(string.Concat);
    }

    private static Gen<string> Value(int indent, int depth)
    {
        var inline = Gen.Select(Gap, Inline(depth), LineEnd, (gap, value, end) => $" {gap}{value}{end}");
        return depth == 0 ? inline : Gen.Frequency(
            (12, inline),
            (6, Gen.Select(LineEnd, Block(indent + 2, depth - 1), (end, below) => $"{end}{below}")),
            (1, Gen.Select(LineEnd, Block(indent, depth - 1), (end, below) => $"{end}{below}")),
            (1, Gen.Select(LineEnd, Block(indent + 1, depth - 1), (end, below) => $"{end}{below}")));
    }

    private static Gen<string> Inline(int depth) => depth == 0 ? Scalar : Gen.Frequency(
        (4, Scalar),
        (2, Gen.Select(Key, Gap, Inline(depth - 1), Gap, (key, gap, value, behind) => $"{key}: {gap}{value}{behind}").Array[0, 3].Select(entries => $"{{ {string.Join(", ", entries)} }}")),
        (2, Gen.Select(Gap, Inline(depth - 1), Gap, (gap, value, behind) => $"{gap}{value}{behind}").Array[0, 3].Select(items => $"[{string.Join(",", items)}]")));

    private static string Shown(YamlNode node)
    {
        var shown = new StringBuilder();
        Show(node);
        return shown.ToString();

        void Show(YamlNode one)
        {
            shown.Append(CultureInfo.InvariantCulture, $"{one.At.Line}:{one.At.Column} ");
            switch (one)
            {
                case YamlText text:
                    shown.Append(CultureInfo.InvariantCulture, $"{(text.IsPlain ? "plain" : "quoted")} «{text.Value}»\n");
                    break;
                case YamlMap map:
                    shown.Append(map.IsFlow ? "{\n" : "map\n");
                    foreach (var entry in map.Entries)
                    {
                        shown.Append(CultureInfo.InvariantCulture, $"{entry.KeyAt.Line}:{entry.KeyAt.Column} «{entry.Key}» = ");
                        Show(entry.Value);
                    }

                    shown.Append("end\n");
                    break;
                case YamlList list:
                    shown.Append("list\n");
                    list.Items.ToList().ForEach(Show);
                    shown.Append("end\n");
                    break;
            }
        }
    }
}
