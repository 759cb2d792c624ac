using System.CommandLine;
using System.Globalization;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Tick;

/// <summary><c>mana tick cancel</c>, <c>mana tick retry</c> and <c>mana tick set-aside</c></summary>
internal static class TickOperationCommands
{
    private static readonly Argument<string> Id = TickIdArgument.Create();

    public static Command CreateCancel(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "cancel",
            "End a tick that waits, runs or is parked, on whatever node. What it did is kept and delivered.",
            "mana tick cancel 019ab3c4-…");
        command.Add(Id);
        return command.Runs(globals, environment, CancelAsync);
    }

    public static Command CreateRetry(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "retry",
            "Send again what mana-auth has not acknowledged of a tick, also what it refused; begin a new tick where this one failed.",
            "mana tick list --undelivered",
            "mana tick retry 019ab3c4-…");
        command.Add(Id);
        return command.Runs(globals, environment, RetryAsync);
    }

    public static Command CreateSetAside(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "set-aside",
            "Let a persona go on although mana-auth cannot take what one of its ticks left: it is kept, and `tick retry` sends it again.",
            "mana tick list --undelivered",
            "mana tick set-aside 019ab3c4-…");
        command.Add(Id);
        return command.Runs(globals, environment, SetAsideAsync);
    }

    private static async Task<ExitCode> SetAsideAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var runner = context.Runner();
        var done = await runner.SetAsideTickAsync(new TickId(context.Get(Id)!), cancellationToken);
        if (context.Json)
        {
            context.WriteJson(done, json => json.SetAsideTickResponse);
            return ExitCode.Ok;
        }

        context.Say($"{Markup.Escape(done.Name)}: {Batches(done.SetAside)} set aside; [bold]./mana tick retry {Markup.Escape(done.TickId.Value)}[/] sends {(done.SetAside == 1 ? "it" : "them")} again.");
        return ExitCode.Ok;
    }

    private static string Batches(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} batch{(count == 1 ? "" : "es")}");

    private static async Task<ExitCode> CancelAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var runner = context.Runner();
        var done = await runner.CancelTickAsync(new TickId(context.Get(Id)!), cancellationToken);
        if (context.Json)
        {
            context.WriteJson(done, json => json.CancelTickResponse);
            return ExitCode.Ok;
        }

        var where = done.Node is { } node ? $"; {Markup.Escape(node)} ran it" : "";
        context.Say($"{Markup.Escape(done.Name)}: cancelled in phase {Markup.Escape(done.Phase)}{where}. What was done is kept and delivered.");
        return ExitCode.Ok;
    }

    private static async Task<ExitCode> RetryAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var runner = context.Runner();
        var done = await runner.RetryTickAsync(new TickId(context.Get(Id)!), cancellationToken);
        if (context.Json)
        {
            context.WriteJson(done, json => json.RetryTickResponse);
            return done.Ok ? ExitCode.Ok : ExitCode.Failed;
        }

        if (done.Resent > 0)
        {
            context.Say($"{Batches(done.Resent)} {(done.Resent == 1 ? "is" : "are")} sent to mana-auth again; [bold]./mana tick show {Markup.Escape(done.TickId.Value)}[/] tells how it went.");
        }

        if (done.Started is { } started)
        {
            context.Say($"{Markup.Escape(started.Name)}: a new tick has begun, {Markup.Escape(started.TickId.Value)}");
        }

        if (done.Problem is { } problem)
        {
            context.Say($"[red]No new tick has begun:[/] {Markup.Escape(problem)}");
        }

        return done.Ok ? ExitCode.Ok : ExitCode.Failed;
    }
}
