using Mana.Cli;
using Mana.Ports.Model;
using Mana.Testing;
using Mana.Tests.Cli;

namespace Mana.Tests.Ports;

/// <summary>Whole fleets of unusual compose files: imported, moved, checked.</summary>
public sealed class ComposeShapeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string this[string path]
    {
        get => File.ReadAllText(Path.Combine(_directory.Path, path));
        set => File.WriteAllText(Path.Combine(_directory.Path, path), value);
    }

    private PortService? Service(string name) => SchemaReader.Read(this["ports.yaml"]).Require().Services.SingleOrDefault(service => service.Name == name);

    private IEnumerable<int> Real(string name) => Service(name)?.Real.Select(port => port.Port) ?? [];

    private Task<CliRun> PortsAsync(params string[] arguments) => CliRun.RunAsync(_directory.Path, ["ports", .. arguments, "--root", _directory.Path]);

    private async Task ImportAsync(params string[] files)
    {
        File.Delete(Path.Combine(_directory.Path, "ports.yaml"));
        var run = await CliRun.RunAsync(
            _directory.Path, ["ports", "import", .. files.Select(file => Path.Combine(_directory.Path, file)), "--output", Path.Combine(_directory.Path, "ports.yaml")]);
        run.ExitCode.Should().Be(ExitCode.Ok, run.Error);
    }

    private async Task CheckIsGreenAsync()
    {
        var check = await PortsAsync("check");
        check.ExitCode.Should().Be(ExitCode.Ok, check.Out);
        check.Out.Should().NotContain("PS015").And.NotContain("PS016");
    }

    [Fact]
    public async Task A_container_keeps_its_port_in_the_long_syntax_too()
    {
        this["compose.yaml"] = "services:\n  db:\n    image: postgres\n    ports:\n      - target: 5432\n        published: 5432\n      - published: \"9101-9102\"\n        target: 9187\n";
        await ImportAsync("compose.yaml");
        Service("db")!.Real.Select(port => (port.Port, port.Container)).Should().Equal((5432, 5432), (9101, 9187), (9102, 9187));
        Service("db")!.Planned.Should().BeEmpty();

        (await PortsAsync("move", "db", "5442", "--from", "5432", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        this["compose.yaml"].Should().Contain("- target: 5432\n        published: 5442\n");
        await CheckIsGreenAsync();
    }

    [Theory]
    [InlineData("real: { host: main, port: 8080, status: running }", "real: { host: main, port: 8090, container: 8080, status: running }")]
    [InlineData("real:\n      port: 8080 # the door\n      host: main", "real:\n      port: 8090 # the door\n      container: 8080\n      host: main")]
    public async Task A_number_that_containers_share_behind_an_anchor_stays_when_one_of_them_moves(string before, string after)
    {
        const string Compose = """
            x-env: &env
              PORT: 8080 # everybody's
            services:
              web:
                environment: *env
                ports: ["8080:8080"]
              api:
                environment:
                  <<: *env
                  WEB_URL: http://web:8080
                ports: ["8081:8080"]

            """;
        this["compose.yaml"] = Compose;
        await ImportAsync("compose.yaml");
        this["ports.yaml"] = this["ports.yaml"].Replace("real: { host: main, port: 8080, status: running }", before, StringComparison.Ordinal);

        var moved = await PortsAsync("move", "web", "8090", "--yes");

        moved.ExitCode.Should().Be(ExitCode.Ok, moved.Error);
        this["compose.yaml"].Should().Be(Compose.Replace("\"8080:8080\"", "\"8090:8080\"", StringComparison.Ordinal));
        this["ports.yaml"].Should().Contain(after);
        await CheckIsGreenAsync();
    }

    [Fact]
    public async Task What_a_service_replaces_of_the_one_that_it_extends_is_not_its_own()
    {
        this["compose.yaml"] = """
            services:
              base:
                ports: ["3000:80"]
                expose: ["9000"]
                environment: { PORT: 80 }
              other:
                extends: base
                ports: !override ["3001:80"]
                expose: !reset []
              quiet:
                extends: { service: base }
                ports: !reset null
                expose: !reset null
                environment: !reset null

            """;
        await ImportAsync("compose.yaml");
        Real("base").Should().Equal(3000);
        Real("other").Should().Equal(3001);
        Service("other")!.Planned.Should().BeEmpty();
        Service("quiet").Should().BeNull();
        await CheckIsGreenAsync();
    }

    [Theory]
    [InlineData("compose.yaml", "compose.prod.yaml")]
    [InlineData("compose.prod.yaml", "compose.yaml")]
    public async Task What_a_file_replaces_in_the_one_beside_it_is_read_there_no_more_and_left_alone(params string[] files)
    {
        const string Base = "services:\n  web:\n    image: web\n    ports:\n      - \"8080:80\"\n  db:\n    ports:\n      - \"5432:5432\"\n  tool:\n    ports: [\"7000:7000\"]\n  api:\n    ports: [\"3000:80\"]\n";
        this["compose.yaml"] = Base;
        this["compose.prod.yaml"] = "services:\n  web:\n    ports: !override\n      - \"443:80\"\n  db:\n    ports: !reset []\n  tool: !reset null\n  api:\n    ports: [\"3001:80\"]\n";
        Directory.CreateDirectory(Path.Combine(_directory.Path, "elsewhere"));
        this["elsewhere/compose.yaml"] = "services:\n  lone:\n    ports: [\"7001:7000\"]\n  db:\n    ports: [\"5433:5432\"]\n";
        await ImportAsync([.. files, "elsewhere/compose.yaml"]);
        Real("web").Should().Equal(443);
        Real("db").Should().Equal([5433], "the other directory's is another stack");
        Service("tool").Should().BeNull();
        Real("api").Should().BeEquivalentTo([3000, 3001], "without a tag compose adds");
        await CheckIsGreenAsync();

        (await PortsAsync("move", "web", "444", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        this["compose.prod.yaml"].Should().Contain("- \"444:80\"");
        (await PortsAsync("render", "--write")).ExitCode.Should().Be(ExitCode.Ok);
        this["compose.yaml"].Should().Be(Base);
        await CheckIsGreenAsync();
    }

    [Fact]
    public async Task Names_that_the_schema_would_not_take_do_not_stop_an_import()
    {
        this["ports.md"] = "| Port | Service |\n|---|---|\n| 3001 | @shop/web |\n| 3002 | (old) |\n| 3003 | [docs] |\n";
        await ImportAsync("ports.md");
        Service("shop-web")!.Planned.Single().Port.Should().Be(3001);
        Service("docs")!.Planned.Single().Port.Should().Be(3003);

        this["cloudflared.yml"] = "ingress:\n  - hostname: \"*.example.org\"\n    service: https://localhost:8443\n  - service: http_status:404\n";
        await ImportAsync("cloudflared.yml");
        Service("example")!.Real.Single().Public.Should().Be("*.example.org");
        await CheckIsGreenAsync();
    }

    [Fact]
    public async Task Targets_that_stand_elsewhere_are_said_to_be_left_out()
    {
        this["prometheus.yml"] = "scrape_configs:\n  - job_name: fleet\n    file_sd_configs:\n      - files: [targets/*.yml]\n  - job_name: api\n    static_configs: [{ targets: [\"api:3000\"] }]\n";
        var run = await CliRun.RunAsync(
            _directory.Path, "ports", "import", Path.Combine(_directory.Path, "prometheus.yml"), "--dry-run", "--output", Path.Combine(_directory.Path, "ports.yaml"));
        run.Error.Should().Be("prometheus.yml:3: left out of fleet: its targets come from file_sd_configs, which are not read here\n");
    }

    [Fact]
    public async Task A_variable_without_a_value_is_said_once_however_many_services_inherit_it()
    {
        this["compose.yaml"] = "services:\n  base: &base\n    ports: [\"${DOOR}:80\"]\n  one: *base\n  two:\n    extends: base\n";
        var run = await CliRun.RunAsync(_directory.Path, "ports", "import", Path.Combine(_directory.Path, "compose.yaml"), "--dry-run", "--output", Path.Combine(_directory.Path, "ports.yaml"));
        run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().ContainSingle().Which.Should().Contain("compose.yaml:3: left out of base");
    }
}
