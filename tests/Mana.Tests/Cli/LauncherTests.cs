using System.Diagnostics;
using Mana.Testing;

namespace Mana.Tests.Cli;

/// <summary>The launcher script in a small tree of its own, with a <c>dotnet</c> that only notes what it is asked for.</summary>
public sealed class LauncherTests : IDisposable
{
    private const string FakeDotnet = """
        #!/bin/bash
        root=$(dirname "$(dirname "$0")")
        case $1 in
          --version) echo "${FAKE_SDK:-10.0.401}" ;;
          --list-sdks) echo "${FAKE_SDK:-10.0.401} [/sdk]" ;;
          build)
            echo build >>"$root/builds"
            [[ -z ${FAKE_BUILD_FAILS:-} ]] || { echo "error CS0001: broken"; exit 1; }
            mkdir -p "$root/artifacts/bin/Mana.Cli/release"
            cat "$root/src/Mana.Cli/Program.cs" >"$root/artifacts/bin/Mana.Cli/release/mana.dll" ;;
          msbuild)
            [[ $* != *-getProperty:Crossgen* ]] || echo "$root/bin/crossgen2" ;;
          --list-runtimes) echo "Microsoft.NETCore.App 10.0.1 [$root/shared/Microsoft.NETCore.App]" ;;
          test)
            for ((i = 1; i <= ${FAKE_FAILED:-0}; i++)); do
              printf 'failed Some.Tests.Number_%d(text: "(x)") (1s 20ms)\n  from /somewhere/Some.Tests.dll (net10.0|x64)\n  Expected 1, but found 2.\n' "$i"
              for ((line = 1; line <= 30; line++)); do printf '    at Frame%d\n' "$line"; done
              echo "warn: what a host says is no part of it"
            done
            printf 'Test run summary: Passed!\n  total: 5\n  failed: %s\n  succeeded: %s\n  skipped: %s\n' "${FAKE_FAILED:-0}" "${FAKE_PASSED:-3}" "${FAKE_SKIPPED:-0}"
            exit "${FAKE_TEST_EXIT:-0}" ;;
          *.dll)
            echo "$(cat "$1") got ${*:2}"
            if [[ $2 == wait ]]; then read -r _; cat "$1"; fi ;;
        esac
        """;

    private const string FakeCrossgen = """
        #!/bin/bash
        [[ -z ${FAKE_CROSSGEN_FAILS:-} ]] || { echo "no code today"; exit 1; }
        root=$(dirname "$(dirname "$0")")
        echo "$1" >>"$root/compiled"
        [[ " $* " == *" -r $root/shared/Microsoft.NETCore.App/10.0.1/*.dll "* ]] && { cat "$1"; echo " ahead"; } >"$3"
        """;

    private readonly TemporaryDirectory _tree = new();

