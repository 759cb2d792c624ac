using System.Globalization;
using Mana.Ports.Files;

namespace Mana.Tests.Ports;

public sealed class AdapterTests
{
    private static readonly PortFact Fact = new(
        "mana-example", 3006, null, "/health", "/metrics", "example.mana.how", "mac-mini", "An example | with a bar", "C#");

    public static TheoryData<string> Files => [.. Fixtures.Paths];

    public static TheoryData<string, string> Spelled
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var path in Fixtures.Paths)
            {
                foreach (var spelling in Fixtures.Spellings.Keys)
                {
                    data.Add(path, spelling);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_is_claimed_by_its_adapter_and_by_no_other(string path) =>
        Fixtures.Adapters.Values.Where(adapter => adapter.Claims(path)).Should().Equal(Fixtures.Adapter(path));

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_port_is_found_with_its_place(string path)
    {
        var mentions = Fixtures.Adapter(path).Read(path, Fixtures.Text(path));
        mentions.Select(mention => string.Join('\t', mention.Service, mention.Port, mention.Role, mention.Line, mention.Column))
            .Order(StringComparer.Ordinal).Should().Equal(Fixtures.Expected(path));
        mentions.Where(mention => mention.Column > 1).Should().OnlyContain(mention => StandsThere(Fixtures.Text(path), mention));
        mentions.Should().OnlyContain(mention => mention.Path == path && !mention.Text.Contains("s3cret") && !mention.Text.Contains("p#ss"));
    }

    [Theory]
    [MemberData(nameof(Spelled))]
    public void The_spelling_of_a_file_changes_nothing_of_what_it_says(string path, string spelling)
    {
        var text = Fixtures.Spellings[spelling](Fixtures.Text(path));
        Fixtures.Adapter(path).Read(path, text)
            .Select(mention => string.Join('\t', mention.Service, mention.Port, mention.Role, mention.Line, mention.Column))
            .Order(StringComparer.Ordinal).Should().Equal(Fixtures.Expected(path));
    }

    [Theory]
    [MemberData(nameof(Spelled))]
    public void A_service_put_in_and_taken_out_leaves_the_same_bytes(string path, string spelling)
    {
        var adapter = Fixtures.Adapter(path);
        var text = Fixtures.Spellings[spelling](Fixtures.Text(path));
        var with = adapter.Put(text, Fact);
        with.Should().NotBe(text);
        adapter.Read(path, with).Where(mention => mention.Service == "mana-example" || mention.Address == "example.mana.how")
            .Should().NotBeEmpty().And.OnlyContain(mention => mention.Port == 3006);
        adapter.Put(with, Fact).Should().Be(with, "a file that says it already is not touched");
        adapter.Remove(with, "mana-example").Should().Be(text);
        adapter.Remove(text, "mana-example").Should().Be(text);
    }

    [Theory]
    [MemberData(nameof(Spelled))]
    public void Adding_a_service_only_adds_lines(string path, string spelling)
    {
        var text = Fixtures.Spellings[spelling](Fixtures.Text(path));
        var before = text.Split('\n');
        var after = Fixtures.Adapter(path).Put(text, Fact).Split('\n');
        var from = before.Zip(after).TakeWhile(pair => pair.First.TrimEnd('\r') == pair.Second.TrimEnd('\r')).Count();
        before[from..].Should().Equal(after[^(before.Length - from)..]);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Another_port_replaces_the_old_one_and_nothing_else(string path)
    {
        var adapter = Fixtures.Adapter(path);
        var text = Fixtures.Text(path);
        var with = adapter.Put(text, Fact);
        adapter.Put(with, Fact with { Port = 3007 }).Should().Be(adapter.Put(text, Fact with { Port = 3007 }));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void What_was_there_can_be_taken_out_and_its_neighbours_stay(string path)
    {
        var adapter = Fixtures.Adapter(path);
        var text = Fixtures.Text(path);
        var services = adapter.Read(path, text).Select(mention => mention.Service).Distinct().ToList();
        foreach (var service in services)
        {
            string without;
            try
            {
                without = adapter.Remove(text, service);
            }
            catch (PortFileException e)
            {
                // Files written in one line, and jobs with several services, are refused with a reason.
                e.Message.Should().MatchRegex("by hand|as a block");
                continue;
            }

            var left = adapter.Read(path, without);
            left.Where(mention => mention.Service == service && mention.Address != service && !mention.Text.StartsWith("PORT=", StringComparison.Ordinal)).Should().BeEmpty();
            services.Where(other => other != service && IsAtHome(path, other)).Except(left.Select(mention => mention.Service)).Should().BeEmpty();
        }
    }

    [Fact]
    public void A_compose_service_that_publishes_nothing_gets_its_port()
    {
        const string Text = "services:\n  mana-example:\n    image: x # mine\n\n  other:\n    image: y\n";
        new ComposeFile().Put(Text, Fact).Should().Be(
            "services:\n  mana-example:\n    image: x # mine\n    ports:\n      - \"127.0.0.1:3006:3006\"\n\n  other:\n    image: y\n");
    }

    [Fact]
    public void Only_the_wrong_number_of_a_compose_service_changes()
    {
        const string Text = "services:\n  mana-example:\n    image: x\n    environment: { PORT: \"9000\" }\n    ports:\n      - \"0.0.0.0:${P:-3999}:9000\" # here\n  other:\n    environment:\n      URL: http://mana-example:9000/api\n";
        new ComposeFile().Put(Text, Fact with { ContainerPort = 9000 }).Should().Be(Text.Replace("3999", "3006", StringComparison.Ordinal));
        new ComposeFile().Put(Text, Fact).Should().Be(
            Text.Replace("3999", "3006", StringComparison.Ordinal).Replace("9000", "3006", StringComparison.Ordinal));
    }

    [Fact]
    public void A_wrong_port_in_a_range_is_refused_with_its_place()
    {
        const string Text = "services:\n  mana-example:\n    ports:\n      - 4000-4000:80\n";
        var put = () => new ComposeFile().Put(Text.Replace("4000-4000:80", "\"4000-4001:4000-4001\"", StringComparison.Ordinal), Fact);
        put.Should().Throw<PortFileException>().Which.Line.Should().Be(4);
    }

    [Theory]
    [InlineData("services:\n  a:\n    ports: [\"80:80:80:80\"]\n", 3, 13)]
    [InlineData("services:\n  a:\n    ports:\n      - \"99999:80\"\n", 4, 9)]
    [InlineData("services:\n  a:\n    ports:\n      - \"10-12:10-11\"\n", 4, 9)]
    [InlineData("services:\n  a: [\n", 2, 8)]
    public void A_fault_in_a_compose_file_has_its_place(string text, int line, int column)
    {
        var read = () => new ComposeFile().Read("docker-compose.yml", text);
        var fault = read.Should().Throw<PortFileException>().Which;
        fault.Message.Should().StartWith(string.Create(CultureInfo.InvariantCulture, $"docker-compose.yml:{line}:{column}: "));
    }

    [Fact]
    public void A_document_may_merge_its_anchors_a_billion_times()
    {
        var text = "a0: &a0 { ports: [\"1:1\"] }\n" + string.Concat(Enumerable.Range(1, 40).Select(i => $"a{i}: &a{i} {{ <<: [*a{i - 1}, *a{i - 1}] }}\n"))
            + "services:\n  s:\n    <<: [*a40, *a40]\n";
        new ComposeFile().Read("compose.yml", text).Should().HaveCount(2);
    }

    [Fact]
    public void An_environment_line_that_is_no_variable_is_refused_with_its_place()
    {
        var read = () => new EnvFile().Read(".env", "A_PORT=1\nnonsense\n");
        read.Should().Throw<PortFileException>().WithMessage(".env:2:1: *NAME=value*");
        var unclosed = () => new EnvFile().Read(".env", "A_PORT=1\nB=\"x\nC_PORT=2\n");
        unclosed.Should().Throw<PortFileException>().WithMessage(".env:2:3: *never closed*");
    }

    [Fact]
    public void A_new_row_stands_in_its_range_and_in_order()
    {
        var text = Fixtures.Text(Path.Combine("markdown", "ports.md"));
        new MarkdownFile().Put(text, Fact).Split('\n').Should().ContainInConsecutiveOrder(
            "| `3002` | **[credits](../credits)** | Go | Pays \\| bills |",
            "| 3006 | mana-example | C# | An example \\| with a bar |",
            "| 3006-3009 | (reserved) |");
        new MarkdownFile().Put(text, Fact with { Port = 9100 }).Split('\n').Should().ContainInConsecutiveOrder("9001 | minio (Console)", "9100 | mana-example");
    }

    // Ports inside of a range have no digits of their own, and a variable's value stands elsewhere.
    private static bool StandsThere(string text, PortMention mention) =>
        text.Split('\n')[mention.Line - 1][(mention.Column - 1)..] is var rest
        && (rest.StartsWith(mention.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            || mention.Text.Contains('-', StringComparison.Ordinal) || rest.Contains("${", StringComparison.Ordinal));

    // A service that only its neighbours speak of goes with them.
    private static bool IsAtHome(string path, string service) =>
        Fixtures.Adapter(path).Read(path, Fixtures.Text(path)).Any(mention => mention.Service == service && mention.Address != service);
}
