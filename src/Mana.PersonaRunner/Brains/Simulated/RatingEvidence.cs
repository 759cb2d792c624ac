using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>One call behind a rating, with what the conversation tells of it.</summary>
internal sealed record ActionEvidence(string Id, string Tool, bool IsError, int LatencyMs, PastCall? Call);

/// <summary>The calls of one module.</summary>
internal sealed record ModuleEvidence(string Name, IReadOnlyList<ActionEvidence> Actions)
{
    public int Errors => Actions.Count(action => action.IsError);

    public int MaxLatencyMs => Actions.Select(action => action.LatencyMs).DefaultIfEmpty(0).Max();
}

/// <summary>Finds the evidence: in the rating prompt, which is authoritative, else in the conversation.</summary>
internal static class RatingEvidence
{
    public static IReadOnlyList<ModuleEvidence> Read(Transcript transcript)
    {
        // Newest first: a repair prompt may repeat the list, or leave it to the prompt before.
        foreach (var text in Enumerable.Reverse(transcript.UserTexts))
        {
            foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries).Where(line => line.StartsWith('{') && line.Contains("\"modules\"", StringComparison.Ordinal)))
            {
                if (Parse(line, transcript) is { } evidence)
                {
                    return evidence;
                }
            }
        }

        return
        [
            .. transcript.Calls.Index().Where(call => call.Item.IsAnswered).GroupBy(call => call.Item.Module).Select(module =>
                new ModuleEvidence(module.Key, [.. module.Select(call => new ActionEvidence($"a{call.Index}", call.Item.ToolName, call.Item.IsError, 0, call.Item))])),
        ];
    }

    private static List<ModuleEvidence>? Parse(string line, Transcript transcript)
    {
        try
        {
            var prompt = JsonSerializer.Deserialize(line, RatingEvidenceJson.Default.RatingPromptEvidence);
            if (prompt?.Modules is null)
            {
                return null;
            }

            var calls = Match(prompt.Modules.SelectMany(module => module.Actions ?? []), transcript);
            return [.. prompt.Modules.Where(module => module.Module is { Length: > 0 }).Select(module => new ModuleEvidence(module.Module!, [.. (module.Actions ?? []).Select(action => Evidence(action, calls))]))];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// Which call an action id stands for. The numbering is the runner's, so the order and the tool decide: the text
    /// of another call must not stand in for this one.
    /// </summary>
    private static Dictionary<RatingPromptAction, PastCall> Match(IEnumerable<RatingPromptAction> actions, Transcript transcript)
    {
        var open = transcript.Calls.ToList();
        var matched = new Dictionary<RatingPromptAction, PastCall>(ReferenceEqualityComparer.Instance);
        foreach (var action in actions.OrderBy(action => int.TryParse((action.Id ?? "").TrimStart('a'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue))
        {
            if (open.Find(call => SimulatedTool.Key(call.ToolName) == SimulatedTool.Key(action.Tool ?? "")) is { } call)
            {
                matched[action] = call;
                open.Remove(call);
            }
        }

        return matched;
    }

    private static ActionEvidence Evidence(RatingPromptAction action, Dictionary<RatingPromptAction, PastCall> calls)
    {
        var call = calls.GetValueOrDefault(action);
        var isError = action.Result is { } result ? result is not ("ok" or "success") : call?.IsError ?? false;
        return new ActionEvidence(action.Id ?? "", action.Tool ?? call?.ToolName ?? "", isError, (int)Math.Clamp(action.LatencyMs ?? 0, 0, int.MaxValue), call);
    }
}

/// <summary>The line of the rating prompt that names the modules and the calls.</summary>
internal sealed record RatingPromptEvidence(IReadOnlyList<RatingPromptModule>? Modules);

/// <summary>One module of it.</summary>
internal sealed record RatingPromptModule(string? Module, IReadOnlyList<RatingPromptAction>? Actions);

/// <summary>One call of it.</summary>
internal sealed record RatingPromptAction(string? Id, string? Tool, string? Result, double? LatencyMs);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RatingPromptEvidence))]
internal sealed partial class RatingEvidenceJson : JsonSerializerContext;
