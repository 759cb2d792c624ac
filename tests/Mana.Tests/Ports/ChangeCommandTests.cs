using Mana.Cli;
using Mana.Ports.Files;

namespace Mana.Tests.Ports;

public sealed class ChangeCommandTests : IDisposable
{
    private const string Compose = "deploy/docker-compose.yml", Prometheus = "deploy/prometheus/prometheus.yml", Env = "deploy/.env.example", Document = "docs/PORT_SCHEMA.md", Tunnel = "deploy/cloudflared/mac-mini.yml";

    private readonly FleetDirectory _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public async Task A_new_service_stands_in_all_five_places_and_nothing_else_changes()
    {
        var added = await _fleet.PortsAsync("add", "mana-example", "--range", "core", "--host", "mac-mini", "--metrics", "--yes");
        added.ExitCode.Should().Be(ExitCode.Ok, added.Error);

        var check = await _fleet.PortsAsync("check");
        check.ExitCode.Should().Be(ExitCode.Ok, check.Out);
        foreach (var (path, adapter) in new (string, IPortFile)[] { (Compose, new ComposeFile()), (Prometheus, new PrometheusFile()), (Env, new EnvFile()), (Document, new MarkdownFile()) })
        {
            adapter.Read(path, _fleet[path]).Where(mention => mention.Service == "mana-example").Should().NotBeEmpty().And.OnlyContain(mention => mention.Port == 3006);
        }

        foreach (var path in new[] { "ports.yaml", Compose, Prometheus, Env })
        {
            (await _fleet.ChangedLinesAsync(path)).Should().NotBeEmpty().And.OnlyContain(line => line.StartsWith('+'), $"{path} only gains lines");
        }

        (await _fleet.ChangedLinesAsync(Document)).Should().OnlyContain(line => line.Contains("mana-example") || line.Contains("(reserved)"));
        (await _fleet.ChangedLinesAsync(Prometheus)).Should().Contain("+      - targets: [\"mana-example:3006\"]");
    }

    [Fact]
    public async Task A_service_added_and_removed_leaves_the_same_bytes()
    {
        var before = _fleet.Everything();
        (await _fleet.PortsAsync("add", "mana-example", "--range", "core", "--host", "mac-mini", "--metrics", "--health", "/healthz", "--container", "8080", "-y")).ExitCode.Should().Be(ExitCode.Ok);
        _fleet[Compose].Should().Contain("127.0.0.1:3006:8080").And.Contain("http://127.0.0.1:8080/healthz");
        (await _fleet.PortsAsync("check", "--quiet")).ExitCode.Should().Be(ExitCode.Ok);
        (await _fleet.PortsAsync("remove", "mana-example", "-y")).ExitCode.Should().Be(ExitCode.Ok);
        _fleet.Everything().Should().BeEquivalentTo(before);
    }

    [Theory]
    [InlineData]
    [InlineData("--container", "8080")]
    public async Task A_move_reaches_every_file_and_the_check_stays_green(params string[] more)
    {
        (await _fleet.PortsAsync(["add", "mana-example", "--range", "core", "--host", "mac-mini", "--metrics", "--health", "-y", .. more])).ExitCode.Should().Be(ExitCode.Ok);
        var moved = await _fleet.PortsAsync("move", "mana-example", "3008", "-y");
        moved.ExitCode.Should().Be(ExitCode.Ok, moved.Error);
        var check = await _fleet.PortsAsync("check", "--quiet");
        check.ExitCode.Should().Be(ExitCode.Ok, check.Out);
        foreach (var path in new[] { "ports.yaml", Compose, Env, Document })
        {
            _fleet[path].Should().Contain("3008").And.NotContain("3006\"");
        }

        _fleet[Prometheus].Should().Contain(more.Length == 0 ? "mana-example:3008" : "mana-example:8080");
    }

    [Fact]
    public async Task A_dry_run_shows_the_diff_and_writes_nothing()
    {
        var before = _fleet.Everything();
        var run = await _fleet.PortsAsync("add", "mana-example", "--range", "core", "--host", "mac-mini", "--metrics", "--dry-run");
        run.ExitCode.Should().Be(ExitCode.Ok);
        run.Out.Should().Contain("+++ b/deploy/docker-compose.yml").And.Contain("+      - \"127.0.0.1:3006:3006\"").And.Contain("would be written");
        var json = await _fleet.PortsAsync("add", "mana-example", "--range", "core", "--host", "mac-mini", "--dry-run", "--json");
        json.Json.GetProperty("port").GetInt32().Should().Be(3006);
        json.Json.GetProperty("written").GetBoolean().Should().BeFalse();
        _fleet.Everything().Should().BeEquivalentTo(before);
    }

    [Fact]
    public async Task Without_a_person_and_without_yes_nothing_is_written()
    {
        var before = _fleet.Everything();
        var run = await _fleet.PortsAsync("add", "mana-example", "--range", "core", "--host", "mac-mini");
        run.ExitCode.Should().Be(ExitCode.Refused);
        run.Error.Should().Contain("--yes");
        _fleet.Everything().Should().BeEquivalentTo(before);
    }

