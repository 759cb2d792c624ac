using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.PersonaRunner.Platform;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>What the persona does next in the product: a few calls side by side, or its closing words.</summary>
internal sealed class TickBehaviour
{
    private const int WidestTurn = 3;

    private readonly PersonaHints _hints;
    private readonly IReadOnlyCollection<SimulatedTool> _tools;
    private readonly Transcript _transcript;
    private readonly Temperament _temperament;
    private readonly Phrasebook _phrases;
    private readonly ModuleChoice _modules;
    private readonly IdChoice _ids;
    private readonly Dice _dice;

    public TickBehaviour(PersonaHints hints, IReadOnlyCollection<SimulatedTool> tools, Transcript transcript)
    {
        _hints = hints;
        _tools = tools;
        _transcript = transcript;
        _temperament = Temperament.Of(hints.Archetype);
        _phrases = Phrasebook.For(hints.Language);
        _modules = new ModuleChoice(hints, tools, transcript, _temperament);
        _ids = new IdChoice(transcript);
        _dice = Dice.For(hints.Seed, "turn", transcript.Turns);
    }

    /// <summary>The next assistant message.</summary>
    public ChatMessage Next()
    {
        // The wish of the whole tick hangs on the seed alone, so that every turn knows the same one.
        var wish = (int)Dice.For(_hints.Seed, "wish").Between(_temperament.MinCalls, _temperament.MaxCalls);
        var left = _transcript.HasClosed ? 0 : wish - _transcript.Calls.Count;
        var calls = left > 0 ? Calls(Math.Min(left, Width())) : [];
        return calls.Count > 0 ? new ChatMessage(ChatRole.Assistant, [.. Opening(), .. calls]) : Closing();
    }

    /// <summary>One call of a tool that the runner insists on; null where it wants an id and none is known.</summary>
    public ChatMessage? Forced(SimulatedTool tool) =>
        Call(tool, 0) is { } call ? new ChatMessage(ChatRole.Assistant, [call]) : null;

    /// <summary>Any call at all, for a turn in which words are not enough.</summary>
    public ChatMessage? AnyCall() => Calls(1) is { Count: > 0 } calls ? new ChatMessage(ChatRole.Assistant, [.. calls]) : null;

    private int Width() => _dice.Share() switch
    {
        < 0.5 => 1,
        < 0.8 => 2,
        _ => WidestTurn,
    };

    private List<AIContent> Calls(int count)
    {
        var calls = new List<AIContent>();
        foreach (var failed in _transcript.Calls.Where(call => call.Turn == _transcript.Turns - 1 && call.IsError).Take(count))
        {
            if (SecondTry(failed, calls.Count) is { } call)
            {
                calls.Add(call);
            }
        }

        // A look at the same list twice in one turn tells nothing new.
        var looks = calls.OfType<FunctionCallContent>().Select(call => call.Name).ToHashSet();
        for (var i = calls.Count; i < count; i++)
        {
            bool CanUse(SimulatedTool tool) => _ids.CanServe(tool) && !(tool.Kind == ToolKind.Look && looks.Contains(tool.Name));
            if (_modules.Pick(CanUse, _dice) is not { } module
                || !_dice.TryPick([.. _tools.Where(tool => tool.ModuleKey == module && CanUse(tool))], Interest, out var tool))
            {
                break;
            }

            if (Call(tool, calls.Count) is { } call && !WasRefused(call))
            {
                calls.Add(call);
                looks.Add(tool.Name);
            }
        }

        return calls;
    }

    /// <summary>How much a tool tempts the persona now: first a look or a new record, then work on what is there.</summary>
    private double Interest(SimulatedTool tool)
    {
        var used = _transcript.Of(tool.ModuleKey).Count(call => call.ToolName == tool.Name);
        var siblings = _tools.Count(other => other.ModuleKey == tool.ModuleKey && other.Kind == tool.Kind);
        var knowsRecords = _transcript.Known.All.Any(record => record.IsOwn && record.ModuleKey == tool.ModuleKey);
        var base_ = (tool.Kind, knowsRecords) switch
        {
            (ToolKind.Look, false) => 0.9 / (1 + (3 * used)),
            (ToolKind.Look, true) => 0.5 / (1 + (3 * used)),
            (ToolKind.Create, false) => 1.1,
            (ToolKind.Create, true) => 0.8,
            (ToolKind.Open, _) => 0.7 / (1 + used),
            (ToolKind.Change, _) => 2.2 / (1 + (0.5 * used)),
            _ => 0.08,
        };
        return base_ / siblings;
    }

