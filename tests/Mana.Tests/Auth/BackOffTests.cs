using System.Globalization;
using System.Text.Json;
using Mana.Contracts;

namespace Mana.Tests.Auth;

/// <summary>What mana-auth makes of ticks that fail: rest, reason, recovery.</summary>
public sealed class BackOffTests
{
    private const string Email = "persona.anna@mana.test";
    private static readonly DateTimeOffset Start = AuthUnderTest.Wednesday;

    [Fact]
    public async Task A_failing_persona_rests_twice_as_long_each_time_and_one_good_tick_ends_it()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var id = await auth.NewPersonaAsync(Email);
        for (var failures = 1; failures <= 12; failures++)
        {
            var failedAt = auth.Clock.GetUtcNow();
            var answer = await PostAsync(auth, id, $"t{failures:00}", "failed", failedAt, $"sign-in: 50{failures}");
            answer.Json.GetProperty("failures").GetInt32().Should().Be(failures);
            var due = Due(answer);
            due.Should().Be(failedAt + FailureBackOff.Rest(failures, new UserId(id)));
            (due - failedAt).Should().BeGreaterThanOrEqualTo(TimeSpan.FromMinutes(Math.Min(1 << (failures - 1), 288))).And.BeLessThanOrEqualTo(TimeSpan.FromHours(6));

            auth.Clock.SetUtcNow(due.AddMilliseconds(-1));
            (await auth.DueEmailsAsync("?limit=10")).Should().BeEmpty();
            auth.Clock.SetUtcNow(due);
            (await auth.DueEmailsAsync("?limit=10")).Should().Equal(Email);
            (await auth.DueEmailsAsync()).Should().Equal(Email);
        }

        var recoveredAt = auth.Clock.GetUtcNow();
        var good = await PostAsync(auth, id, "t99", "completed", recoveredAt);
        good.Json.GetProperty("failures").GetInt32().Should().Be(0);
        Due(good).Should().Be(recoveredAt.AddDays(1), "it is back on its schedule");
        (await auth.DueEmailsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task The_reason_and_the_next_try_stand_in_the_list_and_the_detail()
    {
        await using var auth = await AuthUnderTest.StartAsync(now: Start.AddHours(5));
        var id = await auth.NewPersonaAsync(Email);
        await PostAsync(auth, id, "t1", "failed", Start.AddHours(1), "model: overloaded");
        await PostAsync(auth, id, "t2", "timed-out", Start.AddHours(2));
        var due = Start.AddHours(2) + FailureBackOff.Rest(2, new UserId(id));
        foreach (var persona in await ReportsAsync(auth, id))
        {
            persona.GetProperty("failures").GetInt32().Should().Be(2);
            persona.GetProperty("lastError").GetString().Should().Be("timed-out");
            persona.GetProperty("lastFailedAt").GetDateTimeOffset().Should().Be(Start.AddHours(2));
            persona.GetProperty("nextDueAt").GetDateTimeOffset().Should().Be(due);
        }

        await PostAsync(auth, id, "t3", "idle", Start.AddHours(3));
        foreach (var persona in await ReportsAsync(auth, id))
        {
            persona.GetProperty("failures").GetInt32().Should().Be(0);
            persona.GetProperty("lastError").ValueKind.Should().Be(JsonValueKind.Null);
            persona.GetProperty("lastFailedAt").ValueKind.Should().Be(JsonValueKind.Null);
        }
    }

    [Fact]
    public async Task Repeated_and_late_outcomes_neither_count_twice_nor_move_anything_back()
    {
        await using var auth = await AuthUnderTest.StartAsync(now: Start.AddHours(9));
        var id = await auth.NewPersonaAsync(Email);
        await PostAsync(auth, id, "t3", "failed", Start.AddHours(3), "third");
        var due = Due(await PostAsync(auth, id, "t4", "failed", Start.AddHours(4), "fourth"));
        due.Should().Be(Start.AddHours(4) + FailureBackOff.Rest(2, new UserId(id)));
        auth.Clock.Advance(TimeSpan.FromHours(1));

        foreach (var (tick, hour) in ((string, int)[])[("t4", 4), ("t3", 3), ("t4", 4)])
        {
            var repeat = (await PostAsync(auth, id, tick, "failed", Start.AddHours(hour), "again")).Json;
            (repeat.GetProperty("recorded").GetBoolean(), repeat.GetProperty("failures").GetInt32()).Should().Be((false, 2));
            repeat.GetProperty("nextDueAt").GetDateTimeOffset().Should().Be(due);
        }

        Due(await PostAsync(auth, id, "t1", "completed", Start.AddHours(1))).Should().Be(due, "what was good before the failures changes nothing");
        Due(await PostAsync(auth, id, "t2", "failed", Start.AddHours(2), "second")).Should().Be(Start.AddHours(4) + FailureBackOff.Rest(3, new UserId(id)));
        auth.ForgetAdminToken();
        (await ReportsAsync(auth, id))[0].GetProperty("lastError").GetString().Should().Be("fourth");
    }

    [Fact]
    public async Task A_repeated_batch_of_actions_is_no_activity()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var id = await auth.NewPersonaAsync(Email);
        var path = $"/api/v1/internal/personas/{id}/actions";
        await auth.InternalAsync(HttpMethod.Post, path, AuditTests.Actions("t1", 3));
        auth.Clock.Advance(TimeSpan.FromHours(20));
        await auth.InternalAsync(HttpMethod.Post, path, AuditTests.Actions("t1", 3));
        auth.Clock.Advance(TimeSpan.FromHours(4));
        (await auth.DueEmailsAsync()).Should().Equal(Email);
        await auth.InternalAsync(HttpMethod.Post, path, AuditTests.Actions("t1", 4));
        (await auth.DueEmailsAsync()).Should().BeEmpty("one of these is new");
    }

