using System.Globalization;
using Mana.Contracts;
using Mana.Crash.Stores;

namespace Mana.Crash;

/// <summary>What a run did and found.</summary>
internal sealed class CrashReport(CrashOptions options)
{
    /// <summary>A smaller run need not hit them all.</summary>
    private const int KillsForAllPhases = 20;

    private const int ShownFindings = 20;
    private static readonly TimeSpan LongestTakeOver = TimeSpan.FromSeconds(10);

    private static readonly string[] AllPhases =
        [TickPhases.SignIn, TickPhases.Connect, TickPhases.Act, TickPhases.Rate, TickPhases.Remember, TickPhases.Deliver];

    public List<Kill> Kills { get; } = [];

    /// <summary>How long after a kill a survivor had taken the last tick of the killed runner.</summary>
    public List<TimeSpan> TakeOvers { get; } = [];

    /// <summary>The same after a runner was frozen.</summary>
    public List<TimeSpan> FrozenTakeOvers { get; } = [];

    /// <summary>What else went wrong.</summary>
    public List<string> Faults { get; } = [];

    public Findings Findings { get; set; } = new();

    public int Ticks { get; set; }

    public IReadOnlyCollection<string> PhasesHit => Kills.SelectMany(kill => kill.Phases).ToHashSet(StringComparer.Ordinal);

    public bool IsAsItMustBe => !Shortcomings().Any();

    /// <summary>The line that a run ends with.</summary>
    public string Verdict => string.Create(
        CultureInfo.InvariantCulture, $"{Kills.Count} kills: {Findings.Lost.Count} lost, {Findings.Doubled.Count} doubled, {Findings.InDoubt.Count} in doubt");

    public void Write(TextWriter output)
    {
        foreach (var (what, findings) in new[] { ("lost", Findings.Lost), ("doubled", Findings.Doubled), ("in doubt", Findings.InDoubt) })
        {
            foreach (var finding in findings.Take(ShownFindings))
            {
                output.WriteLine($"{what}: {finding}");
            }

            if (findings.Count > ShownFindings)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: … and {findings.Count - ShownFindings} more"));
            }
        }

        output.WriteLine();
        output.WriteLine("what was cut short, by phase");
        foreach (var phase in AllPhases)
        {
            Row(phase, Kills.Sum(kill => kill.Phases.Count(hit => hit == phase)), Kills.Count(kill => kill.Phases.Contains(phase)));
        }

        output.WriteLine("kills");
        Row("inside a tick", Kills.Count(kill => kill.IsInsideATick), null);
        Row("a write under way", Kills.Count(kill => kill.WritesUnderWay > 0), null);
        Row("a delivery under way", Kills.Count(kill => kill.DeliveriesUnderWay > 0), null);
        TakeOver("take-over after a kill", TakeOvers);
        TakeOver("take-over after a freeze", FrozenTakeOvers);
        output.WriteLine();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{Ticks} ticks; {Findings.SentAgain} calls were sent again, {Findings.AskedAgain} model turns asked again"));
        foreach (var shortcoming in Shortcomings())
        {
            output.WriteLine($"not as it must be: {shortcoming}");
        }

        output.WriteLine(Verdict);

        void Row(string name, int count, int? kills) =>
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-26}{count,5}{(kills is { } number ? $"  in {number} kills" : $" of {Kills.Count}")}"));

        void TakeOver(string name, List<TimeSpan> times)
        {
            if (times.Count > 0)
            {
                var sorted = times.Order().ToList();
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"  {name,-26}p50 {sorted[(sorted.Count - 1) / 2].TotalSeconds:0.0} s, max {sorted[^1].TotalSeconds:0.0} s"));
            }
        }
    }

    private IEnumerable<string> Shortcomings()
    {
        foreach (var fault in Faults)
        {
            yield return fault;
        }

        if (options.HonoursKeys && Findings.Lost.Count + Findings.Doubled.Count > 0)
        {
            yield return "something was lost or doubled";
        }

        if (!options.HonoursKeys && Findings.Doubled.Count == 0)
        {
            yield return "without idempotency something must be doubled, and nothing was";
        }

        if (Kills.Count(kill => kill.IsInsideATick) < 0.8 * Kills.Count)
        {
            yield return "less than 80 % of the kills fell inside a tick";
        }

        if (Kills.Count > 0 && Kills.All(kill => kill.WritesUnderWay == 0))
        {
            yield return "no kill fell between the arrival of a write and its answer";
        }

        if (Kills.Count >= KillsForAllPhases && AllPhases.Except(PhasesHit).ToList() is { Count: > 0 } missing)
        {
            yield return $"no kill fell into {string.Join(", ", missing)}";
        }

        if (TakeOvers.Count > 0 && TakeOvers.Max() >= LongestTakeOver)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"a take-over took {LongestTakeOver.TotalSeconds} s or more");
        }
    }
}
