using System.Diagnostics.CodeAnalysis;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>
/// The only source of chance here. SplitMix64 rather than <see cref="Random"/>: a recorded seed must give the same
/// tick on every version of the runtime.
/// </summary>
internal sealed class Dice
{
    private ulong _state;

    private Dice(ulong state) => _state = state;

    /// <summary>Dice for one purpose of one turn, so that a further throw in one place does not change the others.</summary>
    public static Dice For(int seed, string purpose, int turn = 0)
    {
        var state = 14695981039346656037UL;
        foreach (var character in purpose)
        {
            state = (state ^ character) * 1099511628211UL;
        }

        var dice = new Dice(state ^ ((ulong)(uint)seed << 20) ^ (uint)turn);
        dice.Next();
        return dice;
    }

    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>, both included.</summary>
    public long Between(long min, long max) => min + (long)(Next() % ((ulong)(max - min) + 1));

    /// <summary>A number from 0 up to but not including 1.</summary>
    public double Share() => (Next() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double probability) => Share() < probability;

    public T Pick<T>(IReadOnlyList<T> items) => items[(int)Between(0, items.Count - 1)];

    /// <summary>Picks by weight; false when no item has any.</summary>
    public bool TryPick<T>(IReadOnlyList<T> items, Func<T, double> weight, [MaybeNullWhen(false)] out T picked)
    {
        var total = items.Sum(item => Math.Max(0, weight(item)));
        var rest = Share() * total;
        picked = default;
        var found = false;
        foreach (var item in items)
        {
            if (weight(item) is var own and > 0)
            {
                picked = item;
                found = true;
                rest -= own;
                if (rest < 0)
                {
                    break;
                }
            }
        }

        return found;
    }

    private ulong Next()
    {
        _state += 0x9E3779B97F4A7C15UL;
        var mixed = _state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
        return mixed ^ (mixed >> 31);
    }
}
