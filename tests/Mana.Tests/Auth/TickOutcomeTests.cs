namespace Mana.Tests.Auth;

public sealed class TickOutcomeTests
{
    private static readonly DateTimeOffset Start = AuthUnderTest.Wednesday;

    [Fact]
    public async Task An_idle_tick_moves_the_last_activity_and_is_counted_once()
    {
        await using var auth = await AuthUnderTest.StartAsync(now: Start.AddMinutes(5));
        var id = await auth.NewPersonaAsync("persona.anna@mana.test");
        (await PostAsync(auth, id, "t1", "idle", Start.AddMinutes(2))).ShouldBe(
            200, """{"ok":true,"recorded":true,"nextDueAt":"2026-11-26T10:02:00.000Z","failures":0}""");
        (await auth.DueEmailsAsync()).Should().BeEmpty();
        (await PostAsync(auth, id, "t1", "failed", Start.AddMinutes(4))).ShouldBe(
            200, """{"ok":true,"recorded":false,"nextDueAt":"2026-11-26T10:02:00.000Z","failures":0}""");
        var persona = (await auth.AdminAsync(HttpMethod.Get, $"/api/v1/admin/personas/{id}")).Json.GetProperty("persona");
        persona.GetProperty("lastActiveAt").GetString().Should().Be("2026-11-25T10:02:00.000Z");
    }

    [Fact]
    public async Task Failures_count_in_a_row_and_end_with_a_good_tick()
    {
        await using var auth = await AuthUnderTest.StartAsync(now: Start.AddHours(9));
        var id = await auth.NewPersonaAsync("persona.anna@mana.test", "hourly");
        (await FailuresAsync(auth, id, "t1", "failed", 1)).Should().Be(1);
        (await FailuresAsync(auth, id, "t2", "timed-out", 2)).Should().Be(2);
        (await auth.InternalAsync(HttpMethod.Get, "/api/v1/internal/personas/due?scope=all")).Json.GetProperty("personas")[0].GetProperty("failures").GetInt32().Should().Be(2);
        (await FailuresAsync(auth, id, "t3", "completed", 3)).Should().Be(0);
        (await FailuresAsync(auth, id, "t5", "failed", 5)).Should().Be(1);
        (await FailuresAsync(auth, id, "t4", "failed", 4)).Should().Be(2, "a late delivery counts where it belongs");
        (await FailuresAsync(auth, id, "t2b", "failed", 2)).Should().Be(2, "this one was before the good tick");
        (await FailuresAsync(auth, id, "t6", "idle", 6)).Should().Be(0);
    }

    [Fact]
    public async Task The_last_activity_never_moves_backwards_nor_into_the_future()
    {
        await using var auth = await AuthUnderTest.StartAsync(now: Start.AddHours(2));
        var id = await auth.NewPersonaAsync("persona.anna@mana.test", "hourly");
        (await PostAsync(auth, id, "t2", "completed", Start.AddHours(1))).Json.GetProperty("nextDueAt").GetString().Should().Be("2026-11-25T12:00:00.000Z");
        (await PostAsync(auth, id, "t1", "completed", Start.AddMinutes(1))).Json.GetProperty("nextDueAt").GetString().Should().Be("2026-11-25T12:00:00.000Z");
        (await PostAsync(auth, id, "t3", "completed", Start.AddDays(9))).Json.GetProperty("nextDueAt").GetString().Should().Be("2026-11-25T13:00:00.000Z");
    }

    [Fact]
    public async Task Bad_outcomes_are_named()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var id = await auth.NewPersonaAsync("persona.anna@mana.test");
        var path = $"/api/v1/internal/personas/{id}/ticks";
        const string valid = """{"tickId":"t","outcome":"idle","startedAt":"2026-11-25T10:00:00Z","endedAt":"2026-11-25T10:00:00Z","brain":"simulated","toolCalls":0}""";
        (string Old, string New, string Error)[] cases =
        [
            ("\"t\"", "\"\"", "`tickId` must be a string of 1 to 100 characters"),
            ("\"idle\"", "\"bored\"", "`outcome` must be one of completed, idle, failed, timed-out"),
            ("\"2026-11-25T10:00:00Z\",\"brain\"", "\"2026-11-25T09:00:00Z\",\"brain\"", "`startedAt` and `endedAt` must be ISO 8601 times in that order"),
            ("\"startedAt\":\"2026-11-25T10:00:00Z\"", "\"startedAt\":\"noon\"", "`startedAt` and `endedAt` must be ISO 8601 times in that order"),
            ("\"simulated\"", "7", "`brain` must be a string of 1 to 100 characters"),
            ("\"toolCalls\":0", "\"toolCalls\":-1", "`toolCalls` must be a whole number from 0"),
            ("\"toolCalls\":0", "\"toolCalls\":0,\"error\":{}", "`error` must be a string of at most 4000 characters"),
            ("{", "", "Invalid JSON"),
        ];
        foreach (var (old, changed, error) in cases)
        {
            (await auth.InternalAsync(HttpMethod.Post, path, valid.Replace(old, changed, StringComparison.Ordinal))).ShouldBe(400, $$"""{"error":"{{error}}"}""");
        }

        (await auth.InternalAsync(HttpMethod.Post, "/api/v1/internal/personas/nobody/ticks", valid)).ShouldBe(404, """{"error":"Persona not found"}""");
        (await auth.SendAsync(HttpMethod.Post, path, valid)).Status.Should().Be(401);
        (await auth.InternalAsync(HttpMethod.Post, path, valid)).Status.Should().Be(200);
    }

    private static async Task<int> FailuresAsync(AuthUnderTest auth, string id, string tickId, string outcome, int hour) =>
        (await PostAsync(auth, id, tickId, outcome, Start.AddHours(hour))).Json.GetProperty("failures").GetInt32();

    private static Task<Answer> PostAsync(AuthUnderTest auth, string id, string tickId, string outcome, DateTimeOffset endedAt) =>
        auth.InternalAsync(
            HttpMethod.Post,
            $"/api/v1/internal/personas/{id}/ticks",
            new { tickId, outcome, startedAt = endedAt.AddMinutes(-1), endedAt, brain = "simulated", toolCalls = 3, error = (string?)null });
}
