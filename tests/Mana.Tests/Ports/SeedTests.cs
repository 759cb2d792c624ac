using System.Globalization;
using Mana.Auth;
using Mana.Mcp;
using Mana.PersonaRunner;
using Mana.Ports.Checks;
using Mana.Ports.Model;

namespace Mana.Tests.Ports;

/// <summary>The product's own schema against the source text, both worked out by hand.</summary>
public sealed class SeedTests
{
    private static readonly PortSchema Schema = Schemas.Read(Schemas.Seed);

    public static TheoryData<string, string, string, string, string, string> Planned
    {
        get
        {
            var data = new TheoryData<string, string, string, string, string, string>();
            foreach (var row in Rows("planned"))
            {
                data.Add(row[1], row[2], row[3], row[4], row[5], row[6]);
            }

            return data;
        }
    }

    public static TheoryData<string, string, string, string, string, string> Real
    {
        get
        {
            var data = new TheoryData<string, string, string, string, string, string>();
            foreach (var row in Rows("real"))
            {
                data.Add(row[1], row[2], row[4], row[7], row[8], row[9]);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Planned))]
    public void The_plan_is_that_of_the_source_text(string port, string name, string portName, string range, string runtime, string about)
    {
        var service = Service(name);
        var planned = service.Planned.Should().ContainSingle(one => one.Port == Number(port)).Subject;

        (planned.Name ?? "").Should().Be(portName);
        (service.Runtime ?? "").Should().Be(runtime);
        if (range == "internal")
        {
            planned.Internal.Should().BeTrue();
        }
        else
        {
            var own = planned.Range is { } named ? Schema.Ranges.Single(one => one.Name == named) : Schema.RangeOf(planned.Port);
            own!.Ports.ToString().Should().Be(range);
        }

        switch (about)
        {
            case "(local-first only)":
                (service.LocalFirst, service.Note).Should().Be((true, null));
                break;
            case "(local-first + mana-media)":
                (service.LocalFirst, service.Note).Should().Be((true, "local-first + mana-media"));
                break;
            case "(future)":
                service.Status.Should().Be(ServiceStatus.Future);
                break;
            case var pair when char.IsAsciiDigit(pair[0]):
                $"{Service(service.Pair!).Planned.Single().Port} {service.Pair}".Should().Be(pair);
                break;
            default:
                $"{service.Description} {service.Note}".Should().Contain(about);
                break;
        }
    }

    [Theory]
    [MemberData(nameof(Real))]
    public void Reality_is_that_of_the_source_text(string port, string name, string host, string address, string task, string since)
    {
        var real = Service(name).Real.Should().ContainSingle().Subject;

        real.Port.Should().Be(Number(port));
        (host == "not-deployed" ? real.Status == ServiceStatus.NotDeployed && real.Host is null : real.Status == ServiceStatus.Running && real.Host == host).Should().BeTrue();
        (real.Public ?? "").Should().Be(address);
        (real.Task ?? "").Should().Be(task);
        if (since.Length > 0)
        {
            real.Since.Should().Be(DateOnly.Parse(since, CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void Nothing_is_in_the_schema_that_is_not_in_the_source_text()
    {
        Schema.Services.SelectMany(service => service.Planned.Select(port => $"{service.Name} {port.Port}"))
            .Should().BeEquivalentTo(Rows("planned").Select(row => $"{row[2]} {row[1]}"));
        Schema.Services.SelectMany(service => service.Real.Select(port => $"{service.Name} {port.Port}"))
            .Should().BeEquivalentTo(Rows("real").Select(row => $"{row[2]} {row[1]}"));
        Schema.Ranges.Select(range => $"{range.Ports} {range.Title}").Should().Equal(Rows("range").Select(row => $"{row[1]} {row[6]}"));
        Schema.Reserved.Select(reserved => $"{string.Join(", ", reserved.Ports)} in {Schema.Ranges.Single(range => range.Name == reserved.Range).Ports}")
            .Should().Equal(Rows("reserved").Select(row => $"{row[1]} in {row[4]}"));
        Schema.Hosts.Select(host => $"{host.Title} {host.Address}{host.Note}").Should().Equal("Windows GPU server 192.168.178.11", "Mac Mini production");
    }

    [Fact]
    public void The_rules_find_exactly_the_contradictions_that_reading_finds()
    {
        SchemaCheck.Run(Schema, Schemas.Today)
            .Select(finding => string.Join('\t', finding.Rule, finding.Severity.ToString().ToLowerInvariant(), finding.Subject, finding.Port, finding.Other, finding.Allowed?.Until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)))
            .Should().BeEquivalentTo(Schemas.Table("expected-findings.tsv").Select(row => string.Join('\t', row)));
    }

    [Fact]
    public void No_finding_of_the_seed_stops_continuous_integration_before_or_after_its_exception_ends()
    {
        SchemaCheck.Run(Schema, Schemas.Today).Should().NotContain(finding => finding.Severity == Severity.Error && finding.Allowed == null);

        var later = SchemaCheck.Run(Schema, new DateOnly(2027, 4, 1));
        later.Should().NotContain(finding => finding.Severity == Severity.Error && finding.Allowed == null);
        later.Should().Contain(finding => finding.Rule == "PS004" && finding.Severity == Severity.Warning && finding.Message.EndsWith("its exception ended on 2027-03-31"));
    }

    [Fact]
    public void Every_finding_of_the_seed_is_explained() =>
        SchemaCheck.Run(Schema, Schemas.Today).Select(finding => PortRules.Find(finding.Rule)?.Explanation ?? "").Should().OnlyContain(text => text.Contains("To do:"));

    [Theory]
    [InlineData("auth", AuthHost.DefaultPort)]
    [InlineData("mcp", McpHost.DefaultPort)]
    [InlineData("persona-runner", RunnerHost.DefaultPort)]
    public void The_services_listen_by_default_where_the_schema_says(string name, int port) =>
        Service("mana-" + name).Real.Single().Port.Should().Be(port);

    private static PortService Service(string name) => Schema.Services.Should().ContainSingle(service => service.Name == name).Subject;

    private static IEnumerable<string[]> Rows(string layer) => Schemas.Table("source-facts.tsv").Where(row => row[0] == layer);

    private static int Number(string port) => int.Parse(port, CultureInfo.InvariantCulture);
}
