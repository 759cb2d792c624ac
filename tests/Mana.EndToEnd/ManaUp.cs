using System.Text.Json;
using Mana.Testing;

namespace Mana.EndToEnd;

/// <summary>A <c>mana up</c> on free ports with a data directory of the test's; its output becomes the test's.</summary>
internal sealed class ManaUp : IAsyncDisposable
{
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(120);

    private readonly ProcessUnderTest _process;

    private ManaUp(ProcessUnderTest process, string data)
    {
        _process = process;
        Data = data;
    }

    public string Data { get; }

    public string Everything => _process.Everything;

    /// <summary>The address of the runner, from the file that other commands find it in.</summary>
    public Uri RunnerUrl
    {
        get
        {
            using var connection = JsonDocument.Parse(File.ReadAllText(Path.Combine(Data, "connection.json")));
            return new Uri(connection.RootElement.GetProperty("runnerUrl").GetString()!);
        }
    }

    public static ManaUp Start(string data, IReadOnlyDictionary<string, string> settings) =>
        new(ManaProgram.Start(settings, "up", "--data", data, "--port-auth", "0", "--port-mcp", "0", "--port-runner", "0"), data);

    /// <summary>Waits until everybody who had to tick has, and returns what the terminal says of it.</summary>
    public Task<string> FirstRoundAsync(CancellationToken cancellationToken) => LineAsync("first round: ", cancellationToken);

    public Task<string> LineAsync(string start, CancellationToken cancellationToken) =>
        LineAsync(line => line.StartsWith(start, StringComparison.Ordinal), cancellationToken);

    public Task<string> LineAsync(Func<string, bool> isWanted, CancellationToken cancellationToken) =>
        _process.LineAsync(isWanted, RoundTime, cancellationToken);

    /// <summary>Another command of the same data directory, which brings addresses and credentials.</summary>
    public Task<CommandResult> RunAsync(CancellationToken cancellationToken, params IReadOnlyList<string> arguments) =>
        ManaProgram.RunAsync(new Dictionary<string, string>(), cancellationToken, [.. arguments, "--data", Data]);

    public Task<int> StopAsync(CancellationToken cancellationToken) => _process.StopAsync("TERM", cancellationToken);

    /// <summary>Ends it as a power cut would.</summary>
    public Task<int> KillAsync(CancellationToken cancellationToken) => _process.StopAsync("KILL", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{_process.Name}\n{_process.Shown}");
    }
}
