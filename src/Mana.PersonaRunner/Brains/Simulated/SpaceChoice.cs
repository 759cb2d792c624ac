using System.Text.Json;
using Mana.Contracts;
using Mana.PersonaRunner.Platform;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>In which space a call acts: now and then in one that the persona shares, else in its own.</summary>
internal static class SpaceChoice
{
    private const double Rarity = 0.15;

    /// <summary>The value of the argument, or null for the persona's own space.</summary>
    /// <param name="tool">What is called.</param>
    /// <param name="arguments">What is written so far.</param>
    /// <param name="correction">The failed call that this one mends.</param>
    /// <param name="hints">Knows the spaces.</param>
    /// <param name="dice">For this choice alone, so that nothing else of the tick hangs on it.</param>
    public static JsonElement? For(
        SimulatedTool tool, IReadOnlyDictionary<string, object?> arguments, Correction? correction, PersonaHints hints, Dice dice)
    {
        if (correction is not null)
        {
            // It stays where it was, unless that was the fault.
            return correction.Before.TryGetValue(SharedSpace.Argument, out var before) && !correction.Reading.Parameters.Contains(SharedSpace.Argument) ? before : null;
        }

        // The ids that the persona knows are of its own space.
        if (!tool.TakesSpace
            || tool.Kind is not (ToolKind.Look or ToolKind.Create)
            || tool.Parameters.Any(parameter => parameter.IsId && arguments.ContainsKey(parameter.Name)))
        {
            return null;
        }

        var open = hints.Spaces.Where(space => SpaceTypes.Allows(space.Type ?? "", tool.Module) && (space.CanWrite || tool.Kind == ToolKind.Look)).ToList();
        return open.Count > 0 && dice.Chance(Rarity) ? JsonSerializer.SerializeToElement(dice.Pick(open).Key) : null;
    }
}
