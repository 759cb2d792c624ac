namespace Mana.Benchmarks;

/// <summary>A benchmark could not be run to its end; the message says what is wrong and shows the last log lines.</summary>
public sealed class BenchException(string message) : Exception(message);
