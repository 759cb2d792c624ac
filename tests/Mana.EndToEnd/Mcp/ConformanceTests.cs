using System.Text.RegularExpressions;
using Mana.Testing;
using Mana.Tests.Mcp;

namespace Mana.EndToEnd.Mcp;

/// <summary>The official conformance suite against the gateway, held against what docs/conformance.md says of each scenario.</summary>
public sealed partial class ConformanceTests
{
    [Fact]
    public async Task Every_scenario_passes_that_applies_and_the_others_are_listed_with_their_reason()
    {
        if (ConformanceSuite.Missing() is { } missing)
        {
            Assert.Skip(missing);
        }

        var cancellationToken = TestContext.Current.CancellationToken;
        await using var mcp = await McpUnderTest.StartAsync();
        using var directory = new TemporaryDirectory();
        var socket = Path.Combine(directory.Path, "mcp.sock");
        string output;
        await using (new SocketRelay(socket, mcp.Host.Address))
        {
            output = await ConformanceSuite.RunAsync(socket, mcp.Token(), McpUnderTest.Space, cancellationToken);
        }

        var actual = Results(output);
        var documented = Documented(await File.ReadAllTextAsync(Path.Combine(NodeProject.Repository, "docs", "conformance.md"), cancellationToken));

        actual.Should().NotBeEmpty(because: output);
        string.Join('\n', actual.Select(one => $"{one.Key} {one.Value}")).Should().Be(
            string.Join('\n', documented.Select(one => $"{one.Key} {one.Value}")), because: "docs/conformance.md says so; the suite said:\n" + output);
    }

    private static SortedDictionary<string, string> Results(string output) => new(
        Result().Matches(Colors().Replace(output, "")).ToDictionary(
            match => match.Groups["name"].Value,
            match => match.Groups["failed"].Value == "0" && match.Groups["passed"].Value != "0" ? "passes" : "does not apply"),
        StringComparer.Ordinal);

    private static SortedDictionary<string, string> Documented(string document) => new(
        Row().Matches(document).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["state"].Value),
        StringComparer.Ordinal);

    [GeneratedRegex(@"^[✓✗] (?<name>[a-z0-9-]+): (?<passed>\d+) passed, (?<failed>\d+) failed", RegexOptions.Multiline)]
    private static partial Regex Result();

    // A scenario that does not apply has a reason of more than a word.
    [GeneratedRegex(@"^\| `(?<name>[a-z0-9-]+)` \| (?<state>passes|does not apply) \| .{10,} \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex Colors();
}
