namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>How an archetype behaves: numbers only, so that two archetypes can be compared at a glance.</summary>
/// <param name="MinCalls">The fewest tool calls it wants in a tick.</param>
/// <param name="MaxCalls">The most.</param>
/// <param name="Diligence">How likely it fills in a field that it could leave out.</param>
/// <param name="Patience">After how many errors in a row it leaves a module alone.</param>
/// <param name="BaseRating">What it gives a module that simply worked.</param>
/// <param name="ErrorHarshness">How much an error weighs.</param>
/// <param name="WasteHarshness">How much a wasted call (nothing found, a repetition) or waiting weighs.</param>
/// <param name="Haste">How likely a word has a typing mistake.</param>
internal sealed record Temperament(
    int MinCalls,
    int MaxCalls,
    double Diligence,
    int Patience,
    double BaseRating,
    double ErrorHarshness,
    double WasteHarshness,
    double Haste)
{
    private static readonly Temperament Ordinary = new(3, 7, 0.4, 2, 4.0, 1.0, 1.0, 0);

    public static Temperament Of(string archetype) => archetype switch
    {
        "adhd-student" => new(3, 7, 0.3, 2, 4.0, 1.1, 1.2, 0.02),
        "ceo-busy" => new(3, 6, 0.45, 2, 3.9, 1.0, 2.0, 0),
        "creative-parent" => new(3, 7, 0.4, 3, 4.3, 0.9, 0.8, 0),
        "solo-dev" => new(4, 8, 0.65, 3, 3.8, 0.8, 1.0, 0),
        "researcher" => new(4, 8, 0.6, 3, 3.9, 0.9, 1.0, 0),
        "freelancer" => new(3, 4, 0.25, 2, 3.8, 1.0, 1.3, 0),
        "overwhelmed-newbie" => new(3, 6, 0.2, 2, 3.7, 1.6, 1.4, 0.05),
        _ => Ordinary,
    };
}
