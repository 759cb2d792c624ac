using LinqToDB;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.PersonaRunner;
using Mana.PersonaRunner.Recording;
using Mana.Testing;

namespace Mana.Tests.Runner;

public sealed class OpenTicksTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 9, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory = new();
    private readonly ServiceDatabase _database;
    private readonly OpenTicks _ticks;

    public OpenTicksTests()
    {
        var settings = new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?> { [DatabaseSettings.DirectoryKey] = _directory.Path }));
        _database = ServiceDatabase.Open(DatabaseSettings.Read(settings, "runner"), typeof(RunnerHost).Assembly);
        _ticks = new OpenTicks(_database);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Who_ended_a_tick_after_it_was_asked_who_is_due_gets_no_second_one()
    {
        await EndedAsync("before", Now.AddMinutes(-1));
        await EndedAsync("since", Now.AddMinutes(1));

        var opened = await _ticks.OpenAsync([Row("before"), Row("since"), Row("never")], Now, Token);

        opened.Should().BeEquivalentTo("tick-of-before", "tick-of-never");
        (await _ticks.CountAsync(Token)).Should().Be((2, 0));
    }

    [Fact]
    public async Task A_tick_that_is_wanted_in_any_case_is_opened_nevertheless()
    {
        await EndedAsync("since", Now.AddMinutes(1));

        (await _ticks.OpenAsync([Row("since")], askedAt: null, Token)).Should().Equal("tick-of-since");
    }

    [Fact]
    public async Task A_tick_of_a_time_that_is_yet_to_come_is_nobody_s_for_a_clock_that_has_been_set_back()
    {
        await _ticks.OpenAsync([Row("anna")], askedAt: null, Token);

        (await OrphansAsync(Now.AddSeconds(-1))).Should().BeEmpty("it has just been opened");
        (await OrphansAsync(Now)).Should().ContainSingle();
        (await OrphansAsync(Now.AddDays(-1))).Should().ContainSingle();
        (await OrphansAsync(DateTimeOffset.MaxValue)).Should().ContainSingle();

        Task<List<OrphanedTick>> OrphansAsync(DateTimeOffset openedBefore) => _ticks.OrphansAsync([], openedBefore, isPaused: false, 10, Token);
    }

    private static TickRow Row(string persona) => new()
    {
        Id = "tick-of-" + persona,
        PersonaId = persona,
        Email = persona + "@mana.test",
        Name = persona,
        Brain = "test",
        Phase = TickPhases.Queued,
        StartedAt = Now,
        Persona = "{}",
    };

    private Task<int> EndedAsync(string persona, DateTimeOffset at) =>
        _database.WriteAsync((db, ct) => db.InsertAsync(new PersonaStateRow { PersonaId = persona, LastEndedAt = at }, token: ct), Token);
}
