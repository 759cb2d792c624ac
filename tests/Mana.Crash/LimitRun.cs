using System.Collections.Concurrent;
using System.Globalization;
using Mana.Crash.Proxy;
using Mana.Testing;

namespace Mana.Crash;

/// <summary>Two runners play under limits that they share; the requests are counted where they reach the model.</summary>
internal static class LimitRun
{
    private const int AtOnce = 5;
    private const int PerMinute = 50;

    // Of 50 a minute: one more is what a request that was granted in time and arrived late can make.
    private const double Tolerance = 0.02;

    // Below this the personas had too little to say, and the run proves nothing.
    private const double Used = 0.9;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan OrderInterval = TimeSpan.FromSeconds(1);

    /// <returns>Whether the limits were reached and kept.</returns>
    public static async Task<bool> RunAsync(CrashOptions options, TimeSpan duration, TextWriter output, CancellationToken cancellationToken)
    {
        using var directory = new TemporaryDirectory();
        await using var services = await CrashServices.StartAsync(options, directory.Path, null, cancellationToken);
        var settings = new Dictionary<string, string>(services.Common)
        {
            ["BRAIN"] = "claude",
            ["ANTHROPIC_API_KEY"] = "limit-key-of-no-value",
            ["PERSONA_CONCURRENCY"] = "10",
            ["LLM_REQUESTS_PER_MINUTE"] = PerMinute.ToString(CultureInfo.InvariantCulture),
            ["LLM_MAX_CONCURRENCY"] = AtOnce.ToString(CultureInfo.InvariantCulture),
        };
        await using var first = await RunnerNode.CreateAsync("A", services, settings);
        await using var second = await RunnerNode.CreateAsync("B", services, settings);
        var nodes = new[] { first, second };
        var arrivals = nodes.ToDictionary(node => node, _ => new ConcurrentQueue<TimeSpan>());
        var began = TimeProvider.System.GetTimestamp();
        foreach (var node in nodes)
        {
            node.Traffic.Observer = exchange =>
            {
                if (exchange.Purpose is Purpose.Act or Purpose.Rate)
                {
                    arrivals[node].Enqueue(TimeProvider.System.GetElapsedTime(began));
                }
            };
        }

        await Task.WhenAll(nodes.Select(node => node.StartAsync(cancellationToken)));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"two runners play for {duration.TotalSeconds} s: at most {PerMinute} requests a minute and {AtOnce} at once"));
        var playing = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(playing) < duration)
        {
            foreach (var node in nodes)
            {
                await node.OrderTicksAsync(cancellationToken);
            }

            await Task.Delay(OrderInterval, TimeProvider.System, cancellationToken);
        }

        var all = arrivals.Values.SelectMany(own => own).Order().ToList();
        var most = MostWithin(all, Minute);
        foreach (var node in nodes)
        {
            output.WriteLine($"runner {node.Name}: {arrivals[node].Count} requests");
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{all.Count} requests: at most {most} within 60 s (limit {PerMinute}), at most {services.MostAtOnce} at once (limit {AtOnce})"));
        return arrivals.Values.All(own => !own.IsEmpty)
            && most >= PerMinute * Used && most <= PerMinute * (1 + Tolerance)
            && services.MostAtOnce <= AtOnce;
    }

    /// <summary>The most moments that any stretch of this length holds.</summary>
    /// <param name="moments">In order.</param>
    /// <param name="length">Of the stretch; its end does not belong to it.</param>
    internal static int MostWithin(IReadOnlyList<TimeSpan> moments, TimeSpan length)
    {
        var (most, from) = (0, 0);
        for (var to = 0; to < moments.Count; to++)
        {
            while (moments[to] - moments[from] >= length)
            {
                from++;
            }

            most = Math.Max(most, to - from + 1);
        }

        return most;
    }
}
