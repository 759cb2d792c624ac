using System.CommandLine;
using Mana.Cli.Clients;
using Mana.Cli.Output;
using Mana.Contracts;

namespace Mana.Cli.Commands.Runner;

/// <summary><c>mana pause</c> and <c>mana resume</c></summary>
internal static class PauseCommand
{
    public static Command CreatePause(GlobalOptions globals, CliEnvironment environment) =>
        new Verb("pause", "Pause all nodes: within a second no model is asked any more, and ticks wait where they are. Outlives a restart.", "mana pause")
            .Runs(globals, environment, (context, cancellationToken) => RunAsync(context, runner => runner.PauseAsync(cancellationToken)));

    public static Command CreateResume(GlobalOptions globals, CliEnvironment environment) =>
        new Verb("resume", "Go on: waiting ticks where they stood, and new ones.", "mana resume")
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
            context.Say(answer.Paused ? "paused; [bold]./mana resume[/] goes on" : "running");
        }

        return ExitCode.Ok;
    }
}
