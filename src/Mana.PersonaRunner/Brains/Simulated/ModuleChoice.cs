namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>The persona's interest in each module that has tools.</summary>
internal sealed class ModuleChoice(PersonaHints hints, IReadOnlyCollection<SimulatedTool> tools, Transcript transcript, Temperament temperament)
{
    private readonly Dictionary<string, double> _weights = hints.ModuleMix
        .GroupBy(entry => SimulatedTool.Key(entry.Key))
        .ToDictionary(group => group.Key, group => group.Sum(entry => double.IsFinite(entry.Value) ? Math.Max(0, entry.Value) : 0));

    /// <summary>After so many errors in a row the persona leaves a module alone for this tick; a plain refusal is enough.</summary>
    public bool HasGivenUp(string moduleKey) =>
        transcript.ErrorsInARow(moduleKey) >= temperament.Patience
        || (transcript.Of(moduleKey).LastOrDefault() is { IsError: true } last && ErrorReading.Of(last).Kind == ErrorKind.Refused);

    /// <summary>A module by weight among those in which something can be done now.</summary>
    public string? Pick(Func<SimulatedTool, bool> canUse, Dice dice)
    {
        var open = tools.Where(canUse).Select(tool => tool.ModuleKey).Distinct().Where(module => !HasGivenUp(module)).ToList();
        return dice.TryPick(open, module => _weights.GetValueOrDefault(module), out var picked) ? picked : null;
    }
}
