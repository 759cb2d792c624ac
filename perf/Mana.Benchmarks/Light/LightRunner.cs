using System.Globalization;
using Mana.PersonaRunner;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Ticks;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Benchmarks.Light;

/// <summary>The real runner, its store in a temporary directory, on a platform that costs next to nothing.</summary>
internal sealed class LightRunner : IAsyncDisposable
{
    private readonly string _directory;
    private readonly WebApplication _app;

    private LightRunner(string directory, WebApplication app) => (_directory, _app) = (directory, app);

    /// <summary>What the clock does at each beat.</summary>
    public TickRounds Rounds => _app.Services.GetRequiredService<TickRounds>();

    public LightTools Tools => _app.Services.GetRequiredService<LightTools>();

    public static async Task<LightRunner> StartAsync(LightAuth auth, int concurrency, Brain? brain, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("mana-bench-").FullName;
        var settings = new Dictionary<string, string?>
        {
            ["NODE_ENV"] = "development",
            ["PORT"] = "0",
            ["LOG_LEVEL"] = "Error",
            ["MANA_DATA"] = directory,
            ["MANA_AUTH_URL"] = "http://light.invalid",
            ["MANA_MCP_URL"] = "http://light.invalid",
            ["MANA_SERVICE_KEY"] = "bench-key-of-no-value",
            ["BRAIN"] = Brain.Simulated,
            ["PERSONA_CONCURRENCY"] = concurrency.ToString(CultureInfo.InvariantCulture),
        };
        var app = RunnerHost.Create(
            new ConfigurationBuilder().AddInMemoryCollection(settings).Build(),
            clock: null,
            brain,
            time: null,
            services =>
            {
                services.AddSingleton(new HttpClient(auth));
                services.AddSingleton<LightTools>();
                services.AddSingleton<IPlatform, LightPlatform>();
            });
        var runner = new LightRunner(directory, app);
        try
        {
            await app.StartAsync(cancellationToken);
            return runner;
        }
        catch
        {
            await runner.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await using (_app)
        {
            await _app.StopAsync(CancellationToken.None);
        }

        Directory.Delete(_directory, recursive: true);
    }
}
