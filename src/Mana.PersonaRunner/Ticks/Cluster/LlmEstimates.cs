namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// Corrects estimates by experience. What is estimated is the whole request and the longest answer; what counts is a
/// fraction of both, as most of a conversation is read from the cache and few answers are long.
/// </summary>
internal sealed class LlmEstimates
{
    private const double Weight = 0.2;
    private const double Least = 0.02;
    private const double Most = 4;

    private double? _input;
    private double? _output;

    public long Input(long estimate) => (long)Math.Ceiling(estimate * (_input ?? 1));

    public long Output(long allowed) => (long)Math.Ceiling(allowed * (_output ?? 1));

    public void Learn(LlmSettlement settled)
    {
        _input = Learn(_input, settled.EstimatedInput, settled.SpentInput);
        _output = Learn(_output, settled.AllowedOutput, settled.SpentOutput);
    }

    private static double? Learn(double? known, long estimated, long spent)
    {
        if (estimated <= 0)
        {
            return known;
        }

        var share = Math.Clamp((double)spent / estimated, Least, Most);
        return known is { } before ? before + (Weight * (share - before)) : share;
    }
}
