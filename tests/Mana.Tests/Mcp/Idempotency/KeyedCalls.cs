using System.Text.Json.Nodes;
using Mana.Contracts;
using Mana.Testing;

namespace Mana.Tests.Mcp.Idempotency;

/// <summary>Calls with an idempotency key as raw requests: the answer is what was on the wire.</summary>
internal static class KeyedCalls
{
    /// <summary>A <c>tools/call</c>; the key is any JSON.</summary>
    public static string Body(string tool, string arguments, JsonNode? key) => new JsonObject
    {
        ["jsonrpc"] = "2.0",
        ["id"] = 1,
        ["method"] = "tools/call",
        ["params"] = new JsonObject
        {
            ["name"] = tool,
            ["arguments"] = JsonNode.Parse(arguments),
            ["_meta"] = new JsonObject { [McpWire.IdempotencyKey] = key },
        },
    }.ToJsonString();

    public static Task<string> KeyedAsync(
        this McpUnderTest mcp, string key, string tool, string arguments, string user = McpUnderTest.Anna, string space = McpUnderTest.Space) =>
        mcp.KeyedAsync(mcp.Host, key, tool, arguments, TestContext.Current.CancellationToken, user, space);

    public static async Task<string> KeyedAsync(
        this McpUnderTest mcp,
        HostUnderTest host,
        string key,
        string tool,
        string arguments,
        CancellationToken cancellationToken,
        string user = McpUnderTest.Anna,
        string space = McpUnderTest.Space)
    {
        mcp.Auth.Join(user, space);
        using var response = await mcp.PostAsync(
            host,
            Body(tool, arguments, key),
            request =>
            {
                request.Headers.Authorization = new("Bearer", mcp.Token(user));
                request.Headers.Remove("X-Mana-Space");
                request.Headers.Add("X-Mana-Space", space);
            },
            cancellationToken);
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    /// <summary>The JSON-RPC message of a body, which is an event or the message itself.</summary>
    public static JsonNode Message(string body)
    {
        var data = body.Split('\n').SingleOrDefault(line => line.StartsWith("data:", StringComparison.Ordinal));
        return JsonNode.Parse(data?["data:".Length..] ?? body)!;
    }

    /// <summary>The text of the result, with or without isError.</summary>
    public static string Text(string body) => (string)Message(body)["result"]!["content"]![0]!["text"]!;

    public static bool IsError(string body) => Message(body)["result"]!["isError"] is { } isError && (bool)isError;
}
