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
            (8080, 8000, "box", "/metrics"), (9100, 9100, "box", null));
        Service("media").Real.Select(port => (port.Port, port.Container, port.Protocol)).Should().Equal(
            (3000, 4000, "tcp"), (3001, 4001, "tcp"), (3002, 4002, "tcp"), (6000, 6000, "udp"));
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

    private Task<CliRun> PortsAsync(params string[] arguments) =>
        CliRun.RunAsync(_directory.Path, ["ports", .. arguments, "--root", _directory.Path]);

    [Fact]
    public async Task Files_that_environment_files_fill_in_are_checked_and_moved_with_the_same_values()
    {
        File.WriteAllText(At("compose.yaml"), "services:\n  web:\n    ports: [\"${WEB_PORT}:80\"]\n  api:\n    ports:\n      - \"${API_PORT:-3000}:3000\"\n");
        File.WriteAllText(At(".env"), "WEB_PORT=8081\nAPI_PORT=3005\n");
        Directory.CreateDirectory(At("elsewhere"));
        File.WriteAllText(At("elsewhere/.env"), "WEB_PORT=9999\n");
        (await ImportAsync(At("elsewhere/.env"), At("compose.yaml"), At(".env"))).ExitCode.Should().Be(ExitCode.Ok);
        Service("web").Real.Single().Port.Should().Be(8081, "compose takes the file beside it");

        File.Delete(At("ports.yaml"));
        (await ImportAsync(At("compose.yaml"), At(".env"))).ExitCode.Should().Be(ExitCode.Ok);
        var check = await PortsAsync("check");
        check.ExitCode.Should().Be(ExitCode.Ok, check.Out);

        (await PortsAsync("move", "api", "3006", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        File.ReadAllText(At(".env")).Should().Be("WEB_PORT=8081\nAPI_PORT=3006\n");
        File.ReadAllText(At("compose.yaml")).Should().Contain("${API_PORT:-3000}:3000");
        (await PortsAsync("check")).ExitCode.Should().Be(ExitCode.Ok);

        File.WriteAllText(At("ports.yaml"), File.ReadAllText(At("ports.yaml")).Replace("8081", "8082", StringComparison.Ordinal));
        (await PortsAsync("check")).Out.Should().Contain("compose.yaml:3:13: error PS015: web has port 8081 here");
        (await PortsAsync("render", "--write")).ExitCode.Should().Be(ExitCode.Ok);
        File.ReadAllText(At(".env")).Should().Contain("WEB_PORT=8082");
        (await PortsAsync("check")).ExitCode.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public async Task What_cannot_be_followed_is_said_and_never_left_out_in_silence()
    {
        File.WriteAllText(At("compose.yaml"), """
            include: [more.yml]
            services:
              web:
                ports:
                  - "${WEB_PORT}:80"
                  - target: 81
                    published: ${OTHER:?say which}
              worker:
                extends: { file: common.yml, service: base }
              fine:
                ports: ["${FINE-3000}:3000"]
            """);
        var run = await ImportAsync(At("compose.yaml"));
        run.ExitCode.Should().Be(ExitCode.Ok, run.Error);
        run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().Equal(
            "compose.yaml:1: left out: it includes other files, which are not read here; name them, too",
            "compose.yaml:5: left out of web: a variable in \"${WEB_PORT}:80\" has no value; name the .env file that sets it, too",
            "compose.yaml:7: left out of web: a variable in \"${OTHER:?say which}\" has no value; name the .env file that sets it, too",
            "compose.yaml:9: left out of worker: it extends base of common.yml, whose ports are not read here; give worker its ports in this file if it takes them from there");
        run.Out.Should().Contain("4 entries were left out");
        Service("fine").Real.Single().Port.Should().Be(3000);
    }

    [Fact]
    public async Task A_service_has_the_ports_of_the_one_that_it_extends()
    {
        File.WriteAllText(At("compose.yaml"), """
            services:
              base:
                environment: { PORT: "3000" }
                expose: ["9000"]
              one:
                extends: { service: base }
                ports: ["3001:3000"]
              two:
                extends: one
              loop:
                extends: loop
            """);
        (await ImportAsync(At("compose.yaml"))).ExitCode.Should().Be(ExitCode.Ok);
        Service("one").Real.Single().Should().BeEquivalentTo(new { Port = 3001, Container = 3000 });
        Service("one").Planned.Select(port => port.Port).Should().Equal(9000);
        Service("two").Real.Single().Port.Should().Be(3001);
        (await PortsAsync("check")).Out.Should().Contain("PS001: two and one");
    }

    [Fact]
    public async Task A_container_that_is_not_told_its_port_keeps_it_when_the_host_s_moves()
    {
        File.WriteAllText(At("compose.yaml"), "services:\n  told:\n    environment: [PORT=3001]\n    ports: [\"3001:3001\"]\n  grafana:\n    image: grafana/grafana:12\n    ports:\n      - \"3000:3000\"\n");
        (await ImportAsync(At("compose.yaml"))).ExitCode.Should().Be(ExitCode.Ok);
        Service("grafana").Runtime.Should().Be("grafana/grafana:12");
        (await PortsAsync("move", "grafana", "3004", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        (await PortsAsync("move", "told", "3005", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        File.ReadAllText(At("compose.yaml")).Should().Contain("\"3004:3000\"").And.Contain("PORT=3005").And.Contain("\"3005:3005\"");
        (await PortsAsync("check")).ExitCode.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public async Task What_Prometheus_only_tries_out_has_no_metrics_and_one_exporter_on_each_host_is_one_service()
    {
        File.WriteAllText(At("compose.yaml"), "services:\n  web:\n    ports: [\"8080:80\"]\n");
        File.WriteAllText(At("prometheus.yml"), """
            scrape_configs:
              - job_name: blackbox
                metrics_path: /probe
                static_configs: [{ targets: ["http://web:80/", "https://example.org:8443/"] }]
                relabel_configs:
                  - { source_labels: [__address__], target_label: __param_target }
              - job_name: machines
                static_configs: [{ targets: ["10.0.0.5:9256", "10.0.0.6:9256"] }]
            """);
        (await ImportAsync(At("compose.yaml"), At("prometheus.yml"))).ExitCode.Should().Be(ExitCode.Ok);
        Service("web").Real.Single().Metrics.Should().BeNull();
        Service("machines").Real.Select(port => (port.Name, port.Host, port.Metrics)).Should().Equal((null, "10-0-0-5", "/metrics"), (null, "10-0-0-6", "/metrics"));
        SchemaReader.Read(File.ReadAllText(At("ports.yaml"))).Require().Services.Should().HaveCount(2);
        (await PortsAsync("check")).Out.Should().NotContain("PS016");
    }

    [Fact]
    public async Task A_compose_file_in_parts_has_each_service_in_one_of_them()
    {
        File.WriteAllText(At("compose.yaml"), "services:\n  api:\n    image: api\n    ports:\n      - \"3000:80\"\n");
        File.WriteAllText(At("compose.tools.yaml"), "services:\n  tool:\n    image: tool\n    ports:\n      - \"3010:80\"\n");
        (await ImportAsync(At("compose.yaml"), At("compose.tools.yaml"))).ExitCode.Should().Be(ExitCode.Ok);
        (Service("api").Managed, Service("tool").Managed).Should().Be((true, true));
        (await PortsAsync("check")).ExitCode.Should().Be(ExitCode.Ok);

        (await PortsAsync("add", "fresh", "--range", "p3000", "--any", "--host", "main", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        File.ReadAllText(At("compose.yaml")).Should().Contain("fresh:");
        File.ReadAllText(At("compose.tools.yaml")).Should().NotContain("fresh");

        File.WriteAllText(At("compose.tools.yaml"), "services: {}\n");
        (await PortsAsync("check")).Out.Should().Contain("PS016: tool is missing from compose.yaml and compose.tools.yaml; one of them has to have it");
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
