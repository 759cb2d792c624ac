using Mana.Cli;
using Mana.Ports.Rendering;
using Mana.Tests.Cli;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Ports;

public sealed class PortsCommandsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("mana-ports-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    public PortsCommandsTests()
    {
        Write("ports.yaml", Schemas.Seed);
        foreach (var file in Schemas.Read(Schemas.Seed).Files.Where(file => !PortRenderers.Knows(file.Kind)))
        {
            // The deployment's files lie beside the schema in the tests' directory, all in one place.
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, file.Path))!);
            File.Copy(Path.Combine(AppContext.BaseDirectory, "Ports", "deploy", Path.GetFileName(file.Path)), Path.Combine(_root, file.Path));
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task What_was_rendered_is_what_check_expects()
    {
        (await RunAsync("check")).ExitCode.Should().Be(ExitCode.Failed, "nothing is rendered yet");

        (await RunAsync("render", "--write")).Out.Should().Contain("docs/PORT_SCHEMA.md").And.EndWith("5 files written, 5 unchanged\n");
        (await RunAsync("render", "--write", "--json")).Json.GetProperty("unchanged").GetArrayLength().Should().Be(10);

        var check = await RunAsync("check", "--json");
        check.ExitCode.Should().Be(ExitCode.Ok, check.Out);
        check.Json.GetProperty("ok").GetBoolean().Should().BeTrue();
        check.Json.GetProperty("findings").GetArrayLength().Should().Be(Schemas.Table("expected-findings.tsv").Length);
        (await RunAsync("check", "--quiet")).Lines.Should().HaveCount(2, "one warning and the sum");
    }

    [Fact]
    public async Task A_port_that_is_taken_twice_stops_continuous_integration_with_file_and_line()
    {
        var copy = Write("copy.yaml", Schemas.Seed.Replace("host: mac-mini, port: 3062", "host: mac-mini, port: 3063", StringComparison.Ordinal));

        var check = await RunFileAsync(copy, "check");

        check.ExitCode.Should().Be(ExitCode.Failed);
        check.Out.Should().MatchRegex("copy.yaml:[0-9]+:[0-9]+: error PS001: mana-user and mana-subscriptions \\(line [0-9]+\\) both listen on 3063 of mac-mini");
    }

    [Fact]
    public async Task A_port_that_moves_unplanned_stops_continuous_integration()
    {
        var copy = Write("copy.yaml", Schemas.Seed.Replace("host: mac-mini, port: 3001", "host: mac-mini, port: 3007", StringComparison.Ordinal));

        var check = await RunFileAsync(copy, "check", "--quiet");

        check.ExitCode.Should().Be(ExitCode.Failed);
        check.Out.Should().Contain("error PS004: mana-auth listens on 3007, the plan says 3001");
    }

    [Fact]
    public async Task A_rendered_file_that_was_edited_is_named_with_its_line()
    {
        await RunAsync("render", "--write");
        var document = Path.Combine(_root, "docs", "PORT_SCHEMA.md");
        Write(document, File.ReadAllText(document).Replace("| 3001 | mana-auth | as planned |", "| 3002 | mana-auth | as planned |", StringComparison.Ordinal));

        var check = await RunAsync("check", "--quiet");

        check.ExitCode.Should().Be(ExitCode.Failed);
        var line = File.ReadAllLines(document).TakeWhile(text => !text.StartsWith("| 3002 | mana-auth", StringComparison.Ordinal)).Count() + 1;
        check.Out.Should().Contain($"docs/PORT_SCHEMA.md:{line}:1: error PS017");
    }

    [Fact]
    public async Task A_schema_with_faults_shows_all_of_them_and_exits_with_2()
    {
        var broken = Write("broken.yaml", "schema: 1\nservices:\n  a: { planned: { prot: 1 } }\n  b: { planned: { port: x } }\n");

        var check = await RunFileAsync(broken, "check");

        check.ExitCode.Should().Be(ExitCode.Usage);
        check.Error.Should().Contain("broken.yaml:3:19: unknown key \"prot\"").And.Contain("broken.yaml:4:25: \"port\"").And.EndWith("has 3 faults; nothing was checked or changed\n");
        (await RunFileAsync(Path.Combine(_root, "none.yaml"), "check")).ExitCode.Should().Be(ExitCode.Usage);
    }

    [Fact]
    public async Task Warnings_count_when_they_shall()
    {
        var file = Path.Combine(_root, "ports.yaml");

        (await RunFileAsync(file, "check")).ExitCode.Should().Be(ExitCode.Ok);
        (await RunFileAsync(file, "check", "--strict")).ExitCode.Should().Be(ExitCode.Failed);
        var later = await RunFileAsync(file, "check", "--on", "2030-01-01");
        (later.ExitCode, later.Out).Should().Match<(ExitCode Code, string Out)>(run => run.Code == ExitCode.Ok && run.Out.Contains("warning PS004"));
        (await RunFileAsync(file, "check", "--on", "soon")).ExitCode.Should().Be(ExitCode.Usage);
    }

    [Fact]
    public async Task Sarif_has_every_finding_with_its_place_and_its_suppression()
    {
        var run = (await RunFileAsync(Path.Combine(_root, "ports.yaml"), "check", "--format", "sarif")).Json.GetProperty("runs")[0];

        var rules = run.GetProperty("tool").GetProperty("driver").GetProperty("rules");
        var results = run.GetProperty("results").EnumerateArray().ToList();
        results.Should().HaveCount(Schemas.Table("expected-findings.tsv").Length);
        foreach (var result in results)
        {
            rules[result.GetProperty("ruleIndex").GetInt32()].GetProperty("id").GetString().Should().Be(result.GetProperty("ruleId").GetString());
            result.GetProperty("level").GetString().Should().BeOneOf("error", "warning", "note");
            result.GetProperty("locations")[0].GetProperty("physicalLocation").GetProperty("region").GetProperty("startLine").GetInt32().Should().BePositive();
        }

        results.Count(result => result.TryGetProperty("suppressions", out _)).Should().Be(31);
    }

    /// <summary>What SARIF 2.1.0 asks for and allows in the objects that are written (sections 3.13, 3.14, 3.18, 3.19, 3.27 to 3.30, 3.35, 3.49).</summary>
    [Fact]
    public async Task Sarif_has_what_its_specification_requires_and_nothing_that_it_does_not_know()
    {
        // A sign in a path that URIs do not have, and a path from the root.
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(_root, "my fleet#1")).FullName, "ports.yaml");
        File.Copy(Path.Combine(_root, "ports.yaml"), file);
        var log = (await RunFileAsync(file, "check", "--format", "sarif")).Json;

        Members(log, "version", "runs").Should().BeSubsetOf(["$schema", "version", "runs"]);
        log.GetProperty("version").GetString().Should().Be("2.1.0");
        Uri.IsWellFormedUriString(log.GetProperty("$schema").GetString(), UriKind.Absolute).Should().BeTrue();
        var run = log.GetProperty("runs").EnumerateArray().Should().ContainSingle().Subject;
        Members(run, "tool", "results").Should().BeSubsetOf(["tool", "results", "columnKind"]);
        run.GetProperty("columnKind").GetString().Should().BeOneOf("utf16CodeUnits", "unicodeCodePoints");
        Members(run.GetProperty("tool"), "driver").Should().Equal("driver");
        var driver = run.GetProperty("tool").GetProperty("driver");
        Members(driver, "name").Should().BeSubsetOf(["name", "version", "rules"]);
        var rules = driver.GetProperty("rules").EnumerateArray().ToList();
        rules.Select(rule => rule.GetProperty("id").GetString()).Should().OnlyHaveUniqueItems();
        foreach (var rule in rules)
        {
            Members(rule, "id").Should().BeSubsetOf(["id", "name", "shortDescription", "fullDescription", "defaultConfiguration"]);
            rule.GetProperty("shortDescription").GetProperty("text").GetString().Should().NotBeNullOrWhiteSpace();
            rule.GetProperty("fullDescription").GetProperty("text").GetString().Should().NotBeNullOrWhiteSpace().And.NotMatchRegex("[{][0-9]+[}]", "that would be a placeholder");
            rule.GetProperty("defaultConfiguration").GetProperty("level").GetString().Should().BeOneOf("error", "warning", "note");
        }

        foreach (var result in run.GetProperty("results").EnumerateArray())
        {
            Members(result, "message").Should().BeSubsetOf(["ruleId", "ruleIndex", "level", "message", "locations", "suppressions"]);
            rules[result.GetProperty("ruleIndex").GetInt32()].GetProperty("id").GetString().Should().Be(result.GetProperty("ruleId").GetString());
            Members(result.GetProperty("message"), "text").Should().Equal("text");
            result.GetProperty("message").GetProperty("text").GetString().Should().NotBeNullOrWhiteSpace();
            var place = result.GetProperty("locations").EnumerateArray().Should().ContainSingle().Subject.GetProperty("physicalLocation");
            Members(place, "artifactLocation").Should().BeSubsetOf(["artifactLocation", "region"]);
            place.GetProperty("artifactLocation").GetProperty("uri").GetString().Should().Be(new Uri(file).AbsoluteUri).And.StartWith("file:///").And.EndWith("/my%20fleet%231/ports.yaml");
            place.GetProperty("region").GetProperty("startLine").GetInt32().Should().BePositive();
            place.GetProperty("region").GetProperty("startColumn").GetInt32().Should().BePositive();
            foreach (var suppression in result.TryGetProperty("suppressions", out var all) ? all.EnumerateArray().ToList() : [])
            {
                Members(suppression, "kind").Should().BeSubsetOf(["kind", "status", "justification"]);
                suppression.GetProperty("kind").GetString().Should().BeOneOf("inSource", "external");
                suppression.GetProperty("status").GetString().Should().BeOneOf("accepted", "underReview", "rejected");
            }
        }
    }

    private static List<string> Members(System.Text.Json.JsonElement value, params string[] required)
    {
        var names = value.EnumerateObject().Select(member => member.Name).ToList();
        names.Should().OnlyHaveUniqueItems().And.Contain(required);
        return names;
    }

    [Fact]
    public async Task Next_offers_the_reserve_first()
    {
        (await RunAsync("next", "--range", "core")).Out.Should().Be("3006\n");
        (await RunAsync("next", "--range", "core", "--any")).Out.Should().Be("3000\n");
        (await RunAsync("next", "--range", "core", "--count", "3", "--json")).Json.GetProperty("ports").EnumerateArray().Select(port => port.GetInt32()).Should().Equal(3006, 3007, 3008);
        var none = await RunAsync("next", "--range", "games");
        (none.ExitCode, none.Out, none.Error).Should().Be((ExitCode.Failed, "", "mana: range games has no reserved number left; --any offers 5101\n"));
        (await RunAsync("next", "--range", "coer")).Error.Should().Contain("did you mean core?");
    }

    [Fact]
    public async Task The_list_can_be_narrowed()
    {
        (await NamesAsync("--host", "windows-gpu")).Should().Equal("mana-llm", "mana-stt", "mana-tts", "mana-image-gen", "mana-video-gen", "ollama");
        (await NamesAsync("--range", "games")).Should().Equal("whopixels");
        (await NamesAsync("--status", "not-deployed")).Should().Equal("mana-voice-bot");
        (await NamesAsync("--status", "future")).Should().Equal("moodlit-web");
        (await NamesAsync("--service", "PERSONA")).Should().Equal("mana-persona-runner");
        (await NamesAsync("--status", "reserved")).Should().HaveCount(6);
        (await RunAsync("list", "--host", "mac-mimi")).Error.Should().Contain("did you mean mac-mini?");
        (await RunAsync("list", "--range", "core")).Out.Should().Contain("3006-3009").And.Contain("mana-auth").And.NotContain("mana-sync");
    }

    [Fact]
    public async Task Everything_about_a_number_is_said()
    {
        (await RunAsync("why", "3015")).Out.Should().Contain("3015 is not free").And.Contain("mana-media listens on it on mac-mini").And.Contain("planned for mana-landing-builder").And.Contain("PS002").And.Contain("PS004");
        (await RunAsync("why", "3006")).Out.Should().Contain("3006 is free, and reserved");
        (await RunAsync("why", "6000")).Out.Should().Contain("browsers refuse").And.Contain("in no range");
        (await RunAsync("why", "3000", "--json")).Json.GetProperty("free").GetBoolean().Should().BeTrue();
        (await RunAsync("why", "70000")).ExitCode.Should().Be(ExitCode.Usage);
    }

    [Fact]
    public async Task Rules_are_explained()
    {
        (await RunAsync("explain", "ps004")).Out.Should().StartWith("PS004 real-differs-from-plan (error)").And.Contain("To do:");
        (await RunAsync("explain")).Out.Should().Contain("PS001").And.Contain("PS018");
        (await RunAsync("explain", "PS099")).ExitCode.Should().Be(ExitCode.Usage);
    }

    [Fact]
    public async Task The_plan_is_compared_with_reality_and_a_schema_with_an_earlier_one()
    {
        var plan = (await RunAsync("diff", "--json")).Json.EnumerateArray().Select(row => $"{row.GetProperty("service")} {row.GetProperty("what")}").ToList();
        plan.Should().Contain("mana-sync differs").And.Contain("ollama not planned").And.Contain("whopixels not running").And.NotContain("mana-auth differs");

        await TestGit.GitAsync(_root, "init", "-q");
        await TestGit.GitAsync(_root, "add", "ports.yaml");
        await TestGit.GitAsync(_root, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "first");
        Write("ports.yaml", Schemas.Seed.Replace("host: mac-mini, port: 3062", "host: mac-mini, port: 3004", StringComparison.Ordinal).Replace("  whopixels:", "  whopixel:", StringComparison.Ordinal));

        (await RunAsync("diff", "--against", "HEAD", "--json")).Json.EnumerateArray()
            .Select(row => $"{row.GetProperty("service")} {row.GetProperty("what")} {row.GetProperty("before")} {row.GetProperty("after")}".TrimEnd())
            .Should().BeEquivalentTo("mana-user real changed 3062 on mac-mini 3004 on mac-mini", "whopixel planned added  5100", "whopixels planned removed 5100");
        (await RunAsync("diff", "--against", "nowhere")).ExitCode.Should().Be(ExitCode.Usage);
        (await RunAsync("diff", "--against", "--help")).ExitCode.Should().Be(ExitCode.Usage);
    }

    [Fact]
    public async Task Rendering_goes_to_the_terminal_or_a_file()
    {
        (await RunAsync("render", "--format", "markdown")).Out.Should().StartWith("# Port Schema\n");
        var path = Path.Combine(_root, "out", "fleet.html");
        (await RunAsync("render", "--format", "html", "--output", path)).ExitCode.Should().Be(ExitCode.Ok);
        File.ReadAllText(path).Should().StartWith("<!doctype html>");
        (await RunAsync("render", "--format", "constants", "--service", "mana-mcp")).Out.Should().Contain("Default = 3069;");
        (await RunAsync("render")).ExitCode.Should().Be(ExitCode.Usage);
        (await RunAsync("render", "--format", "constants")).ExitCode.Should().Be(ExitCode.Usage);
    }

    private async Task<List<string>> NamesAsync(params string[] filter) =>
        [.. (await RunAsync(["list", "--json", .. filter])).Json.EnumerateArray().Select(row => row.GetProperty("service").GetString()!)];

    private Task<CliRun> RunAsync(params string[] args) => CliRun.RunAsync(_root, [], "", null, _time, ["ports", .. args, .. args[0] == "explain" ? Array.Empty<string>() : ["--root", _root]]);

    private Task<CliRun> RunFileAsync(string file, params string[] args) => CliRun.RunAsync(_root, [], "", null, _time, ["ports", .. args, "--file", file]);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_root, name);
        File.WriteAllText(path, text);
        return path;
    }
}

/// <summary>git, as a person would run it.</summary>
internal static class TestGit
{
    public static async Task GitAsync(string directory, params string[] args)
    {
        var start = new System.Diagnostics.ProcessStartInfo("git", args) { WorkingDirectory = directory, RedirectStandardError = true };
        using var git = System.Diagnostics.Process.Start(start)!;
        var error = await git.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        git.ExitCode.Should().Be(0, error);
    }
}
