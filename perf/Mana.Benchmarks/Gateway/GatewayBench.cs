using System.Globalization;
using Mana.Benchmarks.Ticks;

namespace Mana.Benchmarks.Gateway;

/// <summary>
/// How fast mana-mcp answers, with the policy gate off and on; what ten thousand clients cost it in memory; and how long
/// a search over very many records takes: the real service in a process of its own, called over HTTP as clients call.
/// </summary>
public static class GatewayBench
{
    private const string SearchTool = "search.everything";
    private const string List = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"todo.list","arguments":{"limit":20}}}""";
    private const string ListTools = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";
    private const int UsersAtMost = 1000;
    private const int WarmUp = 300;

    /// <summary>Runs the benchmark.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="progress">Told each step in one line.</param>
    /// <param name="cancellationToken">Stops it and its process.</param>
    /// <exception cref="BenchException">It could not be run to its end.</exception>
    public static async Task<GatewayBenchResult> RunAsync(GatewayBenchOptions options, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("mana-bench-").FullName;
        try
        {
            await using var auth = await GatewayAuth.StartAsync(cancellationToken);
            var run = new Run(options, directory, auth, progress);
            return await run.MeasureAsync(cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new BenchException($"mana-mcp did not answer: {exception.Message}");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private sealed class Run(GatewayBenchOptions options, string directory, GatewayAuth auth, IProgress<string> progress)
    {
        private readonly string[] _tokens = [.. Enumerable.Range(0, UsersAtMost).Select(i => auth.Token(User(i)))];
        private readonly List<GatewayFigures> _figures = [];

        public async Task<GatewayBenchResult> MeasureAsync(CancellationToken cancellationToken)
        {
            var rows = new SearchRows(options, directory);
            var memory = new GatewayMemory(0, 0);
            var hasSearch = false;
            foreach (var policy in (string[])["off", "enforce"])
            {
                await using var gateway = await GatewayProcess.StartAsync(options, directory, auth, policy, cancellationToken);
                hasSearch = (await gateway.SendAsync(_tokens[0], User(0), ListTools, cancellationToken)).Contains($"\"{SearchTool}\"", StringComparison.Ordinal);
                foreach (var clients in options.Concurrency)
                {
                    await CallsAsync(gateway, policy, "todo.create", clients, Create, cancellationToken);
                    await CallsAsync(gateway, policy, "todo.list", clients, _ => List, cancellationToken);
                }

                if (policy == "enforce")
                {
                    memory = await MemoryAsync(gateway, cancellationToken);
                }
            }

            if (hasSearch)
            {
                progress.Report($"writing {options.Records} records");
                await rows.FillAsync(options.Records, TimeProvider.System.GetUtcNow(), cancellationToken);
                await SearchAsync(rows, cancellationToken);
            }

            return new GatewayBenchResult(
                rows.Kind.ToString(), Environment.ProcessorCount, _figures, options.Clients, memory, hasSearch ? options.Records : 0);
        }

        private Task CallsAsync(
            GatewayProcess gateway, string policy, string name, int clients, Func<int, string> body, CancellationToken cancellationToken) =>
            MeasureAsync(
                policy, name, clients,
                (client, number) => gateway.SendAsync(_tokens[client % UsersAtMost], User(client % UsersAtMost), body(number), cancellationToken),
                cancellationToken);

        // Each client is one caller that waits for its answer before it calls again.
        private async Task MeasureAsync(string policy, string name, int clients, Func<int, int, Task> call, CancellationToken cancellationToken)
        {
            progress.Report($"{name}, {clients} clients, policy {policy}");
            await Parallel.ForAsync(0, Math.Max(clients, WarmUp), new ParallelOptions { MaxDegreeOfParallelism = clients, CancellationToken = cancellationToken }, async (i, _) => await call(i % clients, i));
            var each = Math.Max(1, options.Calls / clients);
            var began = TimeProvider.System.GetTimestamp();
            var times = await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(
                async () =>
                {
                    var own = new double[each];
                    for (var i = 0; i < each; i++)
                    {
                        var started = TimeProvider.System.GetTimestamp();
                        await call(client, i);
                        own[i] = TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
                    }

                    return own;
                },
                cancellationToken)));
            var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
            var all = times.SelectMany(own => own).Order().ToList();
            _figures.Add(new GatewayFigures(
                policy, name, clients, all.Count, all.Count / seconds, TickBench.Percentile(all, 0.50), TickBench.Percentile(all, 0.99)));
        }

        // Each with a connection that stays open, and a user and space of its own.
        private async Task<GatewayMemory> MemoryAsync(GatewayProcess gateway, CancellationToken cancellationToken)
        {
            progress.Report($"{options.Clients} clients at a time");
            var before = gateway.ResidentMb;
            var connections = new HttpMessageInvoker[options.Clients];
            try
            {
                await Parallel.ForAsync(0, options.Clients, new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = cancellationToken }, async (i, ct) =>
                {
                    connections[i] = new HttpMessageInvoker(new SocketsHttpHandler { UseCookies = false, PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan });
                    var user = string.Create(CultureInfo.InvariantCulture, $"guest{i}");
                    await gateway.SendAsync(connections[i], auth.Token(user), user, List, ct);
                });
                return new GatewayMemory(before, gateway.ResidentMb);
            }
            finally
            {
                foreach (var connection in connections)
                {
                    connection?.Dispose();
                }
            }
        }

        private async Task SearchAsync(SearchRows rows, CancellationToken cancellationToken)
        {
            var spaces = Math.Max(1, options.Records / SearchRows.PerSpace);
            var tokens = Enumerable.Range(0, spaces).Select(i => auth.Token(SearchRows.Space(i))).ToArray();
            foreach (var policy in (string[])["off", "enforce"])
            {
                await using var gateway = await GatewayProcess.StartAsync(options, directory, auth, policy, cancellationToken);
                await rows.IndexedAsync(progress, cancellationToken);
                foreach (var clients in options.Concurrency)
                {
                    await MeasureAsync(
                        policy, "search.everything, two words", clients,
                        (client, number) => gateway.SendAsync(tokens[client % spaces], SearchRows.Space(client % spaces), Search(number), cancellationToken),
                        cancellationToken);
                }
            }
        }

        private static string User(int number) => string.Create(CultureInfo.InvariantCulture, $"user{number}");

        private static string Create(int number) => Call("todo.create", string.Create(CultureInfo.InvariantCulture, $$"""{"title":"Aufgabe {{number}}","priority":"medium"}"""));

        private static string Search(int number) => Call(SearchTool, string.Create(CultureInfo.InvariantCulture, $$"""{"query":"lager {{number % 997}}"}"""));

        private static string Call(string tool, string arguments) =>
            """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"TOOL","arguments":ARGUMENTS}}"""
                .Replace("TOOL", tool, StringComparison.Ordinal)
                .Replace("ARGUMENTS", arguments, StringComparison.Ordinal);
    }
}
