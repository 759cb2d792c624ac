namespace Mana.Crash.Stores;

/// <summary>Looks at the runner's journal while it grows, for what its last state no longer shows.</summary>
internal sealed class JournalWatch
{
    private readonly Dictionary<(string Kind, string Tick, long Seq), long> _finished = [];

    /// <summary>What happened twice.</summary>
    public List<string> Doubled { get; } = [];

    public void See(Moment moment)
    {
        foreach (var persona in moment.Open.GroupBy(tick => tick.Persona).Where(ticks => ticks.Count() > 1))
        {
            Doubled.Add($"persona {persona.Key} has {persona.Count()} open ticks at once");
        }

        See(moment.Finished);
    }

    /// <summary>What has its result must never be sent again.</summary>
    public void See(IReadOnlyList<Finished> finished)
    {
        foreach (var one in finished)
        {
            var place = (one.Kind, one.Tick, one.Seq);
            if (!_finished.TryAdd(place, one.Times) && _finished[place] != one.Times)
            {
                Doubled.Add($"the finished {one.Kind} {one.Tick}/{one.Seq} was sent again");
                _finished[place] = one.Times;
            }
        }
    }
}
