using System.Globalization;
using Mana.Cli.Catalog;
using Mana.Contracts;
using Mana.PersonaRunner.Simulation;

namespace Mana.Cli.Commands.Simulate;

/// <summary>Who was due when, beside who came when: lateness, and the days that lack a visit or have one too many.</summary>
internal sealed class VisitLedger
{
    private readonly Dictionary<(UserId Persona, DateTimeOffset Round), DateTimeOffset> _due = [];

    /// <summary>A persona is due in a round.</summary>
    public void Due(UserId persona, DateTimeOffset round, DateTimeOffset due) => _due[(persona, round)] = due;

    /// <summary>How late each visit was; visits that were not due are left out.</summary>
    public IReadOnlyList<TimeSpan> Lateness(IEnumerable<PlayedTick> ticks) =>
        [.. ticks.Where(IsDue).Select(tick => tick.StartedAt - _due[(tick.Persona, tick.StartedAt)]).Order()];

    /// <summary>
    /// The days of a persona's own calendar, of those that lie wholly in the play, on which it missed its visit or made
    /// one that was not due. The calendar is counted here, and not by the schedule that is on trial.
    /// </summary>
    public IEnumerable<FaultyDay> Faults(CatalogPersona persona, IReadOnlyList<PlayedTick> ticks, DateTimeOffset start, DateTimeOffset end)
    {
        var zone = persona.TimeZone is { Length: > 0 } id ? TimeZoneInfo.FindSystemTimeZoneById(id) : TimeZoneInfo.Utc;
        var visits = ticks.ToLookup(tick => DayOf(tick.StartedAt));
        var (first, last) = (DateOf(start), DateOf(end));
        for (var day = first; day <= last; day = day.AddDays(1))
        {
            var made = visits[day].ToList();
            var isWhole = Midnight(day) >= start && Midnight(day.AddDays(1)) <= end;
            var wanted = Wanted(persona.TickCadence, day);
            if (isWhole && made.Count < wanted)
            {
                yield return Fault(day, made.Count, "missed");
            }
            else if (made.Any(tick => !IsDue(tick)) || (isWhole && wanted is not null && IsOncePerDay(persona.TickCadence) && made.Count > wanted))
            {
                yield return Fault(day, made.Count, "doubled");
            }
        }

        FaultyDay Fault(DateOnly day, int count, string fault) => new(persona.Email, day.ToString("O", CultureInfo.InvariantCulture), count, fault);

        DateOnly DateOf(DateTimeOffset moment) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, zone).Date);

        // Hours that cross midnight belong to the day on which they begin.
        DateOnly DayOf(DateTimeOffset moment)
        {
            var local = TimeZoneInfo.ConvertTime(moment, zone);
            var hours = persona.ActiveHours?.Split('-') is [var from, var until]
                ? (From: TimeOnly.Parse(from, CultureInfo.InvariantCulture), Until: TimeOnly.Parse(until, CultureInfo.InvariantCulture))
                : default;
            return DateOf(moment).AddDays(hours.From > hours.Until && TimeOnly.FromTimeSpan(local.TimeOfDay) < hours.Until ? -1 : 0);
        }

        DateTimeOffset Midnight(DateOnly day)
        {
            var wall = day.ToDateTime(TimeOnly.MinValue);
            return new DateTimeOffset(wall, zone.GetUtcOffset(wall));
        }
    }

    private static bool IsOncePerDay(string cadence) => cadence is "daily" or "weekdays";

    /// <summary>The fewest visits that the day has; null where only the expression knows.</summary>
    private static int? Wanted(string cadence, DateOnly day) => cadence switch
    {
        "daily" or "hourly" => 1,
        "weekdays" => day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 0 : 1,
        _ => null,
    };

    private bool IsDue(PlayedTick tick) => _due.ContainsKey((tick.Persona, tick.StartedAt));
}
