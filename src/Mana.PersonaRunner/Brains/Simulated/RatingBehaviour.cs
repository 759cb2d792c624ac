using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.PersonaRunner.Conversation;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>Rates the modules by what the persona met in them in this conversation.</summary>
internal sealed class RatingBehaviour(PersonaHints hints, Transcript transcript)
{
    private const int MaxText = 1000;
    private const int MaxExcerpt = 140;
    private const double SlowMs = 2000;
    private readonly Temperament _temperament = Temperament.Of(hints.Archetype);

    /// <summary>The forced answer: one entry per module that was used.</summary>
    public ChatMessage Rate()
    {
        var ratings = new JsonArray();
        foreach (var module in RatingEvidence.Read(transcript))
        {
            ratings.Add(Entry(module));
        }

        var arguments = new Dictionary<string, object?> { ["ratings"] = JsonElement.Parse(ratings.ToJsonString()) };
        return new ChatMessage(ChatRole.Assistant, [new FunctionCallContent($"sim_{hints.Seed:x8}_{transcript.Turns}_r", RatingTool.Name, arguments)]);
    }

    private JsonObject Entry(ModuleEvidence module)
    {
        var dice = Dice.For(hints.Seed, "rating:" + module.Name);
        var isTrivial = module.Actions is [{ IsError: false, Call: { Tool.Kind: ToolKind.Look, IsDeadEnd: false } }];
        int? rating = isTrivial && dice.Chance(0.15) ? null : Score(module, dice);
        var words = new Utterance(Phrasebook.For(hints.Language), hints.Archetype, dice)
            .With("module", module.Name)
            .With("calls", Text(module.Actions.Count))
            .With("errors", Text(module.Errors))
            .With("tools", string.Join(", ", module.Actions.Select(action => action.Tool).Distinct()));
        var (note, actions) = Note(module, rating, words);
        return new JsonObject
        {
            ["module"] = module.Name,
            ["whatHappened"] = FieldText.Fit(words.Say("rating.happened"), 0, MaxText),
            ["rating"] = rating,
            ["note"] = FieldText.Fit(note, 0, MaxText),
            ["actions"] = new JsonArray([.. actions.Select(action => JsonValue.Create(action.Id))]),
        };
    }

    private int Score(ModuleEvidence module, Dice dice)
    {
        var calls = module.Actions.Count;
        if (calls > 0 && module.Errors == calls)
        {
            // Nothing worked: the only question is how forgiving the persona is today.
            return calls == 1 && dice.Chance(0.5 / _temperament.ErrorHarshness) ? 2 : 1;
        }

        var score = _temperament.BaseRating + ((dice.Share() + dice.Share() - 1) * 0.9);
        score -= _temperament.ErrorHarshness * ((0.7 * module.Errors) + (1.2 * module.Errors / Math.Max(1, calls)));
        score -= _temperament.WasteHarshness * 0.35 * module.Actions.Count(action => action.Call?.IsDeadEnd == true);
        score -= HasGivenUp(module) ? 0.6 : 0;
        score -= _temperament.WasteHarshness * (module.MaxLatencyMs > 2 * SlowMs ? 0.8 : module.MaxLatencyMs > SlowMs ? 0.4 : 0);
        score += Threads(module).Any() ? 0.4 : 0;
        return (int)Math.Clamp(Math.Round(score, MidpointRounding.AwayFromZero), 1, module.Errors > 0 ? 4 : 5);
    }

    /// <summary>The two or three things that weighed most, and the calls behind them.</summary>
    private (string Note, IEnumerable<ActionEvidence> Actions) Note(ModuleEvidence module, int? rating, Utterance words)
    {
        var behind = new List<ActionEvidence>();
        var sentences = new List<string>();
        void Say(string symbol, ActionEvidence? action)
        {
            if (action is not null)
            {
                words.With("tool", action.Tool);
                behind.Add(action);
            }

            sentences.Add(words.Say(symbol));
        }

        if (rating is null)
        {
            Say("rating.unsure", module.Actions[0]);
            return (sentences[0], behind);
        }

        foreach (var failed in module.Actions.Where(action => action.IsError).DistinctBy(action => (action.Tool, action.Call?.ResultText)).Take(2))
        {
            words.With("excerpt", Excerpt(failed));
            Say("rating.error", failed);
        }

        if (module.Errors > 0)
        {
            var last = module.Actions[^1];
            Say(last.IsError ? "rating.gaveup" : "rating.recovered", last.IsError ? null : last);
        }

        if (module.Actions.FirstOrDefault(action => action.Call?.IsDeadEnd == true) is { } empty)
        {
            Say("rating.empty", empty);
        }

        if (module.MaxLatencyMs > SlowMs)
        {
            words.With("latency", Text(module.MaxLatencyMs));
            Say("rating.slow", module.Actions.MaxBy(action => action.LatencyMs));
        }

        if (Threads(module).FirstOrDefault() is { } thread)
        {
            Say("rating.thread", thread);
        }
        else if (sentences.Count == 0 && module.Actions.FirstOrDefault(action => !action.IsError) is { } good)
        {
            Say("rating.good", good);
        }

        return (string.Join(' ', sentences), behind.DistinctBy(action => action.Id));
    }

    private static bool HasGivenUp(ModuleEvidence module) => module.Errors > 0 && module.Actions[^1].IsError;

    /// <summary>The calls that went on with a record met before, and worked.</summary>
    private static IEnumerable<ActionEvidence> Threads(ModuleEvidence module) =>
        module.Actions.Where(action => !action.IsError && action.Call?.Ids().Any() == true);

    private string Excerpt(ActionEvidence action)
    {
        var text = string.Join(' ', (action.Call?.ResultText ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return text.Length == 0 ? (hints.Language == "en" ? "no reason given" : "ohne Begründung") : FieldText.Fit(text, 0, MaxExcerpt);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
