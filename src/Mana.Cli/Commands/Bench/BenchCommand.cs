using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Mana.Benchmarks;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Bench;

/// <summary>What the benchmarks have in common as commands.</summary>
internal static class BenchCommand
{
    /// <summary>The executable that this process runs.</summary>
    public static string Mana => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "mana.exe" : "mana");

    /// <summary>Where the rows of a benchmark go.</summary>
    public static Option<string?> Database() => new("--database")
    {
        Description = "An empty PostgreSQL database, as in DATABASE_URL; else SQLite in a temporary directory",
        HelpName = "URL",
    };

    /// <summary>Runs a benchmark and prints its result.</summary>
    /// <param name="context">Who asks.</param>
    /// <param name="run">The benchmark; it tells each step in one line.</param>
    /// <param name="json">Its result for <c>--json</c>.</param>
    /// <param name="render">Its result for people.</param>
    /// <param name="isGood">Whether the result is none of a failure.</param>
    /// <exception cref="CliException">It could not be run to its end.</exception>
    public static async Task<ExitCode> RunAsync<T>(
        CommandContext context, Func<IProgress<string>, Task<T>> run, JsonTypeInfo<T> json, Func<T, string> render, Func<T, bool>? isGood = null)
    {
        try
        {
            var result = await run(new Lines(context));
            if (context.Json)
            {
                await context.Environment.Out.WriteLineAsync(JsonSerializer.Serialize(result, json));
            }
            else
            {
                context.Say(Markup.Escape(render(result)));
            }

            return isGood is null || isGood(result) ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (BenchException e)
        {
            throw new CliException(ExitCode.Failed, e.Message);
        }
    }

    // Progress<T> would post to the thread pool and mix up the lines.
    private sealed class Lines(CommandContext context) : IProgress<string>
    {
        public void Report(string value) => context.Warn(value);
    }
}
