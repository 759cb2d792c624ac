using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mana.Testing;

/// <summary>
/// The model's part: what it says depends on the request alone, and the same request gets the same answer. It calls
/// tools by its plan, with arguments that fit the schemas and ids that earlier results named, closes with a text, and
/// rates when it is told to.
/// </summary>
internal sealed class ScriptedPlayer(IReadOnlyList<int> plan, TimeProvider time)
{
    private static readonly string[] Removing = ["delete", "remove", "archive", "leave", "clear"];
    private static readonly string[] Making = ["create", "add", "log"];

    /// <param name="request">A request that broke no rule.</param>
    /// <param name="requestHash">Hex digits; make the ids of the calls.</param>
    public ScriptedReply.Message Play(JsonElement request, string requestHash)
    {
        var seen = SeenConversation.Of(request);
        var blocks = new JsonArray();
        if (seen.ForcedTool is { } forced)
        {
            var input = forced == SeenConversation.RatingTool
                ? RatingPlay.Input(seen)
                : Sampler(seen).Sample(seen.Tools.First(tool => tool.Name == forced)) ?? [];
            blocks.Add(ScriptedReply.ToolUseBlock(CallId(requestHash, 0), forced, input));
            return new ScriptedReply.Message(ScriptedReply.Element(blocks), "tool_use");
        }

        var wanted = seen.Choice == "none" ? 0 : plan.ElementAtOrDefault(seen.ModelTurns);
        wanted = seen.Choice == "any" ? Math.Max(1, wanted) : wanted;
        var calls = Choose(seen, seen.OneCallOnly ? Math.Min(1, wanted) : wanted);
        if (calls.Count == 0)
        {
            blocks.Add(TextBlock(Closing(seen)));
            return new ScriptedReply.Message(ScriptedReply.Element(blocks), "end_turn");
        }

        blocks.Add(TextBlock(seen.IsGerman ? "Ich schaue kurz nach und mache den nächsten Schritt." : "Let me take the next step."));
        foreach (var (tool, input) in calls)
        {
            blocks.Add(ScriptedReply.ToolUseBlock(CallId(requestHash, blocks.Count), tool.Name, input));
        }

        return new ScriptedReply.Message(ScriptedReply.Element(blocks), "tool_use");
    }

    /// <summary>FNV-1a: stable over processes, as string hash codes are not.</summary>
    public static uint Hash(params ReadOnlySpan<string> texts)
    {
        var hash = 2166136261u;
        foreach (var text in texts)
        {
            foreach (var character in text)
            {
                hash = (hash ^ character) * 16777619u;
            }

            hash = (hash ^ 0x1F) * 16777619u;
        }

        return hash;
    }

    private List<(SeenTool Tool, JsonObject Input)> Choose(SeenConversation seen, int count)
    {
        if (count == 0)
        {
            return [];
        }

        var sampler = Sampler(seen);
        var chosen = new List<(SeenTool Tool, JsonObject Input)>();
        var candidates = seen.Tools
            .Where(tool => tool.Name != SeenConversation.RatingTool)
            .OrderByDescending(tool => Appeal(tool, seen))
            .ThenBy(tool => Hash(seen.Opening, tool.Name));
        foreach (var tool in candidates)
        {
            // Calls side by side are of different modules: neither waits for what the other makes.
            if (chosen.All(other => other.Tool.Module != tool.Module) && sampler.Sample(tool) is { } input)
            {
                chosen.Add((tool, input));
                if (chosen.Count == count)
                {
                    break;
                }
            }
        }

        return chosen;
    }

    private static int Appeal(SeenTool tool, SeenConversation seen)
    {
        var verb = tool.Name[tool.Module.Length..];
        var appeal = seen.Calls.Any(call => call.Name == tool.Name) ? -4 : 0;
        appeal += Removing.Any(word => verb.Contains(word, StringComparison.OrdinalIgnoreCase)) ? -6 : 0;
        appeal += seen.ModelTurns == 0 && Making.Any(word => verb.Contains(word, StringComparison.OrdinalIgnoreCase)) ? 2 : 0;
        appeal += seen.ModelTurns > 0 && SchemaSampler.NeedsId(tool.Schema) ? 3 : 0;
        return appeal;
    }

    private SchemaSampler Sampler(SeenConversation seen) =>
        new(seen, seen.Today ?? DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));

    private static string Closing(SeenConversation seen)
    {
        var modules = string.Join(", ", seen.Calls.Select(call => call.Module).Distinct());
        return (seen.IsGerman, seen.Calls.Count) switch
        {
            (true, 0) => "Heute gibt es für mich hier nichts zu tun.",
            (false, 0) => "There is nothing for me to do here today.",
            (true, var n) => $"Fertig für heute: {n} Schritte in {modules}.",
            (false, var n) => $"Done for today: {n} steps in {modules}.",
        };
    }

    private static JsonObject TextBlock(string text) => new() { ["type"] = "text", ["text"] = text };

    private static string CallId(string requestHash, int index) => $"toolu_{requestHash[..22]}{index:D2}";
}
