using System.Text.Json;

namespace Mana.Crash.Proxy;

/// <summary>The services that a runner talks to.</summary>
internal enum Peer
{
    Auth,
    Mcp,
    Model,
}

/// <summary>What a request of the runner is about.</summary>
internal enum Purpose
{
    Other,
    SignIn,
    Connect,
    ListTools,
    Read,
    Write,
    Act,
    Rate,
    Deliver,
}

/// <summary>One request of the runner and its answer.</summary>
internal sealed class Exchange
{
    private Exchange(Purpose purpose, string? tool)
    {
        Purpose = purpose;
        Tool = tool;
    }

    public Purpose Purpose { get; }

    /// <summary>The tool of a call.</summary>
    public string? Tool { get; }

    /// <param name="peer">Where it goes.</param>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The path.</param>
    /// <param name="body">The body; may be empty.</param>
    /// <param name="writes">The names of the tools that do more than read, as far as they are known.</param>
    public static Exchange Of(Peer peer, string method, string path, byte[] body, IReadOnlySet<string> writes)
    {
        if (method != "POST")
        {
            return new Exchange(Purpose.Other, null);
        }

        return peer switch
        {
            Peer.Auth => new Exchange(OfAuth(path), null),
            Peer.Mcp => OfMcp(Parse(body), writes),
            _ => new Exchange(OfModel(Parse(body)), null),
        };
    }

    /// <summary>The tools of an answer to tools/list that do more than read. The answer is JSON, or one server-sent event.</summary>
    public static IEnumerable<string> WritingTools(byte[] answer)
    {
        var text = System.Text.Encoding.UTF8.GetString(answer);
        var json = text.StartsWith('{') ? text : text.Split('\n').First(line => line.StartsWith("data:", StringComparison.Ordinal))["data:".Length..];
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.GetProperty("result").GetProperty("tools").EnumerateArray()
            .Where(tool => !(tool.TryGetProperty("annotations", out var hints) && hints.TryGetProperty("readOnlyHint", out var reads) && reads.GetBoolean()))
            .Select(tool => tool.GetProperty("name").GetString()!)];
    }

    private static Purpose OfAuth(string path) => path switch
    {
        "/api/v1/auth/login" => Purpose.SignIn,
        _ when path.StartsWith("/api/v1/internal/personas/", StringComparison.Ordinal) => Purpose.Deliver,
        _ => Purpose.Other,
    };

    private static Exchange OfMcp(JsonElement request, IReadOnlySet<string> writes)
    {
        switch (Text(request, "method"))
        {
            case "initialize" or "server/discover":
                return new Exchange(Purpose.Connect, null);
            case "tools/list":
                return new Exchange(Purpose.ListTools, null);
            case "tools/call":
                var tool = Text(request.GetProperty("params"), "name");
                return new Exchange(tool is not null && writes.Contains(tool) ? Purpose.Write : Purpose.Read, tool);
            default:
                return new Exchange(Purpose.Other, null);
        }
    }

    private static Purpose OfModel(JsonElement request) =>
        request.ValueKind == JsonValueKind.Object && request.TryGetProperty("tool_choice", out var choice) && Text(choice, "type") == "tool" ? Purpose.Rate : Purpose.Act;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement Parse(byte[] body)
    {
        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
