using System.Text.Json;
using Mana.Testing;

namespace Mana.Tests.Brains;

/// <summary>ScriptedClaude before a client that is not ours: what the official TypeScript SDK accepts is no mirror of our own code.</summary>
public sealed class TypeScriptSdkTests
{
    [Fact]
    public async Task The_official_typescript_sdk_passes_against_ScriptedClaude()
    {
        if (NodeProject.Missing("node", "npm") is { } missing)
        {
            Assert.Skip(missing);
        }

        var cancellationToken = TestContext.Current.CancellationToken;
        var project = await NodeProject.InstalledAsync("typescript-sdk", "check.mjs", cancellationToken);
        var overloaded = 0;
        await using var claude = await ScriptedClaude.StartAsync(new ScriptedClaudeOptions
        {
            ApiKey = "test-key",
            Respond = request => LastText(request) switch
            {
                "answer 429" => ScriptedReply.RateLimited(TimeSpan.FromSeconds(7)),
                "overloaded once" when Interlocked.Increment(ref overloaded) == 1 => ScriptedReply.Overloaded(),
                ['a', 'n', 's', 'w', 'e', 'r', ' ', .. var status] => new ScriptedReply.Failure(int.Parse(status, null)),
                _ => null,
            },
        });

        var (exitCode, output) = await NodeProject.RunAsync(NodeProject.OnPath("node")!, ["check.mjs", claude.Address.ToString().TrimEnd('/')], project, cancellationToken);

        output.Should().Contain("11 checks passed");
        exitCode.Should().Be(0);
        overloaded.Should().Be(2);
    }

    private static string? LastText(JsonElement request)
    {
        var content = request.GetProperty("messages").EnumerateArray().Last().GetProperty("content");
        return content.ValueKind == JsonValueKind.String ? content.GetString() : null;
    }
}
