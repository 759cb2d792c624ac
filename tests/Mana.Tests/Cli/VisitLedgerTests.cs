using Mana.Cli.Catalog;
using Mana.Cli.Commands.Simulate;
using Mana.Contracts;
using Mana.PersonaRunner.Simulation;

namespace Mana.Tests.Cli;

public sealed class VisitLedgerTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly UserId Anna = new("anna");

    private readonly VisitLedger _ledger = new();

    [Fact]
    public void A_day_without_a_visit_is_missed_and_one_with_two_is_doubled()
    {
        var ticks = new[] { Visit(0, 9), Visit(2, 9), Visit(2, 20) };

        _ledger.Faults(Persona("daily"), ticks, Start, Start.AddDays(3)).Should().Equal(
            new FaultyDay("anna@mana.test", "2026-11-02", 0, "missed"), new FaultyDay("anna@mana.test", "2026-11-03", 2, "doubled"));
    }

    [Fact]
    public void A_visit_that_was_not_due_is_doubled_whatever_the_cadence()
    {
        var ticks = new[] { Visit(0, 9), Visit(0, 9.25, isDue: false) };

        _ledger.Faults(Persona("hourly"), ticks, Start, Start.AddDays(1)).Should().Equal(new FaultyDay("anna@mana.test", "2026-11-01", 2, "doubled"));
    }

    [Fact]
    public void Weekdays_have_no_visit_at_the_weekend_and_days_cut_by_the_play_miss_none()
    {
        // Sunday has none; the play ends on Monday afternoon in Tokyo.
        _ledger.Faults(Persona("weekdays", "Asia/Tokyo"), [], Start, Start.AddDays(1)).Should().BeEmpty();
        _ledger.Faults(Persona("weekdays", "Asia/Tokyo"), [], Start, Start.AddDays(2)).Should().ContainSingle().Which.Day.Should().Be("2026-11-02");
    }

    [Fact]
    public void Hours_that_cross_midnight_belong_to_the_day_on_which_they_begin()
    {
        var ticks = new[] { Visit(0, 23), Visit(2, 1) };

        _ledger.Faults(Persona("daily", hours: "22:00-02:00"), ticks, Start, Start.AddDays(2)).Should().BeEmpty();
    }

    [Fact]
    public void Lateness_is_start_minus_due_time_in_order()
    {
        var ticks = new[] { Visit(0, 9, lateMinutes: 3), Visit(1, 9, lateMinutes: 1), Visit(2, 9, isDue: false) };

        _ledger.Lateness(ticks).Should().Equal(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(3));
    }

    [Theory]
    [InlineData(4, 0, 0, 0, 3, 0)]
    [InlineData(2.5, 1, 1, 1, 1, 0)]
    [InlineData(5, 1, 0, 0, 0, 2)]
    public void The_median_lies_in_the_middle(double median, params int[] counts) => Simulation.Median(counts).Should().Be(median);

    private static CatalogPersona Persona(string cadence, string? zone = null, string? hours = null) =>
        new("Anna", "anna@mana.test", "student", "prompt", new Dictionary<string, double>(), cadence, zone, null, hours, [], 1);

    private PlayedTick Visit(int day, double hour, int lateMinutes = 0, bool isDue = true)
    {
        var started = Start.AddDays(day).AddHours(hour);
        if (isDue)
        {
            _ledger.Due(Anna, started, started.AddMinutes(-lateMinutes));
        }

        return new PlayedTick(Anna, started, TickOutcomes.Completed, null, null);
    }
}
