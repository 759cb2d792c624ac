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
    private const string Cancelled = "cancelled";

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
            ?? throw runner.Unknown(id);
        if (context.Json)
        {
            context.WriteJson(detail, json => json.TickDetail);
            return ExitCode.Ok;
        }

        PrintHead(context, detail);
        PrintTranscript(context, detail, context.Get(Full));
        PrintRatings(context, detail);
        PrintUndelivered(context, detail);
        return ExitCode.Ok;
    }

    private static void PrintHead(CommandContext context, TickDetail detail)
    {
        var tick = detail.Tick;
        context.Say($"[bold]{Markup.Escape(tick.Name)}[/]  {Markup.Escape(tick.Email)}  [grey]{Markup.Escape(tick.Id.Value)}[/]");
        context.Say($"{Texts.State(tick)}{(tick.Stage is null ? "" : " (" + Markup.Escape(tick.Stage) + ")")}{(tick.Error is null ? "" : ": " + Markup.Escape(tick.Error))}, phase {Markup.Escape(tick.Phase)}, "
            + $"{Texts.Time(tick.StartedAt)} – {(tick.EndedAt is null ? "…" : Texts.Time(tick.EndedAt))}");
        if (History(detail) is { Length: > 0 } history)
        {
            context.Say(history);
        }

        var usage = detail.Usage;
        context.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"brain {Markup.Escape(tick.Brain)}{(tick.Model is null ? "" : " (" + Markup.Escape(tick.Model) + ")")}, {usage.ModelCalls} model calls, {usage.InputTokens} tokens in ({usage.CacheReadTokens} from the cache), {usage.OutputTokens} out; {tick.ToolCalls} tool calls, {tick.Ratings} ratings, {tick.MissingRatings} missing; {(tick.Delivered ? "delivered" : "not yet delivered")}"));
    }

    /// <summary>Where it runs, and what interruptions it went through; empty for a tick that ran through.</summary>
    private static string History(TickDetail detail)
    {
        var tick = detail.Tick;

        // A cancellation raises the epoch as well, but nobody took the tick up with it.
        var takenUp = tick.Epoch - (tick.Stage == Cancelled ? 1 : 0);
        var parts = new List<string>();
        if (tick.Node is { } node)
        {
            parts.Add("runs on " + Markup.Escape(node));
        }

        if (takenUp > 1)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"taken up {takenUp} times"));
        }

        if (detail.ModelCallsRepeated > 0)
        {
            parts.Add(Texts.Count(detail.ModelCallsRepeated, "model call") + " made again");
        }

        if (detail.Calls.Count(call => call.Sent > 1) is > 0 and var again)
        {
            parts.Add(Texts.Count(again, "tool call") + " made again");
        }

        if (detail.Calls.Count(call => IsInDoubt(detail, call)) is > 0 and var doubts)
        {
            parts.Add($"[yellow]{Texts.Count(doubts, "tool call")} in doubt[/]");
        }

        return string.Join(", ", parts);
    }

    /// <summary>It was sent, and nobody knows what became of it: also where the tick ended before the answer.</summary>
    private static bool IsInDoubt(TickDetail detail, TickCall call) => call.Result == "in-doubt" || (call.Result is null && detail.Tick.EndedAt is not null);

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
                PrintCall(context, detail, calls.Dequeue(), full);
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
            PrintCall(context, detail, rest, full);
        }
    }

    private static void PrintCall(CommandContext context, TickDetail detail, TickCall call, bool full)
    {
        var mark = call.Result switch
        {
            "ok" => "[green]✓[/]",
            _ when IsInDoubt(detail, call) => "[yellow]?[/]",
            null => "[yellow]…[/]",
            _ => "[red]✗[/]",
        };
        var notes = (IsInDoubt(detail, call) ? "  [yellow]in doubt[/]" : "")
            + (call.Sent > 1 ? string.Create(CultureInfo.InvariantCulture, $"  [yellow]sent {call.Sent} times[/]") : "");
        context.Say(string.Create(CultureInfo.InvariantCulture, $"  {mark} [grey]a{call.Seq}[/] [bold]{Markup.Escape(call.Tool)}[/]  [grey]{Texts.Milliseconds(call.LatencyMs)}[/]{notes}"));
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

    private static void PrintUndelivered(CommandContext context, TickDetail detail)
    {
        if (detail.Undelivered is not { Count: > 0 } batches)
        {
            return;
        }

        context.Say("");
        context.Say($"[bold]not delivered[/]  [grey](./mana tick retry {Markup.Escape(detail.Tick.Id.Value)} sends it again)[/]");
        foreach (var batch in batches)
        {
            var next = batch.SetAside ? "[red]set aside[/]" : "next attempt " + Texts.Time(batch.NextAttemptAt);
            context.Say($"  {Markup.Escape(batch.Kind)}: {next} after {Texts.Count(batch.Attempts, "attempt")}{(batch.LastError is null ? "" : ": " + Markup.Escape(batch.LastError))}");
        }
    }
}
