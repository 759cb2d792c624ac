namespace Mana.PersonaRunner.Ticks;

/// <summary>The name of this process among the nodes of its cluster; another one at every start. It stands on the ticks that it runs.</summary>
internal sealed record NodeName(string Value);
