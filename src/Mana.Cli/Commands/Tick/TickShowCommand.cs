using System.CommandLine;
using System.Globalization;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Tick;

/// <summary><c>mana tick show</c></summary>
internal static class TickShowCommand
{
    private const int OutputLength = 400;

    private static readonly Argument<string> Id = new("ID") { Description = "The tick's id, as in `mana tick list`" };
    private static readonly Option<bool> Full = new("--full") { Description = "Do not shorten tool answers" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb("show", "Show a tick: transcript, calls with inputs and answers, ratings with their evidence.", "mana tick show 019ab3c4-…", "mana tick show 019ab3c4-… --json");
        command.Add(Id);
        command.Add(Full);
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var id = new TickId(context.Get(Id)!);
        using var runner = context.Runner();
        var detail = await runner.FindTickAsync(id, cancellationToken)
            ?? throw new CliException(ExitCode.Failed, $"mana-persona-runner at {runner.Address} knows no tick {id}; ./mana tick list shows the latest");
        if (context.Json)
        {
            context.WriteJson(detail, json => json.TickDetail);
            return ExitCode.Ok;
        }

        PrintHead(context, detail);
        PrintTranscript(context, detail, context.Get(Full));
        PrintRatings(context, detail);
        return ExitCode.Ok;
    }

    private static void PrintHead(CommandContext context, TickDetail detail)
    {
        var tick = detail.Tick;
        context.Say($"[bold]{Markup.Escape(tick.Name)}[/]  {Markup.Escape(tick.Email)}  [grey]{Markup.Escape(tick.Id.Value)}[/]");
        context.Say($"{Texts.Outcome(tick.Outcome)}{(tick.Error is null ? "" : ": " + Markup.Escape(tick.Error))}, phase {Markup.Escape(tick.Phase)}, "
            + $"{Texts.Time(tick.StartedAt)} – {(tick.EndedAt is null ? "…" : Texts.Time(tick.EndedAt))}");
        var usage = detail.Usage;
        context.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"brain {Markup.Escape(tick.Brain)}{(tick.Model is null ? "" : " (" + Markup.Escape(tick.Model) + ")")}, {usage.ModelCalls} model calls, {usage.InputTokens} tokens in ({usage.CacheReadTokens} from the cache), {usage.OutputTokens} out; {tick.ToolCalls} tool calls, {tick.Ratings} ratings, {tick.MissingRatings} missing; {(tick.Delivered ? "delivered" : "not yet delivered")}"));
    }

    /// <summary>
    /// Turns and calls in the order in which they happened. A model turn without text leaves no turn, so the times
    /// decide; within a millisecond, calls follow the model's turn and come before the next message to it.
    /// </summary>
    private static void PrintTranscript(CommandContext context, TickDetail detail, bool full)
    {
        var calls = new Queue<TickCall>(detail.Calls.OrderBy(call => call.Seq));
        foreach (var turn in detail.Turns.OrderBy(turn => turn.Seq))
        {
            while (calls.TryPeek(out var call) && (call.At < turn.At || (call.At == turn.At && turn.Role == "user")))
            {
                PrintCall(context, calls.Dequeue(), full);
            }

            context.Say("");
            context.Say($"[bold]{Markup.Escape(turn.Role)}[/]  [grey]{Texts.Time(turn.At)}[/]");
            if (turn.Text.Length > 0)
            {
                context.Say(Markup.Escape(turn.Text));
            }
        }

        while (calls.TryDequeue(out var rest))
        {
            PrintCall(context, rest, full);
        }
    }

    private static void PrintCall(CommandContext context, TickCall call, bool full)
    {
        var mark = call.Result switch
        {
            "ok" => "[green]✓[/]",
            null => "[yellow]…[/]",
            _ => "[red]✗[/]",
        };
        context.Say(string.Create(CultureInfo.InvariantCulture, $"  {mark} [grey]a{call.Seq}[/] [bold]{Markup.Escape(call.Tool)}[/]  [grey]{Texts.Milliseconds(call.LatencyMs)}[/]"));
        context.Say($"      → {Markup.Escape(call.Input.GetRawText())}");
        if (call.Output is { } output)
        {
            context.Say($"      ← {Markup.Escape(full ? output : Texts.Short(output, OutputLength))}");
        }
    }

    private static void PrintRatings(CommandContext context, TickDetail detail)
    {
        if (detail.Summary is { Length: > 0 } summary)
        {
            context.Say("");
            context.Say($"[bold]summary[/]  {Markup.Escape(summary)}");
        }

        if (detail.Ratings.Count == 0)
        {
            return;
        }

        context.Say("");
        context.Say("[bold]ratings[/]  [grey](uncalibrated simulation)[/]");
        foreach (var rating in detail.Ratings)
        {
            var evidence = string.Join(", ", rating.Evidence.Select(seq => string.Create(CultureInfo.InvariantCulture, $"a{seq}")));
            context.Say($"  [yellow]★[/] {Markup.Escape(rating.Module)} {Texts.Rating(rating.Rating)}/5{(evidence.Length > 0 ? $"  [grey]evidence {evidence}[/]" : "")}");
            foreach (var text in new[] { rating.WhatHappened, rating.Note }.Where(text => !string.IsNullOrWhiteSpace(text)))
            {
                context.Say($"      {Markup.Escape(text!)}");
            }
        }
    }
}
