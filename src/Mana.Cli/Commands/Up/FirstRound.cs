using System.Globalization;
using Mana.Cli.Clients;
using Mana.Cli.Commands.Tick;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Up;

/// <summary>
/// What <c>mana up</c> shows once the services stand: everyone who never ticked ticks now, unless the runner is paused,
/// the events of all ticks stream by, and a table sums the round up.
/// </summary>
internal static class FirstRound
{
    private const int RoundLimit = 200;
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1);

    /// <summary>Runs until cancelled.</summary>
    /// <param name="context">Where to write.</param>
    /// <param name="runner">The runner.</param>
    /// <param name="began">Domain time before the runner started: its clock may have started some ticks by itself.</param>
    /// <param name="cancellationToken">Ends the watching, not the ticks.</param>
    public static async Task WatchAsync(CommandContext context, RunnerClient runner, DateTimeOffset began, CancellationToken cancellationToken)
    {
        var time = context.Environment.Time;
        var watch = new TickWatch(runner, time);
        var printer = new TickEventPrinter(context);
        var events = await runner.SubscribeAsync(cancellationToken);
        var pump = PumpAsync();
        if ((await runner.ClusterAsync(cancellationToken)).Paused)
        {
            // Whoever paused wants no model asked: a round that was asked for by name would begin in spite of it.
            context.Say("[yellow]paused[/]: nobody visits, and what was open waits, until [bold]./mana resume[/]");
            SayWhere(context, runner);
            await pump;
            return;
        }

        var started = time.GetTimestamp();
        var accepted = await runner.RunTicksAsync(new RunTicksRequest(TickScopes.NeverTicked), cancellationToken);
        var round = accepted.Ticks.Select(tick => tick.TickId).ToHashSet();
        var recent = await runner.ListTicksAsync(RoundLimit, persona: null, cancellationToken);
        var resumed = recent.Where(tick => tick.EndedAt is null && tick.StartedAt < began).ToList();
        if (resumed.Count > 0)
        {
            context.Say($"{resumed.Count.ToString(CultureInfo.InvariantCulture)} ticks of the last run were open; they go on where they stood.");
        }

        round.UnionWith(recent.Where(tick => tick.StartedAt >= began || tick.EndedAt is null).Select(tick => tick.Id));
        if (round.Count > 0)
        {
            await watch.WaitAsync(round, cancellationToken);
            await SumUpAsync(context, runner, round, time.GetElapsedTime(started), cancellationToken);
        }
        else
        {
            context.Say("Everybody has ticked before; the clock decides who is next.");
        }

        SayWhere(context, runner);
        await pump;

        async Task PumpAsync()
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                try
                {
                    using (events)
                    {
                        await foreach (var tickEvent in events.ReadAsync(cancellationToken))
                        {
                            printer.Print(tickEvent);
                            watch.Observe(tickEvent);
                        }
                    }

                    await Task.Delay(ReconnectDelay, time, cancellationToken);
                    events = await runner.SubscribeAsync(cancellationToken);
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    return;
                }
                catch (CliException)
                {
                    // Not there at the moment: the next turn of the loop waits and tries again.
                }
            }
        }
    }

    private static void SayWhere(CommandContext context, RunnerClient runner) =>
        context.Say($"open [bold]{Markup.Escape(runner.Address.AbsoluteUri)}[/] · [bold]./mana personas list[/] · Ctrl-C stops");

    private static async Task SumUpAsync(
        CommandContext context, RunnerClient runner, IEnumerable<TickId> round, TimeSpan took, CancellationToken cancellationToken)
    {
        var ticks = new List<TickDetail>();
        foreach (var id in round)
        {
            if (await runner.FindTickAsync(id, cancellationToken) is { } detail)
            {
                ticks.Add(detail);
            }
        }

        var good = ticks.Count(detail => Texts.Succeeded(detail.Tick.Outcome));
        context.Say("");
        context.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"[bold]first round[/]: {good} of {ticks.Count} personas in {took.TotalSeconds:0.0} s, {ticks.Sum(detail => detail.Tick.ToolCalls)} tool calls, {ticks.Sum(detail => detail.Tick.Ratings)} ratings [grey](uncalibrated simulation)[/]"));
        if (!context.Json)
        {
            TickTable.Of(ticks.OrderBy(detail => detail.Tick.Name, StringComparer.Ordinal)).Write(context.Console);
        }
    }
}
