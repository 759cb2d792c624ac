namespace Mana.Hosting;

/// <summary>
/// A clock that stands still until it is moved: what a simulation gives the services as their <see cref="DomainClock"/>.
/// A move fires the timers that fall due on the way, in the order of their times, and each sees its own time.
/// </summary>
/// <remarks>
/// A periodic timer that falls due several times in one move fires once, at the last of them, as after the sleep of a
/// machine: what waits for it has no chance to run in between. Whoever wants every beat moves from beat to beat.
/// </remarks>
public sealed class MovableClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly HashSet<Timer> _timers = [];
    private DateTimeOffset _now;
    private long _made;
    private int _moving;

    /// <summary>A clock that shows this moment.</summary>
    public MovableClock(DateTimeOffset start) => _now = start.ToUniversalTime();

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Moves the clock on. When this returns, every timer that fell due has been called.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The moment lies before the clock's.</exception>
    /// <exception cref="InvalidOperationException">It is being moved already: by another thread, or by the timer that calls.</exception>
    public void MoveTo(DateTimeOffset moment)
    {
        if (Interlocked.Exchange(ref _moving, 1) != 0)
        {
            throw new InvalidOperationException("The clock is being moved already.");
        }

        try
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(moment, GetUtcNow());
            while (Next(moment) is { } timer)
            {
                timer.Call();
            }
        }
        finally
        {
            Volatile.Write(ref _moving, 0);
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new Timer(this, callback, state, Interlocked.Increment(ref _made));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>The next timer to be called, the clock set to its time; null when none is left, and the clock is where it was moved to.</summary>
    private Timer? Next(DateTimeOffset until)
    {
        lock (_lock)
        {
            Timer? next = null;
            var at = until;
            foreach (var timer in _timers)
            {
                if (timer.LastDue(until) is { } due && (next is null || due < at || (due == at && timer.Number < next.Number)))
                {
                    (next, at) = (timer, due);
                }
            }

            _now = at > _now ? at : _now;
            next?.Advance(at);
            return next;
        }
    }

    private sealed class Timer(MovableClock clock, TimerCallback callback, object? state, long number) : ITimer
    {
        private DateTimeOffset? _due;
        private TimeSpan _period;
        private bool _disposed;

        /// <summary>Those of the same moment are called in the order in which they were made.</summary>
        public long Number => number;

        /// <summary>The last time up to the moment at which it is due.</summary>
        public DateTimeOffset? LastDue(DateTimeOffset until)
        {
            if (_due is not { } due || due > until)
            {
                return null;
            }

            return _period == TimeSpan.Zero ? due : due + TimeSpan.FromTicks((until - due).Ticks / _period.Ticks * _period.Ticks);
        }

        public void Advance(DateTimeOffset called)
        {
            _due = _period == TimeSpan.Zero ? null : called + _period;
            if (_due is null)
            {
                clock._timers.Remove(this);
            }
        }

        public void Call() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
            }

            if (period != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.Zero);
            }

            lock (clock._lock)
            {
                if (_disposed)
                {
                    return false;
                }

                _period = period == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : period;
                _due = dueTime == Timeout.InfiniteTimeSpan ? null : clock._now + dueTime;
                if (_due is null)
                {
                    clock._timers.Remove(this);
                    return true;
                }

                if (dueTime > TimeSpan.Zero)
                {
                    clock._timers.Add(this);
                    return true;
                }

                // Due now, and the clock may never move again. Not called from here: whoever makes a timer has not got it yet.
                if (_period == TimeSpan.Zero)
                {
                    clock._timers.Remove(this);
                    _due = null;
                }
                else
                {
                    clock._timers.Add(this);
                    _due += _period;
                }
            }

            ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Call(), this, preferLocal: false);
            return true;
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                _disposed = true;
                _due = null;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
