using System.Globalization;
using System.Security.Cryptography;
using Mana.Benchmarks.Ticks;
using Mana.Hosting.Identity;
using Mana.Hosting.Storage;

namespace Mana.Benchmarks.Due;

/// <summary>mana-auth alone, on a free loopback port and an empty database.</summary>
internal sealed class AuthProcess : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private readonly string _directory;
    private readonly BenchProcess _process;

    private AuthProcess(string directory, BenchProcess process, HttpClient client, PersonaRows rows)
    {
        _directory = directory;
        _process = process;
        Client = client;
        Rows = rows;
    }

    /// <summary>Speaks to it with its service key.</summary>
    public HttpClient Client { get; }

    public PersonaRows Rows { get; }

    public static async Task<AuthProcess> StartAsync(DueBenchOptions options, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("mana-bench-").FullName;
        var address = BenchStack.FreeAddress();
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        var settings = new Dictionary<string, string>
        {
            ["NODE_ENV"] = "development",
            ["LOG_LEVEL"] = "Warning",
            ["PORT"] = address.Port.ToString(CultureInfo.InvariantCulture),
            ["MANA_SERVICE_KEY"] = key,
            [DatabaseSettings.DirectoryKey] = directory,
        };
        if (options.DatabaseUrl is not null)
        {
            settings[DatabaseSettings.UrlKey] = options.DatabaseUrl;
        }

        var client = new HttpClient { BaseAddress = address };
        client.DefaultRequestHeaders.Add(ServiceKey.Header, key);
        var process = BenchProcess.Start("auth", options.Mana, ["serve", "auth", "--data", directory], settings);
        var auth = new AuthProcess(directory, process, client, new PersonaRows(settings));
        try
        {
            while (!await auth.IsHealthyAsync(cancellationToken))
            {
                if (process.HasEnded)
                {
                    throw new BenchException($"mana-auth ended by itself.\n{process.LastLines}");
                }

                await Task.Delay(PollInterval, TimeProvider.System, cancellationToken);
            }

            return auth;
        }
        catch
        {
            await auth.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await Client.GetAsync(new Uri("/health", UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