    private FunctionCallContent? SecondTry(PastCall failed, int place)
    {
        var tries = _transcript.Calls.Count(call => call.ToolName == failed.ToolName && call.IsError);
        if (failed.Tool is not { } tool || tries > 1 || _modules.HasGivenUp(failed.ModuleKey) || !_dice.Chance(0.8))
        {
            return null;
        }

        var reading = ErrorReading.Of(failed);
        return reading.Kind switch
        {
            ErrorKind.Arguments => Call(tool, place, new Correction(failed.Arguments, reading)) is { } call && !WasRefused(call) ? call : null,
            // A failed write that may have happened is looked up; so is a record that is said not to exist.
            ErrorKind.UnknownOutcome or ErrorKind.NotFound => _tools.FirstOrDefault(other =>
                other.ModuleKey == tool.ModuleKey && other.Kind == ToolKind.Look && other.Name != tool.Name && _ids.CanServe(other)) is { } look ? Call(look, place) : null,
            ErrorKind.Trouble => Content(tool, place, failed.Arguments.ToDictionary(argument => argument.Key, argument => (object?)argument.Value)),
            _ => null,
        };
    }

    // The same words again would be refused again.
    private bool WasRefused(FunctionCallContent call) => _transcript.Calls.Any(past =>
        past.IsError && past.ToolName == call.Name && IsSame(call, past) && ErrorReading.Of(past).Kind == ErrorKind.Arguments);

    private static bool IsSame(FunctionCallContent call, PastCall past) =>
        JsonNode.DeepEquals(Json(call.Arguments?.ToDictionary()), Json(past.Arguments.ToDictionary(argument => argument.Key, argument => (object?)argument.Value)));

    private static JsonNode? Json(Dictionary<string, object?>? arguments) =>
        JsonSerializer.SerializeToNode(arguments ?? [], AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(Dictionary<string, object?>)));

    private FunctionCallContent? Call(SimulatedTool tool, int place, Correction? correction = null)
    {
        var weekdays = _phrases.Alternatives("weekday", _hints.Archetype)!.Value;
        var utterance = new Utterance(_phrases, _hints.Archetype, _dice).With("today", weekdays[((int)_hints.Today.DayOfWeek + 6) % 7]);
        var context = new WritingContext(tool, _ids, utterance, _temperament, _hints.Today, _dice);
        if (new ArgumentWriter(context).Write(_transcript.Known.All, correction) is not { } arguments)
        {
            return null;
        }

        if (SpaceChoice.For(tool, arguments, correction, _hints, Dice.For(_hints.Seed, "space", (_transcript.Turns * 10) + place)) is { } space)
        {
            arguments[SharedSpace.Argument] = space;
        }

        return Content(tool, place, arguments);
    }

    private FunctionCallContent Content(SimulatedTool tool, int place, Dictionary<string, object?> arguments)
    {
        var content = new FunctionCallContent($"sim_{_hints.Seed:x8}_{_transcript.Turns}_{place}", tool.Name, arguments);
        foreach (var id in new PastCall(content, tool, _transcript.Turns).Ids())
        {
            _ids.Claim(id);
        }

        return content;
    }

    private IEnumerable<AIContent> Opening() =>
        _transcript.Turns == 0 && _dice.Chance(0.6) ? [new TextContent(new Utterance(_phrases, _hints.Archetype, _dice).Say("opening"))] : [];

    private ChatMessage Closing()
    {
        var done = _transcript.Calls.Where(call => call is { IsAnswered: true, IsError: false }).ToList();
        var parts = new List<string>();
        Say("done.create", done.Count(call => call.Tool?.Kind == ToolKind.Create));
        Say("done.change", done.Count(call => call.Tool?.Kind is ToolKind.Change or ToolKind.Remove));
        if (parts.Count == 0)
        {
            Say(done.Count > 0 ? "done.look" : "done.nothing", 1);
        }

        var troubled = _transcript.Calls.Where(call => call.IsError).Select(call => call.Module).Distinct().ToList();
        var words = new Utterance(_phrases, _hints.Archetype, _dice);
        words.With("bad", string.Join(", ", troubled));
        words.With("mind", words.Say(troubled.Count > 0 ? "mind.bad" : "mind.good"));
        words.With("done", string.Join(", ", parts));
        return new ChatMessage(ChatRole.Assistant, words.Say("closing"));

        void Say(string symbol, int count)
        {
            if (count > 0)
            {
                parts.Add(new Utterance(_phrases, _hints.Archetype, _dice).With("n", count.ToString(System.Globalization.CultureInfo.InvariantCulture)).Word(symbol));
            }
        }
    }
}
