using Mana.Ports.Checks;
using Mana.Ports.Model;
using Mana.Ports.Rendering;

namespace Mana.Tests.Ports;

public sealed class FileCheckTests
{
    private const string Schema = """
        schema: 1
        hosts:
          one: { title: First host }
        ranges:
          back: { first: 3000, last: 3019 }
        services:
          accounts:
            managed: true
            planned: { port: 3001 }
            real: { host: one, port: 3001, container: 8080, metrics: /metrics, public: id.example.org }
          shop: { planned: { port: 3002 } }
        files:
          - { kind: compose, path: docker-compose.yml }
          - { kind: prometheus, path: prometheus.yml }
          - { kind: env, path: .env.example }
          - { kind: constants, path: Fleet.Accounts/GeneratedPort.cs, service: accounts }
        """;

    private static readonly Dictionary<string, string> Sound = new()
    {
        ["docker-compose.yml"] = "services:\n  accounts:\n    image: accounts:local\n    ports:\n      - \"3001:8080\"\n",
        ["prometheus.yml"] = "scrape_configs:\n  - job_name: accounts\n    static_configs:\n      - targets: ['accounts:8080']\n",
        [".env.example"] = "ACCOUNTS_PORT=3001\nOTHER_URL=http://localhost:9999\n",
        ["Fleet.Accounts/GeneratedPort.cs"] = PortRenderers.Render(Schemas.Read(Schema), new FollowingFile("constants", "Fleet.Accounts/GeneratedPort.cs", "accounts", default)),
    };

    [Fact]
    public void Files_that_say_what_the_schema_says_are_no_finding() => Check(Sound).Should().BeEmpty();

    [Theory]
    [InlineData("docker-compose.yml", "3001:8080", "3009:8080", "docker-compose.yml:5:10 PS015 error: accounts has port 3009 here, ports.yaml:7 says 3001")]
    [InlineData("docker-compose.yml", "3001:8080", "3001:8081", "docker-compose.yml:5:15 PS015 error: accounts has port 8081 here, ports.yaml:7 says 8080")]
    [InlineData("docker-compose.yml", "  accounts:", "  acounts:", "docker-compose.yml:5:10 PS015 warning: acounts has port 3001 here and is not in ports.yaml; did you mean accounts?|docker-compose.yml:5:15 PS015 warning: acounts has port 8080*|ports.yaml:7:3 PS016 error: accounts is missing from docker-compose.yml")]
    [InlineData("docker-compose.yml", "services:", "services: [", "docker-compose.yml:*PS018 error*")]
    [InlineData("prometheus.yml", "accounts:8080", "accounts:3011", "prometheus.yml:4:29 PS015 error: accounts has port 3011 here*")]
    [InlineData(".env.example", "ACCOUNTS_PORT=3001\n", "", "ports.yaml:7:3 PS016 error: accounts is missing from .env.example")]
    [InlineData(".env.example", "3001", "3003", ".env.example:1:15 PS015 error: accounts has port 3003 here*")]
    [InlineData("Fleet.Accounts/GeneratedPort.cs", "= 3001", "= 3002", "Fleet.Accounts/GeneratedPort.cs:8:1 PS017 error: *run mana ports render --write")]
    public void Drift_is_named_with_file_and_line(string path, string sound, string broken, string findings)
    {
        Sound[path].Should().Contain(sound);

        var found = Check(new(Sound) { [path] = Sound[path].Replace(sound, broken, StringComparison.Ordinal) });

        var expected = findings.Split('|');
        found.Should().HaveCount(expected.Length);
        found.Zip(expected).Should().AllSatisfy(pair => pair.First.Should().Match(pair.Second));
    }

    [Fact]
    public void A_number_that_moves_in_the_schema_alone_is_found_in_every_file()
    {
        var moved = SchemaWriter.Move(Schema, "accounts", 3001, 3004);

        Check(Sound, moved).Select(finding => finding.Split(' ')[0]).Should().Equal("docker-compose.yml:5:10", ".env.example:1:15", "Fleet.Accounts/GeneratedPort.cs:8:1");
    }

    [Fact]
    public void A_file_that_is_not_there_or_of_no_known_kind_is_found()
    {
        var without = new Dictionary<string, string>(Sound);
        without.Remove(".env.example");

        Check(without).Should().Equal("ports.yaml:15:5 PS018 error: .env.example does not exist");
        Check(Sound, Schema.Replace("kind: env", "kind: envv", StringComparison.Ordinal)).Should().ContainSingle()
            .Which.Should().Be("ports.yaml:15:5 PS018 error: nobody knows files of the kind \"envv\"; did you mean \"env\"?");
    }

    [Fact]
    public void A_block_that_was_edited_by_hand_is_found()
    {
        var block = "# mana-ports:begin accounts sha256=0123456789abcdef\nACCOUNTS_PORT=3001\n# mana-ports:end\n";

        Check(new(Sound) { [".env.example"] = block }).Should().ContainSingle().Which.Should().Match(".env.example:1:1 PS017 error: the generated block accounts was edited by hand*");
    }

    [Fact]
    public void An_exception_allows_drift_in_a_file()
    {
        var schema = Schemas.Read(Schema + "\nexceptions:\n  - { rule: PS015, service: accounts, port: 3009, reason: why, until: 2027-03-31 }");
        var files = new Dictionary<string, string>(Sound) { ["docker-compose.yml"] = Sound["docker-compose.yml"].Replace("3001", "3009", StringComparison.Ordinal) };

        SchemaCheck.Run(schema, Schemas.Today, new FileCheck(FileCheck.Adapters).Run(schema, files.GetValueOrDefault)).Should().ContainSingle(one => one.Rule == "PS015").Which.Allowed.Should().NotBeNull();
    }

    private static List<string> Check(Dictionary<string, string> files, string? schema = null) =>
        [.. new FileCheck(FileCheck.Adapters).Run(Schemas.Read(schema ?? Schema), files.GetValueOrDefault)
            .Select(finding => $"{finding.Path}:{finding.At.Line}:{finding.At.Column} {finding.Rule} {finding.Severity.ToString().ToLowerInvariant()}: {finding.Message}")];
}
