using Mana.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Mana.Testing;

/// <summary>
/// A service host on a free loopback port with a data directory of its own, started and stopped by the test.
/// </summary>
public sealed class HostUnderTest : IAsyncDisposable
{
    /// <summary>The environment variable that gives hosts under test a log, for instance <c>MANA_TEST_LOG=Debug</c>.</summary>
    public const string LogLevelVariable = "MANA_TEST_LOG";

    // Hundreds of hosts that are provoked on purpose would bury the one failure in a log that somebody cuts.
    private static readonly string LogLevel = Environment.GetEnvironmentVariable(LogLevelVariable) is { Length: > 0 } level ? level : "None";

    private readonly WebApplication _app;

    private HostUnderTest(WebApplication app)
    {
        _app = app;
        Client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = app.Address() };
    }

    /// <summary>A client without cookies and redirects: what the test sends is what arrives.</summary>
    public HttpClient Client { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address => Client.BaseAddress!;

    /// <summary>The services of the host.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Starts a host.</summary>
    /// <param name="create">For instance <c>AuthHost.Create</c>.</param>
    /// <param name="settings">Added to <c>PORT=0</c>, <c>NODE_ENV=development</c> and a log that says nothing (see <see cref="LogLevelVariable"/>).</param>
    /// <param name="clock">The domain clock.</param>
    public static async Task<HostUnderTest> StartAsync(
        Func<IConfiguration, TimeProvider?, WebApplication> create,
        IReadOnlyDictionary<string, string?> settings,
        TimeProvider? clock = null)
    {
        var app = create(Configuration(settings), clock);
        try
        {
            await app.StartAsync();
            return new HostUnderTest(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>A configuration like the one that <see cref="StartAsync"/> hands out.</summary>
    public static IConfiguration Configuration(IReadOnlyDictionary<string, string?> settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["PORT"] = "0",
                ["NODE_ENV"] = "development",
                ["LOG_LEVEL"] = LogLevel,
            })
            .AddInMemoryCollection(settings)
            .Build();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>A directory that is gone after the test.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Its path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("mana-test-").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
