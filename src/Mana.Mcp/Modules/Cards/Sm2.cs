namespace Mana.Mcp.Modules.Cards;

/// <summary>
/// SM-2, the algorithm of SuperMemo 2 (P. A. Woźniak, "Optimization of repetition spacing in the practice of learning",
/// 1990; https://super-memory.com/english/ol/sm2.htm). Its six grades of recall are four here: again is 1, hard is 3,
/// good is 4 and easy is 5. Like there, what was not known starts over with its ease untouched, and is asked
/// again on the same day until it is known.
/// </summary>
internal static class Sm2
{
    public const string Again = "again";
    public const string Hard = "hard";
    public const string Good = "good";
    public const string Easy = "easy";

    private const decimal LowestEase = 1.3m;

    // Beyond ten years a date says nothing.
    private const int LongestInterval = 3650;

    public static readonly Memory Fresh = new(0, 2.5m, 0, 0);

    public static Memory After(Memory memory, string grade)
    {
        if (grade == Again)
        {
            return memory with { Repetitions = 0, IntervalDays = 0, Lapses = memory.Lapses + (memory.Repetitions > 0 ? 1 : 0) };
        }

        var interval = memory.Repetitions switch
        {
            0 => 1,
            1 => 6,
            _ => (int)Math.Min(LongestInterval, Math.Ceiling(memory.IntervalDays * memory.Ease)),
        };
        var missing = 5 - Quality(grade);
        var ease = Math.Max(LowestEase, memory.Ease + (0.1m - (missing * (0.08m + (missing * 0.02m)))));
        return memory with { Repetitions = memory.Repetitions + 1, Ease = ease, IntervalDays = interval };
    }

    /// <summary>1 for what stays by itself, 5 for the lowest ease.</summary>
    public static int Difficulty(Memory memory) =>
        Math.Clamp((int)decimal.Round(5 - ((memory.Ease - LowestEase) / 0.4m), MidpointRounding.AwayFromZero), 1, 5);

    private static int Quality(string grade) => grade switch
    {
        Hard => 3,
        Good => 4,
        _ => 5,
    };
}