    [Theory]
    [InlineData("PS001", "add", "mana-example", "--port", "3001", "--host", "mac-mini")]
    [InlineData("PS003", "add", "mana-example", "--port", "3990", "--host", "mac-mini")]
    [InlineData("PS010", "add", "mana-example", "--port", "6000", "--host", "mac-mini")]
    [InlineData("PS001", "move", "mana-mcp", "3070")]
    [InlineData("PS012", "remove", "contacts-server")]
    public async Task What_would_break_a_rule_is_refused(string rule, params string[] arguments)
    {
        var before = _fleet.Everything();
        var run = await _fleet.PortsAsync([.. arguments, "--yes"]);
        run.ExitCode.Should().Be(ExitCode.Refused, run.Out + run.Error);
        run.Error.Should().Contain(rule);
        _fleet.Everything().Should().BeEquivalentTo(before);
    }

    [Theory]
    [InlineData("there is no range \"cores\"", "add", "x", "--range", "cores")]
    [InlineData("there is no host \"mac\"", "add", "x", "--range", "core", "--host", "mac")]
    [InlineData("say with --range", "add", "x")]
    [InlineData("say with --host", "add", "x", "--range", "core", "--metrics")]
    [InlineData("is in the schema already", "add", "mana-auth", "--range", "core")]
    [InlineData("there is no service \"mana-aut\"", "move", "mana-aut", "3007")]
    [InlineData("say with --from", "move", "mana-credits", "3007")]
    [InlineData("there is no service \"nobody-at-all\"", "remove", "nobody-at-all")]
    public async Task Arguments_that_make_no_sense_are_named(string message, params string[] arguments)
    {
        var run = await _fleet.PortsAsync([.. arguments, "--yes"]);
        run.ExitCode.Should().Be(ExitCode.Usage, run.Out + run.Error);
        run.Error.Should().Contain(message);
    }

    [Fact]
    public async Task A_file_that_is_not_sound_stops_everything()
    {
        _fleet[Prometheus] += "broken: [\n";
        var before = _fleet.Everything();
        var run = await _fleet.PortsAsync("add", "mana-example", "--range", "core", "--host", "mac-mini", "--metrics", "--yes");
        run.ExitCode.Should().Be(ExitCode.Usage);
        run.Error.Should().Contain(Prometheus + ":");
        _fleet.Everything().Should().BeEquivalentTo(before);
    }

    [Theory]
    [InlineData(Compose, "127.0.0.1:3069:3069", "127.0.0.1:3999:3069", "PS015", "mana-mcp has port 3999")]
    [InlineData(Compose, "http://mana-auth:3001", "http://mana-auth:3061", "PS015", "mana-auth has port 3061")]
    [InlineData(Prometheus, "mana-mcp:3069", "mana-mcp:3066", "PS015", "mana-mcp has port 3066")]
    [InlineData(Prometheus, "metrics_path: /metrics", "metrics_path: /edited", "PS017", "edited by hand")]
    [InlineData(Env, "MANA_AUTH_PORT=3001", "MANA_AUTH_PORT=3002", "PS015", "mana-auth has port 3002")]
    [InlineData(Compose, "  mana-mcp:\n    <<", "  mana-mpc:\n    <<", "PS016", "mana-mcp is missing")]
    public async Task A_file_that_drifts_is_found_with_its_line(string path, string from, string to, string rule, string message)
    {
        var at = _fleet[path].IndexOf(from, StringComparison.Ordinal);
        var line = _fleet[path][..at].Count(c => c == '\n') + 1;
        _fleet[path] = _fleet[path].Remove(at, from.Length).Insert(at, to);
        var check = await _fleet.PortsAsync("check", "--json");
        check.ExitCode.Should().Be(ExitCode.Failed);
        var findings = check.Json.GetProperty("findings").EnumerateArray().Where(finding => finding.GetProperty("rule").GetString() == rule).ToList();
        var finding = findings.First(one => one.GetProperty("message").GetString()!.Contains(message));
        if (rule == "PS015")
        {
            finding.GetProperty("path").GetString().Should().EndWith(path);
            finding.GetProperty("line").GetInt32().Should().Be(line);
        }
    }

    [Fact]
    public async Task Rendering_everything_brings_a_drifted_file_back()
    {
        _fleet[Prometheus] = _fleet[Prometheus].Replace("mana-mcp:3069", "mana-mcp:3066", StringComparison.Ordinal);
        _fleet[Env] = new EnvFile().Remove(_fleet[Env], "mana-persona-runner");
        (await _fleet.PortsAsync("check", "--quiet")).ExitCode.Should().Be(ExitCode.Failed);
        (await _fleet.PortsAsync("render", "--write")).ExitCode.Should().Be(ExitCode.Ok);
        _fleet[Prometheus].Should().Contain("mana-mcp:3069");
        _fleet[Env].Should().Be(File.ReadAllText(Path.Combine(FleetDirectory.Repository, Env)));
    }

