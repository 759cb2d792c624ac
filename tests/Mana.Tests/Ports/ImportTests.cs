using Mana.Cli;
using Mana.Ports.Model;
using Mana.Testing;
using Mana.Tests.Cli;

namespace Mana.Tests.Ports;

public sealed class ImportTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string At(string path) => Path.Combine(_directory.Path, path);

    private Task<CliRun> ImportAsync(params string[] arguments) =>
        CliRun.RunAsync(_directory.Path, ["ports", "import", .. arguments, "--output", At("ports.yaml")]);

    private PortService Service(string name) =>
        SchemaReader.Read(File.ReadAllText(At("ports.yaml"))).Require().Services.Single(service => service.Name == name);

    private string Put(string fixture)
    {
        var path = At(Path.GetFileName(fixture));
        File.WriteAllText(path, Fixtures.Text(fixture));
        return path;
    }

    [Fact]
    public async Task A_fleet_is_adopted_from_its_compose_and_Prometheus_files()
    {
        var run = await ImportAsync(Put("compose/docker-compose.yml"), Put("prometheus/prometheus.yml"), "--host", "box");
        run.ExitCode.Should().Be(ExitCode.Ok, run.Error);

        var auth = Service("auth");
        auth.Real.Select(port => (port.Port, port.Container, port.Host, port.Metrics)).Should().Equal(
            (8080, 8000, "box", "/metrics"), (9100, null, "box", null));
        Service("media").Real.Select(port => (port.Port, port.Container, port.Protocol)).Should().Equal(
            (3000, 4000, "tcp"), (3001, 4001, "tcp"), (3002, 4002, "tcp"), (6000, null, "udp"));
        Service("db").Real.Single().Address.Should().Be("127.0.0.1");
        Service("node").Real.Select(port => (port.Port, port.Host)).Should().Equal((9100, "box"), (9182, "192-168-178-11"));

        var check = await CliRun.RunAsync(_directory.Path, "ports", "check", "--root", _directory.Path, "--json");
        check.Json.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("rule").GetString()).Should().NotContain(["PS015", "PS016", "PS018"]);
    }

    [Fact]
    public async Task Contradictions_between_the_files_are_findings_of_the_first_check()
    {
        File.WriteAllText(At("docker-compose.yml"), "services:\n  a:\n    ports: [\"8080:80\"]\n  b:\n    ports: [\"8080:81\"]\n");
        var run = await ImportAsync(At("docker-compose.yml"));
        run.ExitCode.Should().Be(ExitCode.Ok, run.Error);
        run.Out.Should().Contain("finds 1 error");
        (await CliRun.RunAsync(_directory.Path, "ports", "check", "--root", _directory.Path)).Out.Should().Contain("PS001");
    }

    [Fact]
    public async Task Variables_public_names_and_documents_add_to_what_compose_says()
    {
        File.WriteAllText(At("compose.yaml"), "services:\n  api:\n    ports: [\"${API_PORT}:8080\"]\n");
        File.WriteAllText(At(".env"), "API_PORT=3010\nOTHER_URL=http://192.168.7.8:9000\n");
        File.WriteAllText(At("cloudflared.yml"), "ingress:\n  - hostname: api.example.org\n    service: http://localhost:3010\n  - service: http_status:404\n");
        File.WriteAllText(At("ports.md"), "| Port | Service |\n|---|---|\n| 3011 | api |\n");
        var run = await ImportAsync(At("compose.yaml"), At(".env"), At("cloudflared.yml"), At("ports.md"));
        run.ExitCode.Should().Be(ExitCode.Ok, run.Error);
        var api = Service("api");
        api.Real.Single().Should().BeEquivalentTo(new { Port = 3010, Container = 8080, Public = "api.example.org" });
        api.Planned.Select(port => port.Port).Should().Equal(3011);
        Service("other").Real.Single().Host.Should().Be("192-168-7-8");
        (await CliRun.RunAsync(_directory.Path, "ports", "check", "--root", _directory.Path)).Out.Should().Contain("PS004").And.NotContain("PS015");
    }

    [Fact]
    public async Task A_schema_that_is_there_is_not_overwritten()
    {
        File.WriteAllText(At("ports.yaml"), "mine");
        var run = await ImportAsync(Put("compose/docker-compose.yml"));
        run.ExitCode.Should().Be(ExitCode.Refused);
        File.ReadAllText(At("ports.yaml")).Should().Be("mine");
        (await ImportAsync(Put("compose/docker-compose.yml"), "--dry-run")).Out.Should().Contain("services:");
    }

    [Theory]
    [InlineData("stack.txt", "", "does not tell its kind")]
    [InlineData("docker-compose.yml", "services:\n  a:\n    ports: [\"x:y\"]\n", "docker-compose.yml:3:13: ")]
    public async Task A_file_that_cannot_be_imported_is_named(string name, string text, string message)
    {
        File.WriteAllText(At(name), text);
        var run = await ImportAsync(At(name));
        run.ExitCode.Should().Be(ExitCode.Usage);
        run.Error.Should().Contain(message);
        File.Exists(At("ports.yaml")).Should().BeFalse();
    }

    public static TheoryData<string> Everything => [.. Fixtures.Paths];

    [Theory]
    [MemberData(nameof(Everything))]
    public async Task Whatever_a_file_says_makes_a_schema_that_agrees_with_it(string fixture)
    {
        var kind = fixture.Split(Path.DirectorySeparatorChar)[0];
        var run = await ImportAsync($"{kind}:{Put(fixture)}");
        run.ExitCode.Should().Be(ExitCode.Ok, run.Error);
        var check = await CliRun.RunAsync(_directory.Path, "ports", "check", "--root", _directory.Path, "--json");
        check.Json.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("rule").GetString()).Should().NotContain(["PS015", "PS016", "PS017", "PS018"]);
    }
}
