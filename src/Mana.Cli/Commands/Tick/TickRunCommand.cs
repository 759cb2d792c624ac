using System.CommandLine;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Tick;

/// <summary><c>mana tick run</c></summary>
internal static class TickRunCommand
{
    private static readonly Option<string[]> Persona = new("--persona")
    {
        Description = "Run this persona (e-mail or name), due or not; may be given several times",
        HelpName = "PERSONA",
    };

    private static readonly Option<bool> All = new("--all") { Description = "Run every persona, due or not (without it: those that are due)" };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Follow the ticks until they have ended; exit 1 if one failed" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "run",
            "Start ticks now.",
            "mana tick run --all --wait",
            "mana tick run --persona persona.anna@mana.test --wait",
            "mana tick run --json");
        command.Add(Persona);
        command.Add(All);
        command.Add(Wait);
        command.Validators.Add(result =>
        {
            if (result.GetValue(All) && result.GetValue(Persona) is { Length: > 0 })
            {
                result.AddError("--all and --persona exclude each other");
            }
        });
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var personas = context.Get(Persona) is { Length: > 0 } given ? given : null;
        var request = new RunTicksRequest(context.Get(All) || personas is not null ? TickScopes.All : TickScopes.Due, personas);
        using var runner = context.Runner();
        if (!context.Get(Wait))
        {
            var accepted = await runner.RunTicksAsync(request, cancellationToken);
            if (context.Json)
            {
                context.WriteJson(accepted, json => json.RunTicksResponse);
            }
            else
            {
                PrintAccepted(context, accepted, request);
                foreach (var tick in accepted.Ticks)
                {
                    context.Say($"  {Markup.Escape(tick.Name)}  [grey]{Markup.Escape(tick.TickId.Value)}[/]");
                }
            }

            return Judge(accepted, personas);
        }

        using var events = await runner.SubscribeAsync(cancellationToken);
        var started = await runner.RunTicksAsync(request, cancellationToken);
        if (!context.Json)
        {
            PrintAccepted(context, started, request);
        }

        await TickProgress.FollowAsync(context, runner, events, started.Ticks, cancellationToken);
        var ticks = new List<TickDetail>();
        foreach (var tick in started.Ticks)
        {
            if (await runner.FindTickAsync(tick.TickId, cancellationToken) is { } detail)
            {
                ticks.Add(detail);
            }
        }

        if (context.Json)
        {
            context.WriteJson(new TickRunReport([.. ticks.Select(tick => tick.Tick)], started.Skipped), json => json.TickRunReport);
        }
        else if (ticks.Count > 0)
        {
            TickTable.Of(ticks).Write(context.Console);
        }

        return ticks.TrueForAll(tick => Texts.Succeeded(tick.Tick.Outcome)) && ticks.Count == started.Ticks.Count
            ? Judge(started, personas)
            : ExitCode.Failed;
    }

    /// <summary>A persona that was asked for by name and not started is a failure; of a whole scope it is news only.</summary>
    private static ExitCode Judge(RunTicksResponse response, string[]? personas) =>
        personas is not null && response.Skipped.Count > 0 ? ExitCode.Failed : ExitCode.Ok;

    private static void PrintAccepted(CommandContext context, RunTicksResponse response, RunTicksRequest request)
    {
        foreach (var skipped in response.Skipped)
        {
            context.Warn($"{skipped.Email} was not started: {skipped.Reason}");
        }

        context.Say(response.Ticks.Count > 0
            ? $"{response.Ticks.Count} {(response.Ticks.Count == 1 ? "tick" : "ticks")} started"
            : request.Scope == TickScopes.Due ? "Nobody is due; [bold]--all[/] runs everybody now." : "Nothing was started.");
    }
}
