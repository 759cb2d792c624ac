using Mana.Mcp.Records;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Calendar;

/// <summary>Finds the reminders of events that come up in a stretch of time.</summary>
internal static class Reminding
{
    /// <summary>The longest time before an event: four weeks.</summary>
    public const int MaxMinutes = 40_320;

    // More events with reminders than anyone has in a month and the four weeks after it.
    private const int MaxEvents = 2000;

    /// <summary>All of them, earliest first.</summary>
    /// <param name="from">From this moment on…</param>
    /// <param name="to">…and before this one.</param>
    /// <param name="call">Who asks.</param>
    /// <param name="events">The kind of record.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ToolInputException">There are too many.</exception>
    public static async Task<List<DueReminder>> ReadAsync(
        DateTimeOffset from, DateTimeOffset to, ToolCall call, RecordSet<CalendarEvent> events, CancellationToken cancellationToken)
    {
        // What one is reminded of begins later, however long it goes on.
        var agenda = new Agenda(from, to.AddMinutes(MaxMinutes)) { Only = calendarEvent => calendarEvent.Reminders.Count > 0 };
        var found = await agenda.ReadAsync(call, events, MaxEvents, cancellationToken);
        if (found.Count > MaxEvents)
        {
            throw new ToolInputException($"\"to\" must be earlier: the time until then has more than {MaxEvents} events with reminders.");
        }

        var zone = call.Caller.TimeZone;
        return
        [
            .. found
                .SelectMany(
                    happening => happening.Event.Data.Reminders.Distinct(),
                    (happening, minutes) => (Happening: happening, Minutes: minutes, At: happening.Start.AddMinutes(-minutes)))
                .Where(reminder => reminder.At >= from && reminder.At < to)
                .OrderBy(reminder => reminder.At)
                .ThenBy(reminder => reminder.Happening.Place, StringComparer.Ordinal)
                .Select(reminder => Describe(reminder.Happening.View(zone), reminder.Minutes, ZonedTime.Format(reminder.At, zone))),
        ];
    }

    private static DueReminder Describe(ListedEvent listed, int minutes, string at) =>
        new(at, minutes, listed.Id, listed.Title, listed.Location, listed.Start, listed.End, listed.IsAllDay);
}
