namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>Makes the brain that needs no key, no network and no money.</summary>
public static class SimulatedBrain
{
    /// <summary>One brain serves any number of personas at once: all state is in the conversation and the hints.</summary>
    public static Brain Create() => new(Brain.Simulated, Model: null, new SimulatedChatClient());
}
