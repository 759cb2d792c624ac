using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Mana.Hosting;

/// <summary>
/// The clock of the product's own world: due rules, schedules, token validity and row times. It is a service of its
/// own, so that tests and simulations move it while HTTP time-outs, caches of connections and logs keep the system's.
/// </summary>
public sealed class DomainClock(TimeProvider time) : TimeProvider
{
    /// <summary>The configuration key that starts the clock at another moment (ISO 8601); development only.</summary>
    public const string StartKey = "MANA_CLOCK_START";

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => time.LocalTimeZone;

    /// <inheritdoc/>
    public override long TimestampFrequency => time.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

    /// <summary>Now, cut to the millisecond: what a row can hold is what is compared.</summary>
    public DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <inheritdoc/>
    public override long GetTimestamp() => time.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);

    /// <summary>The given clock, else one shifted to <see cref="StartKey"/>, else the system's.</summary>
    /// <exception cref="ConfigurationException">The value is no time, or this is production.</exception>
    public static DomainClock From(IConfiguration configuration, TimeProvider? clock)
    {
        if (clock is not null)
        {
            return clock as DomainClock ?? new DomainClock(clock);
        }

        if (configuration[StartKey] is not { Length: > 0 } start)
        {
            return new DomainClock(System);
        }

        if (ManaEnvironment.From(configuration).IsProduction)
        {
            throw new ConfigurationException($"{StartKey} moves the clock of the product and is refused in production; remove it.");
        }

        if (!DateTimeOffset.TryParse(start, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
        {
            throw new ConfigurationException($"{StartKey} must be an ISO 8601 time such as 2026-11-22T09:00:00Z, got \"{start}\"");
        }

        return new DomainClock(new ShiftedTime(moment - System.GetUtcNow()));
    }

    private sealed class ShiftedTime(TimeSpan shift) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + shift;
    }
}
