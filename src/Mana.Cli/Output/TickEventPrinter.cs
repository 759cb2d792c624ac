using System.Globalization;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Output;

/// <summary>Turns what ticks do into one line each, or into one JSON object each.</summary>
internal sealed class TickEventPrinter(CommandContext context)
{
    private const int NameWidth = 8;
    private const int ToolWidth = 26;
    private const int TextLength = 100;
    private static readonly string[] Colours = ["aqua", "fuchsia", "yellow", "lime", "deepskyblue1", "orange1", "orchid", "springgreen2", "gold1", "lightcoral"];

    private readonly Dictionary<string, string> _colours = new(StringComparer.Ordinal);

    public void Print(TickEvent tickEvent)
    {
        if (context.Json)
        {
            context.WriteJsonLine(tickEvent, json => json.TickEvent);
        }
        else if (Line(tickEvent) is { } line)
        {
            context.Say(line);
        }
    }

    /// <summary>Null for what is not worth a line: the acts and ratings themselves show those phases.</summary>
    private string? Line(TickEvent tickEvent) => tickEvent.Kind switch
    {
        "phase" when tickEvent.Phase is TickPhases.SignIn => Row(tickEvent, "[grey]·[/] signs in"),
        "phase" when tickEvent.Phase is TickPhases.Connect => Row(tickEvent, "[grey]·[/] connects to the product"),
        "call" => Row(
            tickEvent,
            $"{(tickEvent.Result == "ok" ? "[green]✓[/]" : "[red]✗[/]")} {Markup.Escape((tickEvent.Tool ?? "").PadRight(ToolWidth))} [grey]{Texts.Milliseconds(tickEvent.LatencyMs),8}[/]"),
        "rating" => Row(tickEvent, $"[yellow]★[/] {Markup.Escape(tickEvent.Module ?? "")} {Texts.Rating(tickEvent.Rating)}/5{Quoted(tickEvent.Text)}"),
        "end" => Row(tickEvent, $"[bold]■[/] {Texts.Outcome(tickEvent.Outcome ?? "")}{Quoted(tickEvent.Text)}"),
        _ => null,
    };

    private string Row(TickEvent tickEvent, string text)
    {
        var time = tickEvent.At.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        return $"[grey]{time}[/]  [{Colour(tickEvent.Email)}]{Markup.Escape(tickEvent.Name.PadRight(NameWidth))}[/] {text}";
    }

    private string Colour(string email)
    {
        if (!_colours.TryGetValue(email, out var colour))
        {
            colour = Colours[_colours.Count % Colours.Length];
            _colours.Add(email, colour);
        }

        return colour;
    }

    private static string Quoted(string? text) =>
        string.IsNullOrWhiteSpace(text) ? "" : $"  [grey]{Markup.Escape(Texts.Short(text, TextLength))}[/]";
}