    public LauncherTests()
    {
        foreach (var directory in new[] { "src/Mana.Cli", "perf", "catalog", "bin" })
        {
            Directory.CreateDirectory(Path.Combine(_tree.Path, directory));
        }

        foreach (var file in new[] { "Directory.Build.props", "BannedSymbols.txt", ".editorconfig", "global.json", "catalog/personas.yaml" })
        {
            File.WriteAllText(Path.Combine(_tree.Path, file), "x");
        }

        Write("src/Mana.Cli/Program.cs", "one");
        Executable("bin/dotnet", FakeDotnet.ReplaceLineEndings("\n"));
        Executable("bin/crossgen2", FakeCrossgen.ReplaceLineEndings("\n"));
        Executable("mana", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Cli", "mana.sh.txt")));
    }

    public static bool IsUnix => !OperatingSystem.IsWindows();

    public void Dispose() => _tree.Dispose();

    [Fact(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    public async Task It_builds_once_passes_everything_on_and_builds_again_when_a_source_changes()
    {
        var first = await RunAsync([], "tick", "run", "--all");
        var second = await RunAsync([], "a b", "");
        Write("src/Mana.Cli/Program.cs", "two!");
        var third = await RunAsync([]);

        first.Should().Be((0, "one got tick run --all\n", "building mana …\n"));
        second.Should().Be((0, "one got a b \n", ""));
        third.Should().Be((0, "two! got \n", "building mana …\n"));
        Builds.Should().Be(2);
    }

    [Fact(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    public async Task What_is_built_is_compiled_ahead_and_what_did_not_change_is_not_compiled_again()
    {
        Dictionary<string, string> ahead = new() { ["MANA_COMPILE_AHEAD"] = "on" };
        var first = await RunAsync(ahead, "tick");
        Write("src/Mana.Cli/Program.cs", "two");
        await RunAsync(ahead);
        Write("src/Mana.Cli/Program.cs", "one");
        var third = await RunAsync(ahead, "again");

        first.Should().Be((0, "one ahead got tick\n", "building mana …\ncompiling ahead of time …\n"));
        third.Out.Should().Be("one ahead got again\n");
        Builds.Should().Be(3);
        File.ReadAllLines(Path.Combine(_tree.Path, "compiled")).Should().HaveCount(2, "one and two; the second one was kept");
    }

    [Fact(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    public async Task Without_the_compiler_everything_works_and_the_reason_is_named()
    {
        var run = await RunAsync(new() { ["MANA_COMPILE_AHEAD"] = "on", ["FAKE_CROSSGEN_FAILS"] = "1" }, "tick");

        run.Code.Should().Be(0);
        run.Out.Should().Be("one got tick\n");
        run.Error.Should().Contain("could not compile ahead of time (artifacts/launch/ahead.log says why)");
        File.ReadAllText(Path.Combine(_tree.Path, "artifacts", "launch", "ahead.log")).Should().Contain("no code today");
    }

    [Fact(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    public async Task A_running_build_keeps_its_files_while_older_unused_ones_go()
    {
        using var running = Start([], "wait");
        (await running.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).Should().Be("one got wait");
        for (var i = 0; i < 4; i++)
        {
            Write("src/Mana.Cli/Program.cs", "version " + new string('x', i));
            await RunAsync([]);
        }

        await running.StandardInput.WriteLineAsync("go");
        var rest = await running.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await running.WaitForExitAsync(TestContext.Current.CancellationToken);

        rest.Trim().Should().Be("one", "its files are still there");
        Directory.GetDirectories(Path.Combine(_tree.Path, "artifacts", "launch")).Should().HaveCount(3, "two are kept, and the one in use");
    }

    [Fact(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    public async Task A_failing_build_shows_its_output_and_the_next_start_tries_again()
    {
        var failed = await RunAsync(new() { ["FAKE_BUILD_FAILS"] = "1" });
        var mended = await RunAsync([]);

        failed.Code.Should().Be(2);
        failed.Error.Should().Contain("error CS0001: broken").And.Contain("the build failed");
        mended.Code.Should().Be(0);
    }

    [Fact(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    public async Task An_old_sdk_is_named_with_the_way_out()
    {
        var run = await RunAsync(new() { ["FAKE_SDK"] = "8.0.100" });

        run.Code.Should().Be(2);
        run.Error.Should().StartWith("mana: the .NET SDK here is too old (found: 8.0.100); install the .NET 10 SDK from https://");
    }

    [Theory(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    [InlineData("0", "0", "true", 0)]
    [InlineData("2", "0", "false", 0)]
    [InlineData("2", "0", "true", 1)]
    [InlineData("0", "2", "false", 2)]
    public async Task Test_ends_with_the_counts_keeps_the_exit_code_and_fails_on_a_skip_in_ci(string skipped, string testExit, string ci, int code)
    {
        var run = await RunAsync(new() { ["FAKE_SKIPPED"] = skipped, ["FAKE_TEST_EXIT"] = testExit, ["CI"] = ci }, "test");

        run.Code.Should().Be(code);
        run.Out.Should().EndWith($"\n3 passed, 0 failed, {skipped} skipped\n");
        run.Out.Contains("skipped tests count as a failure", StringComparison.Ordinal).Should().Be(skipped != "0" && ci == "true");
    }

    [Fact(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    public async Task A_word_that_no_test_has_is_no_success()
    {
        var run = await RunAsync(new() { ["FAKE_PASSED"] = "0" }, "test", "Tpyo");

        run.Code.Should().Be(2);
        run.Out.Should().EndWith("\nno test was run: no full name of one contains the words given\n0 passed, 0 failed, 0 skipped\n");
    }

    [Fact(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    public async Task A_run_that_does_not_end_within_its_limit_says_so()
    {
        var run = await RunAsync(new() { ["FAKE_TEST_EXIT"] = "3" }, "test");

        run.Code.Should().Be(3);
        run.Out.Should().Contain("\nnot every test ended within 45m: some test waits for something that does not come;")
            .And.EndWith("\n3 passed, 0 failed, 0 skipped\n");
    }

    [Fact(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    public async Task The_failed_tests_stand_directly_above_the_counts_with_their_reasons()
    {
        var run = await RunAsync(new() { ["FAKE_FAILED"] = "2", ["FAKE_TEST_EXIT"] = "2" }, "test");

        run.Code.Should().Be(2);
        run.Out.Should().EndWith($"""

            failed Some.Tests.Number_1(text: "(x)")
              Expected 1, but found 2.
            {Frames(14)}
            failed Some.Tests.Number_2(text: "(x)")
              Expected 1, but found 2.
            {Frames(14)}
            3 passed, 2 failed, 0 skipped

            """.ReplaceLineEndings("\n"));
    }

    [Theory(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    [InlineData(20, 3)]
    [InlineData(60, 1)]
    public async Task Many_failures_are_all_named_on_few_lines(int failures, int linesEach)
    {
        var run = await RunAsync(new() { ["FAKE_FAILED"] = $"{failures}", ["FAKE_TEST_EXIT"] = "2" }, "test");

        var lines = run.Out.TrimEnd().Split('\n');
        lines[^1].Should().Be($"3 passed, {failures} failed, 0 skipped");
        var shown = lines[^(60 + 1)..^1];
        shown.Where(line => line.StartsWith("failed ", StringComparison.Ordinal)).Should()
            .Equal(Enumerable.Range(1, failures).Select(i => $"failed Some.Tests.Number_{i}(text: \"(x)\")"));
        shown.Should().HaveCount(failures * linesEach);
    }

    [Fact(SkipUnless = nameof(IsUnix), Skip = "The launcher is a bash script.")]
    public async Task More_failures_than_lines_are_counted_and_the_log_is_named()
    {
        var run = await RunAsync(new() { ["FAKE_FAILED"] = "70", ["FAKE_TEST_EXIT"] = "2" }, "test");

        run.Out.Should().EndWith(
            "\nfailed Some.Tests.Number_59(text: \"(x)\")\n… and 11 more; artifacts/test/last.log has all of them\n3 passed, 70 failed, 0 skipped\n");
    }

    private static string Frames(int count) => string.Join("\n", Enumerable.Range(1, count).Select(i => $"    at Frame{i}"));

    private int Builds => File.ReadAllLines(Path.Combine(_tree.Path, "builds")).Length;

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_tree.Path, file), text);

    private void Executable(string file, string text)
    {
        Write(file, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(_tree.Path, file), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private async Task<(int Code, string Out, string Error)> RunAsync(Dictionary<string, string> variables, params string[] args)
    {
        using var process = Start(variables, args);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    private Process Start(Dictionary<string, string> variables, params string[] args)
    {
        var start = new ProcessStartInfo(Path.Combine(_tree.Path, "mana"), args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("CI");
        start.Environment["MANA_COMPILE_AHEAD"] = "off";
        start.Environment["PATH"] = Path.Combine(_tree.Path, "bin") + ":" + start.Environment["PATH"];
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
