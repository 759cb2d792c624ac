using System.CommandLine;
using Mana.Cli.Clients;
using Mana.Cli.Output;
using Mana.Contracts;

namespace Mana.Cli.Commands.Runner;

/// <summary><c>mana pause</c> and <c>mana resume</c></summary>
internal static class PauseCommand
{
    public static Command CreatePause(GlobalOptions globals, CliEnvironment environment) =>
        new Verb("pause", "Start no more ticks until resumed; running ones finish.", "mana pause")
            .Runs(globals, environment, (context, cancellationToken) => RunAsync(context, runner => runner.PauseAsync(cancellationToken)));

    public static Command CreateResume(GlobalOptions globals, CliEnvironment environment) =>
        new Verb("resume", "Start ticks again.", "mana resume")
            .Runs(globals, environment, (context, cancellationToken) => RunAsync(context, runner => runner.ResumeAsync(cancellationToken)));

    private static async Task<ExitCode> RunAsync(CommandContext context, Func<RunnerClient, Task<PauseResponse>> call)
    {
        using var runner = context.Runner();
        var answer = await call(runner);
        if (context.Json)
        {
            context.WriteJson(answer, json => json.PauseResponse);
        }
        else
        {
            context.Say(answer.Paused ? "paused; [bold]./mana resume[/] starts ticks again" : "running");
        }

        return ExitCode.Ok;
    }
}
