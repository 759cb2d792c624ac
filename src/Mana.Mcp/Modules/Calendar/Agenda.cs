using Mana.Mcp.Records;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Calendar;

/// <summary>One time that an event takes place.</summary>
internal sealed record Happening(Stored<CalendarEvent> Event, EventTimes Times, DateTime Wall, DateTimeOffset Start, DateTimeOffset End)
{
    public string Place => $"{Iso.Time(Start)} {Event.Id}";

    public ListedEvent View(TimeZoneInfo viewer)
    {
        var (start, end) = Times.Texts(Wall, viewer);
        var data = Event.Data;
        return new ListedEvent(Event.Id, data.Title, data.Location, start, end, data.IsAllDay, data.RecurrenceRule is not null);
    }
}

/// <summary>What takes place in a stretch of time.</summary>
/// <param name="From">The events that are not over then…</param>
/// <param name="To">…and begin before this.</param>
/// <param name="Query">Only those with these words; null for all.</param>
/// <param name="After">Go on behind this <see cref="Happening.Place"/>; null for the beginning.</param>
internal sealed record Agenda(DateTimeOffset From, DateTimeOffset To, string? Query = null, string? After = null)
{
    /// <summary>How <see cref="KindOf"/> calls events of at most a day, longer ones, and repeated ones.</summary>
    public const string Short = "short";
    public const string Long = "long";
    public const string Series = "series";

    private const int Batch = 200;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    // A stored key is a time in UTC or a day; the day of whoever looks begins up to fourteen hours earlier or later.
    private static readonly TimeSpan Margin = TimeSpan.FromDays(2);

    /// <summary>Only events that are like this; null for all.</summary>
    public Func<CalendarEvent, bool>? Only { get; init; }

    /// <summary>
    /// The kinds are kept apart so that a day can be read without the year before it: nothing short that began days ago
    /// can still go on.
    /// </summary>
    public static string KindOf(CalendarEvent calendarEvent) =>
        calendarEvent.RecurrenceRule is not null ? Series : EventTimes.Of(calendarEvent).Length <= Day ? Short : Long;

    /// <summary>The sort key: the end of a series (<see cref="Recurrence.EndKey"/>), the start of anything else.</summary>
    public static string KeyOf(CalendarEvent calendarEvent) => calendarEvent switch
    {
        { RecurrenceRule: not null } => Recurrence.Of(calendarEvent, EventTimes.Of(calendarEvent)).EndKey(),
        { IsAllDay: true } => calendarEvent.Start,
        _ => Iso.TimeOf(calendarEvent.Start),
    };

    /// <summary>The first ones, in order of their start; one more than <paramref name="limit"/> tells that there are more.</summary>
    public async Task<List<Happening>> ReadAsync(ToolCall call, RecordSet<CalendarEvent> events, int limit, CancellationToken cancellationToken)
    {
        var found = new List<Happening>();
        await AddSinglesAsync(found, call, events, Short, Day, limit, cancellationToken);
        await AddSinglesAsync(found, call, events, Long, EventTimes.MaxLength, limit, cancellationToken);
        await AddSeriesAsync(found, call, events, limit, cancellationToken);
        return [.. found.OrderBy(happening => happening.Place, StringComparer.Ordinal).Take(limit + 1)];
    }

    private async Task AddSinglesAsync(
        List<Happening> found, ToolCall call, RecordSet<CalendarEvent> events, string kind, TimeSpan reach, int limit, CancellationToken cancellationToken)
    {
        var viewer = call.Caller.TimeZone;
        var count = 0;
        var latest = DateTimeOffset.MinValue;
        var query = new RecordQuery(
            Batch,
            State: kind,
            Search: Query,
            From: Iso.Time((After is null ? From - reach : AfterStart) - Margin),
            Before: Iso.Time(To + Margin),
            IsAscending: true);
        await foreach (var stored in call.Records.ReadAllAsync(events, query, cancellationToken))
        {
            if (Only?.Invoke(stored.Data) == false)
            {
                continue;
            }

            var times = EventTimes.Of(stored.Data);
            var happening = At(stored, times, times.Start, viewer);
            if (count > limit && happening.Start > latest + Margin)
            {
                // The keys are nearly in order of the starts: whatever follows begins later than all that are needed.
                break;
            }

            if (IsWanted(happening) && happening.Start < To)
            {
                found.Add(happening);
                latest = ++count <= limit + 1 && happening.Start > latest ? happening.Start : latest;
            }
        }
    }

    private async Task AddSeriesAsync(
        List<Happening> found, ToolCall call, RecordSet<CalendarEvent> events, int limit, CancellationToken cancellationToken)
    {
        var viewer = call.Caller.TimeZone;
        var query = new RecordQuery(Batch, State: Series, Search: Query, From: Iso.Time(From - Margin), IsAscending: true);
        await foreach (var stored in call.Records.ReadAllAsync(events, query, cancellationToken))
        {
            if (Only?.Invoke(stored.Data) == false)
            {
                continue;
            }

            var times = EventTimes.Of(stored.Data);
            var earliest = TimeZoneInfo.ConvertTime(After is null ? From : AfterStart, times.Zone).DateTime - times.Length - Margin;
            found.AddRange(Recurrence.Of(stored.Data, times)
                .Starts(earliest > times.Start ? earliest : times.Start)
                .Where(wall => !IsSkipped(stored.Data, wall))
                .Select(wall => At(stored, times, wall, viewer))
                .TakeWhile(happening => happening.Start < To)
                .Where(IsWanted)
                .Take(limit + 1));
        }
    }

    private DateTimeOffset AfterStart => EventTimes.Moment(After!.Split(' ')[0]);

    private static Happening At(Stored<CalendarEvent> stored, EventTimes times, DateTime wall, TimeZoneInfo viewer)
    {
        var (start, end) = times.Span(wall, viewer);
        return new Happening(stored, times, wall, start, end);
    }

    private static bool IsSkipped(CalendarEvent calendarEvent, DateTime wall) =>
        calendarEvent.SkippedDates.Contains(Iso.Date(DateOnly.FromDateTime(wall)));

    // Something without length takes place where it begins.
    private bool IsWanted(Happening happening) =>
        (happening.End > From || (happening.End == happening.Start && happening.Start >= From))
        && (After is null || string.CompareOrdinal(happening.Place, After) > 0);
}
