using System.Text.Json;
using LinqToDB;
using Mana.Auth.Storage;
using Mana.Contracts;

namespace Mana.Tests.Auth;

public sealed class DueTests
{
    private static readonly DateTimeOffset Saturday = new(2026, 11, 28, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_answer_has_the_contract_fields_and_ours()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var id = await auth.NewPersonaAsync("persona.anna@mana.test");
        (await auth.InternalAsync(HttpMethod.Get, "/api/v1/internal/personas/due")).ShouldBe(200, $$"""
            {"personas":[{"userId":"{{id}}","email":"persona.anna@mana.test","archetype":"adhd-student","systemPrompt":"Du bist Anna und studierst.",
              "moduleMix":{"todo":0.6,"journal":0.4},"tickCadence":"daily","lastActiveAt":null,"name":"Anna","timeZone":null,"language":null,
              "activeHours":null,"failures":0}],
             "serverTime":"2026-11-25T10:00:00.000Z","next":null}
            """);
        (await auth.SendAsync(HttpMethod.Get, "/api/v1/internal/personas/due")).ShouldBe(401, """{"statusCode":401,"message":"Invalid or missing service key"}""");
        (await auth.SendAsync(HttpMethod.Get, "/api/v1/internal/unknown")).Status.Should().Be(401);
        var unknown = await auth.InternalAsync(HttpMethod.Get, "/api/v1/internal/unknown");
        (unknown.Status, unknown.Text).Should().Be((404, "404 Not Found"));
    }

