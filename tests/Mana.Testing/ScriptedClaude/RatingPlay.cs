using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mana.Testing;

/// <summary>
/// The ratings: from the JSON block of the prompt where there is one (its ids and modules are authoritative), else
/// from the calls that the conversation shows. Errors lower the rating; a module without any call gets none.
/// </summary>
internal static class RatingPlay
{
    public static JsonObject Input(SeenConversation seen)
    {
        var modules = FromPrompt(seen.LastPrompt) ?? FromCalls(seen);
        return new JsonObject { ["ratings"] = new JsonArray([.. modules.Select(module => Entry(module, seen))]) };
    }

    private static JsonObject Entry(RatedModule module, SeenConversation seen)
    {
        var errors = module.Actions.Count(action => action.IsError);
        var all = module.Actions.Count;
        int? rating = (errors, all) switch
        {
            (_, 0) => null,
            (0, _) => 4 + (int)(ScriptedPlayer.Hash(seen.Opening, module.Name) % 2),
            _ when errors == all => 1,
            _ => 2,
        };
        var happened = seen.IsGerman ? $"{all} Schritte, davon {errors} mit Fehler." : $"{all} steps, {errors} of them failed.";
        var note = (seen.IsGerman, errors) switch
        {
            (true, 0) => "Ging ohne Umwege.",
            (true, _) => "Die Fehler haben mich aufgehalten.",
            (false, 0) => "It worked without detours.",
            (false, _) => "The errors held me up.",
        };
        return new JsonObject
        {
            ["module"] = module.Name,
            ["whatHappened"] = happened,
            ["rating"] = rating,
            ["note"] = note,
            ["actions"] = new JsonArray([.. module.Actions.Select(action => (JsonNode)action.Id)]),
        };
    }

    private static List<RatedModule>? FromPrompt(string prompt)
    {
        var start = prompt.IndexOf("{\"modules\"", StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(prompt[start..]));
            using var document = JsonDocument.ParseValue(ref reader);
            return [.. document.RootElement.GetProperty("modules").EnumerateArray().Select(module => new RatedModule(
                module.GetProperty("module").GetString()!,
                [.. module.GetProperty("actions").EnumerateArray().Select(action => new RatedAction(
                    action.GetProperty("id").GetString()!,
                    action.TryGetProperty("result", out var result) && result.ValueKind == JsonValueKind.String && result.GetString() != "ok"))]))];
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static List<RatedModule> FromCalls(SeenConversation seen) =>
    [
        .. seen.Calls
            .Select((call, index) => (call.Module, Action: new RatedAction($"a{index}", call.IsError)))
            .GroupBy(entry => entry.Module)
            .Select(group => new RatedModule(group.Key, [.. group.Select(entry => entry.Action)])),
    ];

    private sealed record RatedModule(string Name, IReadOnlyList<RatedAction> Actions);

    private sealed record RatedAction(string Id, bool IsError);
}