    [Theory]
    [InlineData(Prometheus, "metrics_path: /metrics", "metrics_path: /edited")]
    [InlineData(Prometheus, "      - targets: [\"mana-auth:3001\"]", "      - targets: [")]
    [InlineData(Env, "MANA_MCP_URL=http://localhost:3069", "MANA_MCP_URL=http://localhost:3069\nEXTRA=1")]
    [InlineData(Env, "MANA_MCP_PORT=3069\nMANA_MCP_URL=http://localhost:3069\n", "")]
    public async Task A_generated_block_that_was_edited_by_hand_is_restored_by_the_command_that_its_finding_names(string path, string from, string to)
    {
        var before = _fleet.Everything();
        _fleet[path] = _fleet[path].Replace(from, to, StringComparison.Ordinal);
        var check = await _fleet.PortsAsync("check", "--quiet");
        check.ExitCode.Should().Be(ExitCode.Failed);
        check.Out.Should().Contain("error PS017: the generated block").And.Contain("mana ports render --write restores it");

        (await _fleet.PortsAsync("render", "--write")).ExitCode.Should().Be(ExitCode.Ok);

        _fleet.Everything().Should().BeEquivalentTo(before);
        (await _fleet.PortsAsync("check", "--quiet")).ExitCode.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public async Task A_block_that_nothing_generates_is_told_to_be_taken_over()
    {
        _fleet[Env] += "\n# mana-ports:begin nobody sha256=00\nX=1\n# mana-ports:end\n";
        (await _fleet.PortsAsync("check", "--quiet")).Out.Should().Contain("nothing in the schema generates it; remove its two markers");
    }

    [Fact]
    public async Task A_block_that_is_older_than_the_schema_is_found_and_written_anew()
    {
        (await _fleet.PortsAsync("add", "mana-example", "--range", "core", "--host", "mac-mini", "--metrics", "--public", "old.mana.how", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        _fleet["ports.yaml"] = _fleet["ports.yaml"].Replace("public: old.mana.how, metrics: /metrics", "public: new.mana.how, metrics: /stats", StringComparison.Ordinal);
        var check = await _fleet.PortsAsync("check", "--quiet");
        check.Out.Should().Contain($"{Prometheus}:").And.Contain("error PS017: the generated block mana-example is older than the schema; run mana ports render --write");

        (await _fleet.PortsAsync("render", "--write")).ExitCode.Should().Be(ExitCode.Ok);

        _fleet[Prometheus].Should().Contain("metrics_path: /stats");
        _fleet[Tunnel].Should().Contain("hostname: new.mana.how").And.NotContain("old.mana.how");
        (await _fleet.PortsAsync("check", "--quiet")).ExitCode.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public async Task A_tunnel_has_the_services_of_its_host_and_a_move_reaches_them_by_their_public_names()
    {
        var before = _fleet.Everything();
        (await _fleet.PortsAsync("add", "mana-example", "--range", "core", "--host", "mac-mini", "--public", "example.mana.how", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        _fleet[Tunnel].Should().Contain("  - hostname: example.mana.how\n    service: http://localhost:3006\n");
        _fleet["deploy/cloudflared/windows-gpu.yml"].Should().Be(before["deploy/cloudflared/windows-gpu.yml"]);
        (await _fleet.PortsAsync("remove", "mana-example", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        _fleet.Everything().Should().BeEquivalentTo(before);

        (await _fleet.PortsAsync("move", "mana-image-gen", "3029", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        _fleet["deploy/cloudflared/windows-gpu.yml"].Should().Contain("gpu-img.mana.how\n    service: http://localhost:3029\n");
        (await _fleet.PortsAsync("check", "--quiet")).ExitCode.Should().Be(ExitCode.Ok);

        (await _fleet.PortsAsync("remove", "mana-research", "--yes")).ExitCode.Should().Be(ExitCode.Ok);
        _fleet[Tunnel].Should().NotContain("research.mana.how");
    }

    [Fact]
    public async Task A_change_that_was_killed_is_completed_by_whatever_command_comes_next()
    {
        var (wanted, schema) = (_fleet[Prometheus] + "# one\n", _fleet["ports.yaml"]);
        var write = () => new FileTransaction(_fleet.At(".mana-ports.lock"), (from, to) =>
        {
            if (to.EndsWith(".yaml", StringComparison.Ordinal))
            {
                throw new NotSupportedException("Killed here.");
            }

            File.Move(from, to, overwrite: true);
        }).Write([new(_fleet.At(Prometheus), _fleet[Prometheus], wanted), new(_fleet.At("ports.yaml"), schema, schema + "# two\n")]);
        write.Should().Throw<NotSupportedException>();

        var next = await _fleet.PortsAsync("check", "--quiet");

        next.ExitCode.Should().Be(ExitCode.Ok, next.Out);
        next.Error.Should().Be("mana: an earlier run was interrupted; its change of ports.yaml is written now\n");
        (_fleet[Prometheus], _fleet["ports.yaml"]).Should().Be((wanted, schema + "# two\n"));
        _fleet.Everything().Keys.Should().NotContain(path => path.Contains(".tmp") || path.Contains("journal"));
    }
}
