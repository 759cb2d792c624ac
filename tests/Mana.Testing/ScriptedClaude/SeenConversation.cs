using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mana.Testing;

/// <summary>What one request tells of the conversation. All that the player knows, it knows from here.</summary>
internal sealed partial class SeenConversation
{
    public const string RatingTool = "rate_modules";

    private SeenConversation(IReadOnlyList<SeenTool> tools, IReadOnlyList<SeenCall> calls)
    {
        Tools = tools;
        Calls = calls;
    }

    public IReadOnlyList<SeenTool> Tools { get; }

    /// <summary>The calls so far, without the rating's.</summary>
    public IReadOnlyList<SeenCall> Calls { get; }

    /// <summary>How often the model has spoken.</summary>
    public int ModelTurns { get; private set; }

    /// <summary>The system prompt and the first user message: the same in every turn of a conversation.</summary>
    public string Opening { get; private set; } = "";

    /// <summary>The text of the last user message.</summary>
    public string LastPrompt { get; private set; } = "";

    /// <summary>A date that the opening names.</summary>
    public DateOnly? Today { get; private set; }

    public bool IsGerman { get; private set; }

    /// <summary>auto, any, tool or none.</summary>
    public string Choice { get; private set; } = "auto";

    public string? ForcedTool { get; private set; }

    public bool OneCallOnly { get; private set; }

    /// <summary>The part before the first underscore: <c>todo</c> of <c>todo_create</c>.</summary>
    public static string ModuleOf(string toolName) => toolName.Split('_', 2)[0];

    public static SeenConversation Of(JsonElement request)
    {
        var tools = request.TryGetProperty("tools", out var list)
            ? list.EnumerateArray().Select(tool => new SeenTool(tool.GetProperty("name").GetString()!, tool.GetProperty("input_schema"))).ToList()
            : [];
        var calls = new List<SeenCall>();
        var seen = new SeenConversation(tools, calls);
        string? firstPrompt = null;
        var lastRole = "";
        foreach (var message in request.GetProperty("messages").EnumerateArray())
        {
            var role = message.GetProperty("role").GetString()!;
            var content = message.GetProperty("content");
            if (role == "assistant")
            {
                seen.ModelTurns += lastRole == role ? 0 : 1;
                calls.AddRange(Blocks(content, "tool_use").Select(b => new SeenCall(b.GetProperty("id").GetString()!, b.GetProperty("name").GetString()!)));
            }
            else
            {
                foreach (var result in Blocks(content, "tool_result"))
                {
                    calls.First(call => call.Id == result.GetProperty("tool_use_id").GetString()).Answer(result);
                }

                var text = Text(content);
                firstPrompt ??= text;
                seen.LastPrompt = text.Length > 0 ? text : seen.LastPrompt;
            }

            lastRole = role;
        }

        calls.RemoveAll(call => call.Name == RatingTool);
        var system = request.TryGetProperty("system", out var s) ? Text(s) : "";
        seen.Opening = system + "\n" + firstPrompt;
        seen.IsGerman = German().Count(seen.Opening) > 2;
        seen.Today = IsoDate().Match(firstPrompt ?? "") is { Success: true } match
            && DateOnly.TryParseExact(match.Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var today) ? today : null;
        if (request.TryGetProperty("tool_choice", out var choice))
        {
            seen.Choice = choice.GetProperty("type").GetString()!;
            seen.ForcedTool = seen.Choice == "tool" ? choice.GetProperty("name").GetString() : null;
            seen.OneCallOnly = choice.TryGetProperty("disable_parallel_tool_use", out var one) && one.ValueKind == JsonValueKind.True;
        }

        return seen;
    }

    public static string Text(JsonElement content) => content.ValueKind == JsonValueKind.String
        ? content.GetString()!
        : string.Join('\n', Blocks(content, "text").Select(block => block.GetProperty("text").GetString()));

    private static IEnumerable<JsonElement> Blocks(JsonElement content, string type) => content.ValueKind == JsonValueKind.Array
        ? content.EnumerateArray().Where(block => block.GetProperty("type").ValueEquals(type))
        : [];

    [GeneratedRegex(@"\b\d{4}-\d{2}-\d{2}\b")]
    private static partial Regex IsoDate();

    [GeneratedRegex(@"\b(du|und|ist|der|die|das|ein|eine|dein|heute)\b", RegexOptions.IgnoreCase)]
    private static partial Regex German();
}

internal sealed record SeenTool(string Name, JsonElement Schema)
{
    public string Module { get; } = SeenConversation.ModuleOf(Name);
}

/// <summary>A call of the conversation, with the ids that its result names.</summary>
internal sealed class SeenCall(string id, string name)
{
    private readonly List<string> _ids = [];

    public string Id { get; } = id;

    public string Name { get; } = name;

    public string Module { get; } = SeenConversation.ModuleOf(name);

    public bool IsError { get; private set; }

    public IReadOnlyList<string> Ids => _ids;

    public void Answer(JsonElement result)
    {
        IsError = result.TryGetProperty("is_error", out var error) && error.ValueKind == JsonValueKind.True;
        if (IsError || !result.TryGetProperty("content", out var content))
        {
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(SeenConversation.Text(content));
            Collect(document.RootElement);
        }
        catch (JsonException)
        {
            // A result in prose names no ids.
        }
    }

    private void Collect(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    Collect(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    if (property.NameEquals("id") && property.Value.ValueKind == JsonValueKind.String)
                    {
                        _ids.Add(property.Value.GetString()!);
                    }

                    Collect(property.Value);
                }

                break;
        }
    }
}