    [Theory]
    [InlineData("daily", "08:00-22:00", "2026-11-25T20:30", "2026-11-26T08:30", "2026-11-26T07:00", "2026-11-26T09:00")]
    [InlineData("cron:0 * * * *", null, "2026-11-25T10:06", "2026-11-25T11:30", "2026-11-25T11:00", "2026-11-25T11:05")]
    public async Task A_visit_that_is_delivered_late_does_not_pass_for_the_one_that_was_due_meanwhile(
        string cadence, string? hours, string ended, string delivered, string from, string until)
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var body = AuthUnderTest.Persona(Email, cadence);
        (body["timeZone"], body["activeHours"]) = ("Europe/Berlin", hours);
        var id = (await auth.UpsertAsync(body)).Json.GetProperty("userId").GetString()!;

        // mana-auth was away since before the end of the visit.
        auth.Clock.SetUtcNow(Utc(delivered));
        await auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{id}/actions", AuditTests.Actions("t1", 3));
        var due = Due(await PostAsync(auth, id, "t1", "completed", Utc(ended)));

        due.Should().BeOnOrAfter(Utc(from)).And.BeOnOrBefore(Utc(until));
        auth.Clock.SetUtcNow(Utc(until) > Utc(delivered) ? Utc(until) : Utc(delivered));
        (await auth.DueEmailsAsync()).Should().Equal(Email);

        static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text + "Z", CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_failure_at_the_end_of_the_hours_is_tried_again_on_the_next_day()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var body = AuthUnderTest.Persona(Email);
        (body["timeZone"], body["activeHours"]) = ("Europe/Berlin", "09:00-18:00");
        var id = (await auth.UpsertAsync(body)).Json.GetProperty("userId").GetString()!;
        var closing = new DateTimeOffset(2026, 11, 25, 17, 0, 0, TimeSpan.Zero);
        auth.Clock.SetUtcNow(closing.AddSeconds(-30));
        var due = Due(await PostAsync(auth, id, "t1", "failed", auth.Clock.GetUtcNow(), "mcp: away"));
        due.Should().BeOnOrAfter(closing.AddHours(15)).And.BeBefore(closing.AddHours(17), "the day's place is within two hours from 09:00");
        auth.Clock.SetUtcNow(closing.AddHours(1));
        (await auth.DueEmailsAsync()).Should().BeEmpty();
        auth.Clock.SetUtcNow(due);
        (await auth.DueEmailsAsync()).Should().Equal(Email);
    }

    [Fact]
    public async Task A_scheduled_persona_keeps_its_place_in_the_day_however_late_its_ticks_end()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var body = AuthUnderTest.Persona(Email);
        body["timeZone"] = "Europe/Berlin";
        var id = (await auth.UpsertAsync(body)).Json.GetProperty("userId").GetString()!;
        var first = Due(await PostAsync(auth, id, "t0", "completed", Start));
        for (var day = 1; day <= 5; day++)
        {
            auth.Clock.SetUtcNow(first.AddDays(day - 1).AddHours(day));
            (await auth.DueEmailsAsync()).Should().Equal(Email);
            Due(await PostAsync(auth, id, $"t{day}", "completed", auth.Clock.GetUtcNow())).Should().Be(first.AddDays(day));
            (await auth.DueEmailsAsync()).Should().BeEmpty();
        }
    }

    private static async Task<IReadOnlyList<JsonElement>> ReportsAsync(AuthUnderTest auth, string id) =>
    [
        (await auth.AdminAsync(HttpMethod.Get, $"/api/v1/admin/personas/{id}")).Json.GetProperty("persona"),
        (await auth.AdminAsync(HttpMethod.Get, "/api/v1/admin/personas")).Json.GetProperty("personas")[0],
    ];

    private static DateTimeOffset Due(Answer answer) =>
        DateTimeOffset.Parse(answer.Json.GetProperty("nextDueAt").GetString()!, CultureInfo.InvariantCulture);

    private static Task<Answer> PostAsync(AuthUnderTest auth, string id, string tickId, string outcome, DateTimeOffset endedAt, string? error = null) =>
        auth.InternalAsync(
            HttpMethod.Post,
            $"/api/v1/internal/personas/{id}/ticks",
            new { tickId, outcome, startedAt = endedAt.AddSeconds(-30), endedAt, brain = "simulated", toolCalls = 3, error });
}
