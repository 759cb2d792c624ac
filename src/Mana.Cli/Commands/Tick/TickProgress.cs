using Mana.Cli.Clients;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Tick;

/// <summary>Shows ticks until they have ended: a live table on a terminal, a line per event elsewhere.</summary>
internal static class TickProgress
{
    public static async Task FollowAsync(
        CommandContext context, RunnerClient runner, TickEvents events, IReadOnlyList<StartedTick> ticks, CancellationToken cancellationToken)
    {
        if (ticks.Count == 0)
        {
            return;
        }

        var ids = ticks.Select(tick => tick.TickId).ToHashSet();
        if (context.Console.Profile.Capabilities.Interactive && !context.Json)
        {
            var board = new Board(ticks);
            await context.Console.Live(board.Render()).AutoClear(true).StartAsync(async live =>
                await PumpAsync(
                    tickEvent =>
                    {
                        board.Update(tickEvent);
                        live.UpdateTarget(board.Render());
                    }));
        }
        else if (context.Json)
        {
            await PumpAsync(_ => { });
        }
        else
        {
            await PumpAsync(new TickEventPrinter(context).Print);
        }

        async Task PumpAsync(Action<TickEvent> show)
        {
            var watch = new TickWatch(runner, context.Environment.Time);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var pump = ReadAsync(stop.Token);
            try
            {
                await watch.WaitAsync(ids, cancellationToken);
            }
            finally
            {
                await stop.CancelAsync();
                await pump;
            }

            async Task ReadAsync(CancellationToken token)
            {
                try
                {
                    await foreach (var tickEvent in events.ReadAsync(token))
                    {
                        if (ids.Contains(tickEvent.TickId))
                        {
                            show(tickEvent);
                            watch.Observe(tickEvent);
                        }
                    }
                }
                catch (OperationCanceledException) when (token.IsCancellationRequested)
                {
                    // All ticks have ended, or the person has seen enough.
                }
            }
        }
    }

    private sealed class Board(IReadOnlyList<StartedTick> ticks)
    {
        private readonly Dictionary<TickId, Row> _rows = ticks.ToDictionary(tick => tick.TickId, tick => new Row(tick.Name));

        public void Update(TickEvent tickEvent)
        {
            var row = _rows[tickEvent.TickId];
            switch (tickEvent.Kind)
            {
                case "phase":
                    row.Phase = tickEvent.Phase ?? row.Phase;
                    break;
                case "call":
                    row.Calls++;
                    row.Last = $"{(tickEvent.Result == "ok" ? "[green]✓[/]" : "[red]✗[/]")} {Markup.Escape(tickEvent.Tool ?? "")}";
                    break;
                case "rating":
                    row.Ratings++;
                    row.Last = $"[yellow]★[/] {Markup.Escape(tickEvent.Module ?? "")} {Texts.Rating(tickEvent.Rating)}";
                    break;
                case "end":
                    row.Outcome = tickEvent.Outcome;
                    row.Phase = TickPhases.Ended;
                    break;
            }
        }

        public Table Render()
        {
            var table = Texts.Table("persona", "phase", "calls", "ratings", "last");
            foreach (var row in _rows.Values)
            {
                table.AddRow(
                    Markup.Escape(row.Name),
                    row.Phase == TickPhases.Ended ? Texts.Outcome(row.Outcome) : $"[yellow]{Markup.Escape(row.Phase)}[/]",
                    row.Calls.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    row.Ratings.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    row.Last);
            }

            return table;
        }

        private sealed class Row(string name)
        {
            public string Name { get; } = name;

            public string Phase { get; set; } = TickPhases.Queued;

            public string? Outcome { get; set; }

            public int Calls { get; set; }

            public int Ratings { get; set; }

            public string Last { get; set; } = "";
        }
    }
}
