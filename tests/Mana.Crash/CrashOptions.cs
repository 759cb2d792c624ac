using System.Globalization;

namespace Mana.Crash;

/// <summary>What a run does.</summary>
internal sealed record CrashOptions
{
    public const string Usage = """
        Kills the runner again and again while personas work, lets everything drain, and compares what the runner, mana-mcp
        and mana-auth have stored.

          --crash N          kills (default: 20)
          --postgres         two runners on a PostgreSQL of our own, killed in turn by chance; the take-over is measured
          --freeze N         with --postgres: also stop a runner for 60 s and let it go on, N times
          --no-idempotency   mana-mcp ignores idempotency keys: the run must see writes that happened twice
          --seed S           the same plan of kills again (default: by chance)
          --limits S         kill nobody: two runners on PostgreSQL play for S seconds under a limit of 50 requests a minute
                             and 5 at once, and what reaches the model is counted

        A third of the kills is aimed at the moment between the arrival of a write at mana-mcp, or of a delivery at mana-auth,
        and its answer; up to a third at phases of a tick that were not hit yet; the others fall at random.

        The last line is "N kills: N lost, N doubled, N in doubt". Exit codes: 0 as it must be; 1 something was lost or doubled,
        the kills did not fall where they had to, or a limit was not kept; 2 wrong arguments.
        """;

    public int Kills { get; init; } = 20;

    public bool OnPostgres { get; init; }

    public int Freezes { get; init; }

    /// <summary>Whether mana-mcp honours keys.</summary>
    public bool HonoursKeys { get; init; } = true;

    public int Seed { get; init; } = Random.Shared.Next();

    /// <summary>Seconds to play under limits instead of killing; null to kill.</summary>
    public int? LimitSeconds { get; init; }

    /// <exception cref="ArgumentException">An argument is wrong; the message says which.</exception>
    public static CrashOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new CrashOptions();
        for (var i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--crash" => options with { Kills = Number(arguments, ref i, 10_000) },
                "--postgres" => options with { OnPostgres = true },
                "--freeze" => options with { Freezes = Number(arguments, ref i, 100) },
                "--no-idempotency" => options with { HonoursKeys = false },
                "--limits" => options with { LimitSeconds = Number(arguments, ref i, 3600), OnPostgres = true },
                "--seed" => options with { Seed = Number(arguments, ref i, int.MaxValue) },
                var other => throw new ArgumentException($"unknown argument {other}"),
            };
        }

        if (options.LimitSeconds < 90)
        {
            throw new ArgumentException("--limits needs at least 90 seconds: the first minute says little");
        }

        return options.Freezes > 0 && !options.OnPostgres
            ? throw new ArgumentException("--freeze needs a second runner to take over: add --postgres")
            : options;
    }

    private static int Number(IReadOnlyList<string> arguments, ref int i, int highest)
    {
        var name = arguments[i];
        return ++i < arguments.Count && int.TryParse(arguments[i], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= highest
            ? number
            : throw new ArgumentException($"{name} needs a whole number up to {highest}");
    }
}