    [Theory]
    [InlineData("hourly", 1)]
    [InlineData("daily", 24)]
    [InlineData("weekdays", 24)]
    public async Task A_persona_is_due_again_when_its_time_is_up_to_the_millisecond(string cadence, int hours)
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var id = await auth.NewPersonaAsync("persona.anna@mana.test", cadence);
        (await auth.DueEmailsAsync()).Should().HaveCount(1);
        await TouchAsync(auth, id, "t1");
        (await auth.DueEmailsAsync()).Should().BeEmpty();
        auth.Clock.Advance(TimeSpan.FromHours(hours) - TimeSpan.FromMilliseconds(1));
        (await auth.DueEmailsAsync()).Should().BeEmpty();
        auth.Clock.Advance(TimeSpan.FromMilliseconds(1));
        (await auth.DueEmailsAsync()).Should().HaveCount(1);
    }

    [Fact]
    public async Task Weekdays_rest_on_the_weekend_even_when_they_missed_friday()
    {
        await using var auth = await AuthUnderTest.StartAsync(now: Saturday.AddDays(-2));
        var worker = await auth.NewPersonaAsync("persona.marcus@mana.test", "weekdays");
        await auth.NewPersonaAsync("persona.anna@mana.test");
        await TouchAsync(auth, worker, "t1");

        auth.Clock.SetUtcNow(Saturday.AddHours(-10));
        (await auth.DueEmailsAsync()).Should().Equal("persona.anna@mana.test", "persona.marcus@mana.test");
        auth.Clock.SetUtcNow(Saturday);
        (await auth.DueEmailsAsync()).Should().Equal("persona.anna@mana.test");
        auth.Clock.SetUtcNow(Saturday.AddDays(1));
        (await auth.DueEmailsAsync()).Should().Equal("persona.anna@mana.test");
        auth.Clock.SetUtcNow(Saturday.AddDays(1).AddHours(15));
        (await auth.DueEmailsAsync()).Should().Equal("persona.anna@mana.test", "persona.marcus@mana.test");
    }

    [Fact]
    public async Task Scopes_and_addresses_narrow_or_widen_the_answer()
    {
        await using var auth = await AuthUnderTest.StartAsync(now: Saturday);
        var active = await auth.NewPersonaAsync("persona.active@mana.test");
        await auth.NewPersonaAsync("persona.worker@mana.test", "weekdays");
        await TouchAsync(auth, active, "t1");

        (await auth.DueEmailsAsync()).Should().BeEmpty();
        (await auth.DueEmailsAsync("?scope=due")).Should().BeEmpty();
        (await auth.DueEmailsAsync("?scope=never-ticked")).Should().Equal("persona.worker@mana.test");
        (await auth.DueEmailsAsync("?scope=all")).Should().Equal("persona.worker@mana.test", "persona.active@mana.test");
        (await auth.DueEmailsAsync("?scope=all&email=Persona.Active@mana.test")).Should().Equal("persona.active@mana.test");
        (await auth.DueEmailsAsync("?scope=all&email=a@b.c&email=persona.worker@mana.test")).Should().Equal("persona.worker@mana.test");
    }

    [Fact]
    public async Task A_bad_query_is_named()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        (string Query, string Error)[] cases =
        [
            ("?scope=some", "`scope` must be one of due, never-ticked, all"),
            ("?limit=0", "`limit` must be a whole number from 1 to 500"),
            ("?limit=501", "`limit` must be a whole number from 1 to 500"),
            ("?limit=x", "`limit` must be a whole number from 1 to 500"),
            ("?after=!", "`after` must be the `next` of the page before"),
            ("?after=bm9uZQ", "`after` must be the `next` of the page before"),
            ("?email=%00", "`email` must be an e-mail address, at most 100 of them"),
        ];
        foreach (var (query, error) in cases)
        {
            (await auth.InternalAsync(HttpMethod.Get, "/api/v1/internal/personas/due" + query)).ShouldBe(400, JsonSerializer.Serialize(new { error }));
        }
    }

    [Theory]
    [InlineData("due")]
    [InlineData("never-ticked")]
    [InlineData("all")]
    public async Task Pages_together_are_the_whole_without_gaps_or_doubles(string scope)
    {
        await using var auth = await AuthUnderTest.StartAsync(now: Saturday.AddDays(-1));
        for (var i = 0; i < 11; i++)
        {
            // Every other one rests on the day of the question: rows that are passed over must not end a page early.
            await auth.NewPersonaAsync($"persona.p{i:00}@mana.test", i % 2 == 0 ? "daily" : "weekdays");
            if (i % 3 == 0)
            {
                auth.Clock.Advance(TimeSpan.FromSeconds(1));
            }
        }

        auth.Clock.SetUtcNow(Saturday);
        var whole = await auth.DueEmailsAsync($"?scope={scope}");
        whole.Should().HaveCount(scope == "due" ? 6 : 11);
        foreach (var limit in (int[])[1, 2, 3, 11, 500])
        {
            var seen = new List<string>();
            string? next = "";
            while (next is not null)
            {
                var page = (await auth.InternalAsync(HttpMethod.Get, $"/api/v1/internal/personas/due?scope={scope}&limit={limit}&after={next}")).Json;
                var emails = page.GetProperty("personas").EnumerateArray().Select(persona => persona.GetProperty("email").GetString()!).ToList();
                emails.Should().HaveCountGreaterThan(0).And.HaveCountLessThanOrEqualTo(limit);
                seen.AddRange(emails);
                next = page.GetProperty("next").GetString();
            }

            seen.Should().BeEquivalentTo(whole).And.OnlyHaveUniqueItems();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("?limit=10")]
    [InlineData("?scope=all")]
    public async Task Who_was_deleted_is_not_due(string query)
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var gone = await auth.NewPersonaAsync("persona.gone@mana.test");
        await auth.NewPersonaAsync("persona.here@mana.test");
        await auth.Database.WriteAsync(
            (db, ct) => db.GetTable<UserRow>().Where(user => user.Id == gone).Set(user => user.DeletedAt, (DateTimeOffset?)Saturday).UpdateAsync(ct),
            AuthUnderTest.Cancellation);
        (await auth.DueEmailsAsync(query)).Should().Equal("persona.here@mana.test");
    }

    [Fact]
    public async Task The_longest_idle_come_first_and_the_new_ones_before_them()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var first = await auth.NewPersonaAsync("persona.first@mana.test");
        var second = await auth.NewPersonaAsync("persona.second@mana.test");
        await auth.NewPersonaAsync("persona.never@mana.test");
        await TouchAsync(auth, second, "t1");
        auth.Clock.Advance(TimeSpan.FromMinutes(1));
        await TouchAsync(auth, first, "t2");
        auth.Clock.Advance(TimeSpan.FromDays(2));
        (await auth.DueEmailsAsync()).Should().Equal("persona.never@mana.test", "persona.second@mana.test", "persona.first@mana.test");
    }

    [Fact]
    public async Task Cron_active_hours_and_zone_decide_too()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var cron = AuthUnderTest.Persona("persona.cron@mana.test", "cron:30 12 * * *");
        cron["timeZone"] = "Europe/Berlin";
        await auth.UpsertAsync(cron);
        var night = AuthUnderTest.Persona("persona.night@mana.test");
        night["timeZone"] = "Europe/Berlin";
        night["activeHours"] = "22:00-02:00";
        await auth.UpsertAsync(night);

        (await auth.DueEmailsAsync()).Should().BeEmpty();
        auth.Clock.SetUtcNow(AuthUnderTest.Wednesday.AddHours(1.5).AddMilliseconds(-1));
        (await auth.DueEmailsAsync()).Should().BeEmpty();
        auth.Clock.Advance(Schedule.CronJitter);
        (await auth.DueEmailsAsync()).Should().Equal("persona.cron@mana.test");
        auth.Clock.SetUtcNow(AuthUnderTest.Wednesday.AddHours(11).AddMilliseconds(-1));
        (await auth.DueEmailsAsync("?email=persona.night@mana.test")).Should().BeEmpty();
        auth.Clock.Advance(Schedule.DailyJitter);
        (await auth.DueEmailsAsync("?email=persona.night@mana.test")).Should().HaveCount(1);
        auth.Clock.SetUtcNow(AuthUnderTest.Wednesday.AddHours(15));
        (await auth.DueEmailsAsync("?email=persona.night@mana.test")).Should().BeEmpty("it is 02:00 in Berlin");
    }

    [Fact]
    public async Task A_changed_cadence_moves_the_next_visit()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var id = await auth.NewPersonaAsync("persona.anna@mana.test");
        await TouchAsync(auth, id, "t1");
        auth.Clock.Advance(TimeSpan.FromHours(2));
        (await auth.DueEmailsAsync()).Should().BeEmpty();
        auth.ForgetAdminToken();
        await auth.NewPersonaAsync("persona.anna@mana.test", "hourly");
        (await auth.DueEmailsAsync()).Should().HaveCount(1);
    }

    private static async Task TouchAsync(AuthUnderTest auth, string id, string tickId) =>
        (await auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{id}/actions", AuditTests.Actions(tickId, 1))).Status.Should().Be(200);
}
