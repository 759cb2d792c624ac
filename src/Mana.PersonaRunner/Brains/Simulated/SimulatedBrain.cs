namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>Makes the brain that needs no key, no network and no money.</summary>
public static class SimulatedBrain
{
    /// <summary>One brain serves any number of personas at once: all state is in the conversation and the hints.</summary>
    public static Brain Create() => new(Brain.Simulated, Model: null, new SimulatedChatClient());

    /// <summary>
    /// One whose choices follow from the persona, the number of its visit and a seed, and not from the tick's random id:
    /// the same simulation plays the same twice. It serves one run of a runner.
    /// </summary>
    public static Brain Create(int seed) => new(Brain.Simulated, Model: null, new SeededChatClient(new SimulatedChatClient(), seed));
}
