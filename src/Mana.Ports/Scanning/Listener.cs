namespace Mana.Ports.Scanning;

/// <summary>A port that a process of this machine listens on.</summary>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="Address">What it is bound to.</param>
/// <param name="Port">The number.</param>
/// <param name="Process">Who listens; null where this user may not see it.</param>
public sealed record Listener(string Protocol, string Address, int Port, ListeningProcess? Process);

/// <summary>A process that listens.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">As the kernel calls it.</param>
/// <param name="CommandLine">Program and arguments. Arguments can be secret: for comparing, not for showing.</param>
/// <param name="Directory">Its working directory.</param>
/// <param name="Unit">Its control group, which names its unit or container.</param>
public sealed record ListeningProcess(int Id, string Name, string CommandLine, string? Directory, string? Unit);
