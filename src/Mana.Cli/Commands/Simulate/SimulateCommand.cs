using System.CommandLine;
using System.Globalization;
using Mana.Cli.Connection;
using Mana.Cli.Output;
using Mana.Hosting.Storage;
using Spectre.Console;

namespace Mana.Cli.Commands.Simulate;

/// <summary><c>mana simulate</c></summary>
internal static class SimulateCommand
{
    private const int MaxDays = 3660;
    private const int MaxPersonas = 100_000;
    private const int DefaultPersonas = 10;
    private const int DefaultDays = 30;

    private static readonly Option<int> Days = CountOption.Between("--days", DefaultDays, 1, MaxDays, "Days to play");
    private static readonly Option<int> Personas = CountOption.Between("--personas", DefaultPersonas, 1, MaxPersonas, "Personas; beyond those of the catalog, variants of them with other cadences and time zones");
    private static readonly Option<string?> Start = new("--start") { Description = "First day, from midnight UTC (default: so many days ago that the play ends today)", HelpName = "YYYY-MM-DD" };
    private static readonly Option<int> Seed = new("--seed") { Description = "Another number, another play; the same number, the same one", HelpName = "N", DefaultValueFactory = _ => 1 };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var catalogOptions = new CatalogOptions();
        var command = new Verb(
            "simulate",
            "Play days in seconds: the three services in this process on a clock of their own, with the simulated brain. Keeps nothing, unless --data names an empty directory.",
            "mana simulate",
            "mana simulate --days 30 --personas 50 --data /tmp/demo && mana up --data /tmp/demo",
            "mana simulate --days 7 --personas 200 --start 2026-11-01 --seed 7 --json");
        foreach (var option in new Option[] { Days, Personas, Start, Seed })
        {
            command.Add(option);
        }

        catalogOptions.AddTo(command);
        return command.Runs(globals, environment, (context, cancellationToken) => RunAsync(context, catalogOptions, cancellationToken));
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CatalogOptions catalogOptions, CancellationToken cancellationToken)
    {
        var start = StartOf(context);
        var personas = PersonaVariants.Of(catalogOptions.Load(context), context.Get(Personas), context.Get(Seed));
        Mana.Cli.Connection.Connection.RefuseEmptySeedSecret(context.Environment);

        // MANA_DATA is where real days are kept: only who says --data here means this.
        var isKept = context.Data is not null;
        var directory = context.Data is { } data ? Empty(data) : Directory.CreateTempSubdirectory("mana-simulate-").FullName;
        try
        {
            var files = new DataFiles(directory);
            using var held = files.TryLock() ?? throw new CliException(ExitCode.Failed, $"{directory} is in use by another mana; choose another directory with --data");
            var plan = new SimulationPlan(start, context.Get(Days), personas, context.Get(Seed), isKept ? directory : null);
            var report = await PlayAsync(context, files, plan, cancellationToken);
            if (context.Json)
            {
                context.WriteJson(report, json => json.SimulationReport);
            }
            else
            {
                SimulationText.Print(context, report);
            }

            return report.IsSound ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (OperationCanceledException) when (isKept && cancellationToken.IsCancellationRequested)
        {
            context.Warn($"what was played is kept in {directory}");
            throw;
        }
        finally
        {
            if (!isKept)
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    private static async Task<SimulationReport> PlayAsync(CommandContext context, DataFiles files, SimulationPlan plan, CancellationToken cancellationToken)
    {
        context.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"[bold]{plan.Personas.Personas.Count} personas, {plan.Days} days[/] from {plan.Start:yyyy-MM-dd}  seed {plan.Seed}  {(plan.Data is { } data ? "into " + Markup.Escape(data) : "kept nowhere")}"));
        if (context.Console.Profile.Capabilities.Interactive && !context.Json)
        {
            return await context.Console.Status().StartAsync("starting the services and seeding", async status =>
                await RunAsync(text => status.Status(text)));
        }

        // Elsewhere a tenth of the days a line.
        var told = -1L;
        return await RunAsync(text => context.Warn(text), moment =>
        {
            var tenth = (moment - plan.Start) / (plan.End - plan.Start) * 10;
            return (long)tenth > told && (told = (long)tenth) >= 0;
        });

        async Task<SimulationReport> RunAsync(Action<string> tell, Func<DateTimeOffset, bool>? isTold = null)
        {
            await using var stack = new SimulatedStack(context.Environment, files, plan.Start, plan.Seed, isKept: plan.Data is not null);
            await stack.StartPlatformAsync(cancellationToken);
            var simulation = new Simulation(stack, plan, context.Environment.Time);
            return await simulation.RunAsync(
                (moment, visits) =>
                {
                    if (isTold?.Invoke(moment) != false)
                    {
                        tell(simulation.Describe(moment, visits));
                    }
                },
                cancellationToken);
        }
    }

    private static DateTimeOffset StartOf(CommandContext context)
    {
        if (context.Get(Start) is not { } text)
        {
            return new DateTimeOffset(context.Environment.Time.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero) - TimeSpan.FromDays(context.Get(Days));
        }

        return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is >= 2000 and <= 2200
            ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)
            : throw new CliException(ExitCode.Usage, $"--start must be a day such as 2026-11-01, from 2000 to 2200, not \"{text}\"");
    }

    /// <summary>Days that were played do not go with days that were lived: the personas' next visits would lie behind them.</summary>
    private static string Empty(string directory)
    {
        var full = Path.GetFullPath(directory);
        if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()))
        {
            throw new CliException(ExitCode.Usage, $"{full} is not empty; name a directory that is empty or not there yet");
        }

        DataDirectory.Ensure(full);
        return full;
    }
}
