namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// A rate per minute, kept by the generic cell rate algorithm: one number, the time at which all that was charged has
/// been worked off. A burst is at most a second's worth, so it needs no memory of the last minute, and a budget that
/// starts anew in the middle of one does not let the minute through twice.
/// </summary>
/// <param name="isExact">
/// Units are few and cost one each: the burst is cut such that no window of 60 s holds more than the limit and 2 %.
/// Otherwise units are tokens, and a charge may go into debt, which is worked off before the next one.
/// </param>
internal sealed class RateMeter(bool isExact)
{
    // Requests granted 60 s apart may arrive a little closer together.
    private const double OnTheWay = 50 * TimeSpan.TicksPerMillisecond;

    private double _interval;
    private double _tolerance;
    private double _free = double.MinValue;
    private TimeSpan? _emptied;

    /// <summary>Units per minute; null for no limit.</summary>
    public long? Limit { get; private set; }

    public void SetLimit(long? perMinute)
    {
        if (Limit == perMinute)
        {
            return;
        }

        var wasOpen = Limit is null;
        Limit = perMinute;
        if (perMinute is not { } limit)
        {
            return;
        }

        _interval = (double)TimeSpan.TicksPerMinute / limit;
        _tolerance = TimeSpan.TicksPerSecond;
        if (isExact)
        {
            var beyond = Math.Floor(0.02 * limit);
            _tolerance = Math.Min(_tolerance, TimeSpan.TicksPerMinute * beyond / limit);
            _interval = (TimeSpan.TicksPerMinute + OnTheWay) / limit;
        }

        if (wasOpen && _emptied is { } at)
        {
            Empty(at);
        }
    }

    /// <summary>The earliest moment of the next charge when <paramref name="ahead"/> others go first.</summary>
    public TimeSpan Next(int ahead) =>
        Limit is null || _free == double.MinValue ? TimeSpan.MinValue : TimeSpan.FromTicks((long)Math.Ceiling(_free - _tolerance + (ahead * _interval)));

    public void Charge(long units, TimeSpan now)
    {
        if (Limit is not null)
        {
            _free = Math.Max(_free, now.Ticks) + (units * _interval);
        }
    }

    /// <summary>Corrects a charge: adds a debt, or gives back what was too much.</summary>
    public void Correct(long units, TimeSpan now)
    {
        if (units > 0)
        {
            Charge(units, now);
        }
        else if (Limit is not null)
        {
            _free += units * _interval;
        }
    }

    /// <summary>Nothing may be left of the burst: somebody else may have used it up until now.</summary>
    public void Empty(TimeSpan now)
    {
        _emptied = now;
        if (Limit is not null)
        {
            _free = Math.Max(_free, now.Ticks + _tolerance + (isExact ? _interval : 0));
        }
    }

    /// <summary>The provider says what is left: below a second's worth it is awaited rather than asked for in vain.</summary>
    public void Remaining(long units, TimeSpan now)
    {
        if (Limit is { } limit && Math.Max(1, limit / 60) - units is var lacking and > 0)
        {
            _free = Math.Max(_free, now.Ticks + _tolerance + (lacking * _interval));
        }
    }
}
