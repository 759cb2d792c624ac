using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Calendar;

/// <summary>An event, once or repeated.</summary>
internal sealed record CalendarEvent
{
    public required string Title { get; init; }

    public required string? Description { get; init; }

    public required string? Location { get; init; }

    /// <summary>The first day of an all-day event; else the time with the offset of <see cref="TimeZone"/>.</summary>
    public required string Start { get; init; }

    /// <summary>The last day of an all-day event, that day included; else the time at which it is over.</summary>
    public required string End { get; init; }

    public required bool IsAllDay { get; init; }

    /// <summary>The IANA zone in whose days the event repeats.</summary>
    public required string TimeZone { get; init; }

    /// <summary>RFC 5545, without the name: FREQ=WEEKLY;BYDAY=MO.</summary>
    public required string? RecurrenceRule { get; init; }

    /// <summary>The days, in <see cref="TimeZone"/>, on which a repeated event does not take place.</summary>
    public required IReadOnlyList<string> SkippedDates { get; init; }

    /// <summary>In minutes before the start; for whole days before the midnight of whoever looks.</summary>
    public required IReadOnlyList<int> Reminders { get; init; }
}

internal sealed record CreateEvent(
    string Title,
    string Start,
    string? End,
    string? TimeZone,
    string? Location,
    string? Description,
    string? RecurrenceRule,
    IReadOnlyList<int> Reminders);

internal sealed record ListEvents(string? From, string? To, string? Query, int Limit, string? Cursor);

internal sealed record EventsAround(string? Date);

internal sealed record SkipOccurrence(string Id, string Date, bool Skipped);

internal sealed record ListReminders(string? From, string? To, int Limit);

internal sealed record FindFreeSlots(
    int Minutes, string? From, int Days, string DayStart, string DayEnd, bool IncludeWeekends, bool IgnoreAllDay, int Limit);

/// <summary>One taking place of an event, as lists show it.</summary>
internal sealed record ListedEvent(string Id, string Title, string? Location, string Start, string End, bool IsAllDay, bool IsRecurring);

/// <summary>The events of a stretch of time, earliest first.</summary>
internal sealed record ListedEvents(string From, string To, string TimeZone, IReadOnlyList<ListedEvent> Events, string? NextCursor);

/// <summary>The user wants to be told of an event at this time.</summary>
internal sealed record DueReminder(string RemindAt, int MinutesBefore, string EventId, string Title, string? Location, string Start, string End, bool IsAllDay);

/// <summary>The reminders of a stretch of time, earliest first.</summary>
internal sealed record DueReminders(string From, string To, string TimeZone, IReadOnlyList<DueReminder> Reminders, bool HasMore);

internal sealed record FreeSlot(string Start, string End, int Minutes);

internal sealed record FreeSlots(string From, string To, string TimeZone, IReadOnlyList<FreeSlot> Slots, bool HasMore);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CalendarEvent))]
[JsonSerializable(typeof(CreateEvent))]
[JsonSerializable(typeof(ListEvents))]
[JsonSerializable(typeof(EventsAround))]
[JsonSerializable(typeof(SkipOccurrence))]
[JsonSerializable(typeof(FindFreeSlots))]
[JsonSerializable(typeof(ListReminders))]
[JsonSerializable(typeof(DueReminders))]
[JsonSerializable(typeof(ListedEvents))]
[JsonSerializable(typeof(FreeSlots))]
internal sealed partial class CalendarJson : JsonSerializerContext;
