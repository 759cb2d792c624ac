using System.Text;
using System.Text.RegularExpressions;
using Mana.Contracts;
using Mana.EndToEnd.Stores;
using Mana.Testing;

namespace Mana.EndToEnd;

/// <summary><c>mana up</c> with a key: the model is a server of its own that is as strict as the real one.</summary>
public sealed partial class ClaudeUpTests : IDisposable
{
    private const string ApiKey = "sk-ant-end-to-end-4f1d07c2b9";
    private const string SeedSecret = "end-to-end-seed-6b1f9a33";

    private readonly TemporaryDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Claude_speaks_for_everybody_usage_is_recorded_and_no_secret_gets_out()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var (claude, address) = await ManaProgram.StartScriptedClaudeAsync(cancellationToken);
        await using var scripted = claude;
        var settings = new Dictionary<string, string>
        {
            ["ANTHROPIC_API_KEY"] = ApiKey,
            ["ANTHROPIC_BASE_URL"] = address.AbsoluteUri,
            ["PERSONA_SEED_SECRET"] = SeedSecret,
            // Prompts and arguments are allowed to show at this level; secrets are not at any.
            ["LOG_LEVEL"] = "Trace",
        };

        string log;
        await using (var up = ManaUp.Start(_data.Path, settings))
        {
            (await up.FirstRoundAsync(cancellationToken)).Should().Contain("10 of 10 personas");
            (await up.StopAsync(cancellationToken)).Should().Be(0);
            log = up.Everything;
        }

        (await claude.StopAsync("TERM", cancellationToken)).Should().Be(0);
        var rows = await StoreRows.ReadSqliteAsync(_data.Path, cancellationToken);
        rows.ShouldAgreeOnOneTickOfEverybody("claude");

        // A request that breaks a rule of the API, an unanswered tool_use for instance, is answered 400 and not counted.
        rows.ModelCalls.Should().OnlyContain(call => call.InputTokens > 0 && call.OutputTokens > 0);
        claude.Output.Should().Contain($"{rows.ModelCalls.Count} requests,");
        ShouldHoldNoSecret("the output", log);
        foreach (var file in Directory.EnumerateFiles(_data.Path))
        {
            ShouldHoldNoSecret(file, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, cancellationToken)));
        }
    }

    private void ShouldHoldNoSecret(string where, string text)
    {
        var secrets = Directory.EnumerateFiles(Path.Combine(_data.Path, "secrets"))
            .Where(file => Path.GetFileName(file) != "admin-email")
            .Select(File.ReadAllText)
            .Concat(Emails().Select(email => PersonaPassword.Derive(email, SeedSecret)))
            .Append(ApiKey)
            .ToList();
        secrets.Should().HaveCountGreaterThan(14).And.Contain(SeedSecret);
        secrets.Where(secret => text.Contains(secret, StringComparison.Ordinal)).Should().BeEmpty("{0} holds no secret", where);
        Jwt().Matches(text).Select(match => match.Value).Should().BeEmpty("{0} holds no token", where);
    }

    private static IEnumerable<string> Emails() =>
        ((string[])["anna", "ben", "marcus", "lena", "sofia", "tom", "kai", "julia", "paul", "maya"]).Select(name => $"persona.{name}@mana.test");

    [GeneratedRegex(@"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}")]
    private static partial Regex Jwt();
}
