using System.Globalization;
using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Calendar;

/// <summary>Events: once or repeated, by the hour or for whole days.</summary>
internal sealed class CalendarTools() : ToolModule("calendar")
{
    private const int MaxSeries = 200;
    private const int MaxListedDays = 366;
    private const int UsualListedDays = 30;
    private const int MaxBusy = 2000;
    private const int ListedAtOnce = 200;
    private const int MaxRemindedDays = 31;

    private static readonly RecordShapes<CalendarEvent> Events = new(
        new RecordSet<CalendarEvent>("calendar.events", "event", CalendarJson.Default.CalendarEvent)
        {
            FoundBy = "calendar.list with from and to",
            OrderKey = (calendarEvent, _) => Agenda.KeyOf(calendarEvent),
            State = Agenda.KindOf,
            Searched = calendarEvent => $"{calendarEvent.Title}\n{calendarEvent.Location}\n{calendarEvent.Description}",
        },
        "event",
        "events");

    private static readonly OutputShape<ListedEvents> Listed = OutputShape.Of(CalendarJson.Default.ListedEvents);

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "create", "Add an event", ToolEffect.Adds,
            "Puts an event into the calendar: an appointment, a meeting, a birthday, a holiday. Use it when something has a date or a time; a thing to be done is a task (todo.create). "
            + "A plain date as start makes it an all-day event. Look at calendar.today or calendar.freeSlots first where times could collide. "
            + "Returns the event with its id; its times are those of its own time zone.",
            InputSchema.Of(
                Title().Required(), Start().Required(), End(), TimeZone(), Location().Default(null), Description().Default(null),
                RecurrenceRule().Default(null), Reminders().Default(new JsonArray())),
            CalendarJson.Default.CreateEvent, Events.One, CreateAsync),
        Tool(
            "list", "List events", ToolEffect.Reads,
            "Lists what takes place between two days, earliest first, repeated events once for each time; the next 30 days unless from and to say otherwise. "
            + "Use it to see what is coming, to look back, or to find the id of an event (query searches title, location and description). Times are those of the user's time zone.",
            InputSchema.Of(
                Field.Moment("from").About("The first day, or the moment to begin at; today by default."),
                Field.Moment("to").About($"The last day, that day included, or the moment to end at; at most {MaxListedDays} days after from."),
                Field.Text("query", 1, 200).About("Only events that contain this."),
                Field.Limit(max: ListedAtOnce, fallback: 50),
                Field.Text("cursor", 1, 500).About("nextCursor of the previous answer, to go on where it ended; give the same from, to and query.")),
            CalendarJson.Default.ListEvents, Listed, ListAsync),
        Get(Events, "Reads one event with all its fields: description, rule, skipped dates, reminders. Use it when the id is known."),
        Update(),
        Tool(
            "today", "Events of a day", ToolEffect.Reads,
            "Lists what takes place today, or on the given date, in the user's time zone, all-day events first. Use it at the start of a visit and before planning a day.",
            InputSchema.Of(Field.Day("date").About("Another day than today.")),
            CalendarJson.Default.EventsAround, Listed,
            (arguments, call, cancellationToken) => AroundAsync(DayOf("date", arguments.Date, call), 1, call, cancellationToken)),
        Tool(
            "week", "Events of a week", ToolEffect.Reads,
            "Lists what takes place in this week, or in the week of the given date, Monday to Sunday in the user's time zone. Use it to plan ahead or to look back at a week.",
            InputSchema.Of(Field.Day("date").About("A day of another week.")),
            CalendarJson.Default.EventsAround, Listed,
            (arguments, call, cancellationToken) => AroundAsync(MondayOf(DayOf("date", arguments.Date, call)), 7, call, cancellationToken)),
        Tool(
            "reminders", "Reminders that come up", ToolEffect.Reads,
            "Lists the reminders of events that come up between two moments, earliest first; those of the next 24 hours unless from and to say otherwise. Nobody is told of them by itself: "
            + "call this at the start of a visit, with from the time of the last one, and tell the user. Returns each with remindAt and its event; times are those of the user's time zone.",
            InputSchema.Of(
                Field.Moment("from").About("The first day, or the moment to begin at; now by default."),
                Field.Moment("to").About($"The last day, that day included, or the moment to end at; 24 hours after from by default, at most {MaxRemindedDays} days."),
                Field.Limit(max: 200, fallback: 50)),
            CalendarJson.Default.ListReminders, OutputShape.Of(CalendarJson.Default.DueReminders), RemindersAsync),
        Tool(
            "freeSlots", "Find free time", ToolEffect.Reads,
            "Finds the gaps between events that are long enough, from now on, within the hours of the day that suit. Use it to propose a time for a meeting or for work, then calendar.create to take it. "
            + "Returns each gap with start, end and its length in minutes.",
            InputSchema.Of(
                Field.Whole("minutes", 5, 1440).Default(60).About("How much time is needed."),
                Field.Day("from").About("The first day to look at; today by default."),
                Field.Whole("days", 1, 31).Default(7).About("How many days to look at."),
                Field.Matching("dayStart", Field.TimePattern).Default("08:00").About("Not before this time of day (HH:mm)."),
                Field.Matching("dayEnd", Field.TimePattern).Default("18:00").About("Not after this time of day (HH:mm); one that is not later than dayStart is on the next day."),
                Field.Flag("includeWeekends").Default(false).About("True to look at Saturdays and Sundays as well."),
                Field.Flag("ignoreAllDay").Default(false).About("True where all-day events, such as birthdays, leave the day free."),
                Field.Limit(max: 100, fallback: 10)),
            CalendarJson.Default.FindFreeSlots, OutputShape.Of(CalendarJson.Default.FreeSlots), FreeSlotsAsync),
        Tool(
            "skipOccurrence", "Skip one date of a repeated event", ToolEffect.Changes,
            "Takes one date out of a repeated event: the lesson that is cancelled, the week of a holiday. All other dates stay. To move that one date, skip it and add a single event with calendar.create. "
            + "With skipped false a date that was taken out takes place again.",
            InputSchema.Of(
                Field.Id().Required().About("The id of the event, as another tool returned it."),
                Field.Day("date").Required().About("The date on which the event begins and shall not take place."),
                Field.Flag("skipped").Default(true).About("False puts a skipped date back.")),
            CalendarJson.Default.SkipOccurrence, Events.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Events.Set, arguments.Id, calendarEvent => SkippedDate.Set(calendarEvent, arguments.Date, arguments.Skipped, call), cancellationToken)),
        Delete(
            Events,
            "Removes an event from the calendar, a repeated one with all its dates. Use it for an event that is cancelled or was a mistake. "
            + "To drop one date of a repeated event use calendar.skipOccurrence; to move an event use calendar.update.",
            "move or rename the event with calendar.update, or drop single dates of a repeated one with calendar.skipOccurrence."),
    ];

    private ToolDefinition Update()
    {
        var update = Update(
            Events,
            "Changes fields of an event: title, start, end, timeZone, location, description, recurrenceRule, reminders. Only the given fields change. "
            + "A new start without an end moves the event as it is; a recurrenceRule of null makes it take place once. A repeated event changes on all its dates, and its start is the first of them: "
            + "to move all of it, keep the day that calendar.get shows and give another time; a later day drops the dates before it.",
            [Title(), Start(), End(), TimeZone(), Location(), Description(), RecurrenceRule(), Reminders()],
            Changed);
        return update with
        {
            RunAsync = async (given, call, cancellationToken) =>
            {
                await MakeRoomAsync((string?)given["recurrenceRule"], call, cancellationToken);
                return await update.RunAsync(given, call, cancellationToken);
            },
        };
    }

    private static Field Title() => Field.Text("title", 1, 500).About("What takes place, in a few words.");

    private static Field Start() => Field.Moment("start").About("When it begins: a date-time with zone, or a date for an all-day event.");

    private static Field End() =>
        Field.Moment("end").About("When it is over: a date-time with zone, or a date for the whole of that day. One hour after start by default, the same day for an all-day event.");

    private static Field TimeZone() =>
        Field.Text("timeZone", 1, 64).About("The time zone of the event, such as Europe/Berlin; the user's own by default. A repeated event keeps its time of day there.");

    private static Field Location() => Field.Text("location", max: 500).OrNull().About("Where it takes place: an address, a room, a link.");

    private static Field Description() => Field.Text("description", max: 10_000).OrNull().About("Details, if there are any.");

    private static Field RecurrenceRule() => Field.Text("recurrenceRule", 10, 300).OrNull().About(
        "How it repeats, as in iCalendar (RFC 5545): FREQ=DAILY, FREQ=WEEKLY;BYDAY=MO,TH;UNTIL=20261231, FREQ=MONTHLY;BYDAY=-1FR, FREQ=YEARLY. Start must be one of its days. Null for once.");

    private static Field Reminders() =>
        Field.List("reminders", Field.Whole("minutes", 0, Reminding.MaxMinutes), max: 5).About(
            "How many minutes before the start the user wants to be reminded, such as [10, 1440]; before midnight for an all-day event. They are kept, not sent: calendar.reminders lists those that come up.");

    private static async Task<Stored<CalendarEvent>> CreateAsync(CreateEvent arguments, ToolCall call, CancellationToken cancellationToken)
    {
        await MakeRoomAsync(arguments.RecurrenceRule, call, cancellationToken);
        var zone = arguments.TimeZone is null ? call.Caller.TimeZone : ZonedTime.Given(arguments.TimeZone);
        var times = EventTimes.Read(arguments.Start, arguments.End, zone);
        var (start, end) = times.Texts();
        var rule = arguments.RecurrenceRule is null ? null : Recurrence.Read(arguments.RecurrenceRule, times);
        return await call.Records.CreateAsync(
            Events.Set,
            _ => new CalendarEvent
            {
                Title = arguments.Title,
                Description = arguments.Description,
                Location = arguments.Location,
                Start = start,
                End = end,
                IsAllDay = times.IsAllDay,
                TimeZone = zone.Id,
                RecurrenceRule = rule,
                SkippedDates = [],
                Reminders = arguments.Reminders,
            },
            cancellationToken);
    }

    private static CalendarEvent Changed(CalendarEvent before, CalendarEvent merged, JsonObject given, ToolCall call)
    {
        if (!given.ContainsKey("start") && !given.ContainsKey("end") && !given.ContainsKey("timeZone") && !given.ContainsKey("recurrenceRule"))
        {
            return merged;
        }

        var zone = given.ContainsKey("timeZone") ? ZonedTime.Given(merged.TimeZone) : ZonedTime.Stored(before.TimeZone);
        var times = given.ContainsKey("start") && !given.ContainsKey("end")
            ? (EventTimes.Of(before) with { Zone = zone }).MovedTo(merged.Start)
            : EventTimes.Read(merged.Start, merged.End, zone);
        var (start, end) = times.Texts();
        return merged with
        {
            Start = start,
            End = end,
            IsAllDay = times.IsAllDay,
            TimeZone = zone.Id,
            RecurrenceRule = merged.RecurrenceRule is null ? null : Recurrence.Read(merged.RecurrenceRule, times),
            SkippedDates = merged.RecurrenceRule is null ? [] : merged.SkippedDates,
        };
    }

    // Every list has to ask every rule that still goes on.
    private static async Task MakeRoomAsync(string? rule, ToolCall call, CancellationToken cancellationToken)
    {
        if (rule is not null
            && await call.Records.CountAsync(Events.Set, new RecordQuery(0, State: Agenda.Series, From: Iso.Time(call.Now)), cancellationToken) >= MaxSeries)
        {
            throw new ToolInputException(
                $"\"recurrenceRule\" cannot be given: the calendar has {MaxSeries} repeated events that go on. End one with calendar.update and an UNTIL, or leave the rule out.");
        }
    }

    private static Task<ListedEvents> ListAsync(ListEvents arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var now = ZonedTime.At(call.Today, call.Caller.TimeZone);
        var (from, to) = StretchOf(arguments.From, arguments.To, now, TimeSpan.FromDays(UsualListedDays), MaxListedDays, call);
        var after = arguments.Cursor is null ? null : PlaceOf(arguments.Cursor);
        return ReadAsync(new Agenda(from, to, arguments.Query, after), arguments.Limit, call, cancellationToken);
    }

    private static async Task<DueReminders> RemindersAsync(ListReminders arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var zone = call.Caller.TimeZone;
        var (from, to) = StretchOf(arguments.From, arguments.To, call.Now, TimeSpan.FromDays(1), MaxRemindedDays, call);
        var found = await Reminding.ReadAsync(from, to, call, Events.Set, cancellationToken);
        return new DueReminders(
            ZonedTime.Format(from, zone), ZonedTime.Format(to, zone), zone.Id, [.. found.Take(arguments.Limit)], found.Count > arguments.Limit);
    }

    // A day means all of it, where the user lives.
    private static (DateTimeOffset From, DateTimeOffset To) StretchOf(
        string? given, string? givenEnd, DateTimeOffset usual, TimeSpan usualLength, int maxDays, ToolCall call)
    {
        EventTimes.CheckYear("from", given);
        EventTimes.CheckYear("to", givenEnd);
        var zone = call.Caller.TimeZone;
        var from = given is null ? usual : EventTimes.IsDay(given) ? ZonedTime.At(EventTimes.Day(given), zone) : EventTimes.Moment(given);
        var to = givenEnd is null ? from + usualLength
            : EventTimes.IsDay(givenEnd) ? ZonedTime.At(EventTimes.Day(givenEnd).AddDays(1), zone)
            : EventTimes.Moment(givenEnd);
        return to >= from && to - from <= TimeSpan.FromDays(maxDays + 1)
            ? (from, to)
            : throw new ToolInputException($"\"to\" must be from 0 to {maxDays} days after from ({ZonedTime.Format(from, zone)}); you sent \"{givenEnd}\".");
    }

    private static Task<ListedEvents> AroundAsync(DateOnly first, int days, ToolCall call, CancellationToken cancellationToken)
    {
        var (from, to) = (ZonedTime.At(first, call.Caller.TimeZone), ZonedTime.At(first.AddDays(days), call.Caller.TimeZone));
        return ReadAsync(new Agenda(from, to), ListedAtOnce, call, cancellationToken);
    }

    private static async Task<ListedEvents> ReadAsync(Agenda agenda, int limit, ToolCall call, CancellationToken cancellationToken)
    {
        var zone = call.Caller.TimeZone;
        var found = await agenda.ReadAsync(call, Events.Set, limit, cancellationToken);
        return new ListedEvents(
            ZonedTime.Format(agenda.From, zone),
            ZonedTime.Format(agenda.To, zone),
            zone.Id,
            [.. found.Take(limit).Select(happening => happening.View(zone))],
            found.Count > limit ? new Cursor(found[limit - 1].Place, 0).ToString() : null);
    }

    private static async Task<FreeSlots> FreeSlotsAsync(FindFreeSlots arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var zone = call.Caller.TimeZone;
        var first = DayOf("from", arguments.From, call);
        var windows = FreeTime.Windows(first, arguments.Days, TimeOf("dayStart", arguments.DayStart), TimeOf("dayEnd", arguments.DayEnd), arguments.IncludeWeekends, call);
        var (from, to) = (ZonedTime.At(first, zone), ZonedTime.At(first.AddDays(arguments.Days + 1), zone));
        var found = await new Agenda(from, to).ReadAsync(call, Events.Set, MaxBusy, cancellationToken);
        if (found.Count > MaxBusy)
        {
            throw new ToolInputException($"\"days\" must be fewer: these have more than {MaxBusy} events.");
        }

        var busy = found.Where(happening => !(arguments.IgnoreAllDay && happening.Times.IsAllDay)).Select(happening => (happening.Start, happening.End)).ToList();
        var slots = FreeTime.Between(windows, busy, TimeSpan.FromMinutes(arguments.Minutes))
            .Select(gap => new FreeSlot(ZonedTime.Format(gap.Start, zone), ZonedTime.Format(gap.End, zone), (int)(gap.End - gap.Start).TotalMinutes))
            .Take(arguments.Limit + 1)
            .ToList();
        return new FreeSlots(
            ZonedTime.Format(from, zone),
            ZonedTime.Format(ZonedTime.At(first.AddDays(arguments.Days), zone), zone),
            zone.Id,
            [.. slots.Take(arguments.Limit)],
            slots.Count > arguments.Limit);
    }

    private static DateOnly DayOf(string field, string? date, ToolCall call)
    {
        EventTimes.CheckYear(field, date);
        return date is null ? call.Today : DateOnly.FromDateTime(EventTimes.Day(Iso.DateOf(date)));
    }

    private static DateOnly MondayOf(DateOnly day) => day.AddDays(-(((int)day.DayOfWeek + 6) % 7));

    private static TimeOnly TimeOf(string field, string text) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time
            : throw new ToolInputException($"\"{field}\" must be a time of day from 00:00 to 23:59; you sent \"{text}\".");

    private static string PlaceOf(string cursor) =>
        Cursor.Parse(cursor)?.OrderKey is { } place
        && DateTimeOffset.TryParse(place.Split(' ')[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && time.Year is >= EventTimes.FirstYear and <= EventTimes.LastYear
            ? place
            : throw new InvalidCursorException();
}
