using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.PersonaRunner;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks;
using Mana.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Mana.EndToEnd.Stores;

/// <summary>Two nodes deliver from one PostgreSQL: one at a time sends a persona's rows.</summary>
public sealed class TwoNodesDeliveryTests(PostgresFixture postgres)
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);
    private static readonly UserId Anna = new("anna");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_one_node_sends_a_persona_s_rows_the_other_leaves_them_alone_and_rests()
    {
        await using var nodes = await NodesAsync();
        await nodes.AddAsync(Anna, 3);
        await nodes.AddAsync(new UserId("ben"), 1);

        var sending = nodes.First.DeliverAsync(Anna, Token);
        await nodes.Auth.Arrived.Task.WaitAsync(Token);
        await nodes.Second.DeliverAsync(Anna, Token);
        nodes.Auth.Bodies.Should().Equal("anna/1");
        var wait = await nodes.Second.RoundAsync(Token);
        nodes.Auth.Bodies.Should().Equal(["anna/1", "ben/1"], "others are not held up");
        wait.Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(5), "what another node sends must not keep this one busy");

        nodes.Auth.Release.SetResult();
        await sending;
        nodes.Auth.Bodies.Should().Equal("anna/1", "ben/1", "anna/2", "anna/3");
        (await nodes.Outbox.StateAsync(Token)).Should().Be(new OutboxState(0, 0, null));
    }

    [Fact]
    public async Task The_rows_of_a_node_that_is_gone_are_sent_by_another()
    {
        await using var nodes = await NodesAsync();
        nodes.Auth.Release.SetResult();
        await nodes.AddAsync(Anna, 2);
        (await nodes.Outbox.LeaseAsync(Anna, "dead", TimeSpan.FromMinutes(1), Token)).Should().BeTrue();
        (await nodes.Outbox.LeaseAsync(Anna, "first", TimeSpan.FromMinutes(1), Token)).Should().BeFalse();
        (await nodes.Outbox.LeaseAsync(Anna, "dead", TimeSpan.Zero, Token)).Should().BeTrue("who has it may renew it");

        await nodes.First.DeliverAsync(Anna, Token);

        nodes.Auth.Bodies.Should().Equal("anna/1", "anna/2");
        (await nodes.Outbox.LeaseAsync(Anna, "second", TimeSpan.FromMinutes(1), Token)).Should().BeTrue("it was given back");
    }

    [Fact]
    public async Task A_row_that_is_set_aside_stays_so_whatever_a_slower_attempt_ended_with()
    {
        await using var nodes = await NodesAsync();
        await nodes.AddAsync(Anna, 1);

        await nodes.Outbox.FailedAsync("anna/1", 1, "400", Start, setAside: true, Token);
        await nodes.Outbox.FailedAsync("anna/1", 1, "503", Start, setAside: false, Token);

        (await nodes.Outbox.OfAsync(Anna, Token)).Should().BeEmpty();
    }

    private async Task<Nodes> NodesAsync() => new(await (await postgres.ClusterAsync()).CreateDatabaseAsync(Token));

    private sealed class Nodes : IAsyncDisposable
    {
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        private readonly RunnerSettings _settings;
        private readonly ServiceDatabase _database;
        private readonly HttpClient _http;

        public Nodes(string address)
        {
            var configuration = HostUnderTest.Configuration(new Dictionary<string, string?> { ["DATABASE_URL"] = address, ["MANA_SERVICE_KEY"] = "key" });
            _settings = RunnerSettings.Read(new SettingsReader(configuration), configuration, ManaEnvironment.From(configuration));
            _database = ServiceDatabase.Open(_settings.Database, typeof(RunnerHost).Assembly);
            _http = new HttpClient(Auth);
            First = Node("first");
            Second = Node("second");
        }

        public HoldingAuth Auth { get; } = new();

        public OutboxDelivery First { get; }

        public OutboxDelivery Second { get; }

        public Outbox Outbox => new(_database);

        public Task<int> AddAsync(UserId persona, int rows) => _database.WriteAsync(
            (db, ct) => db.AddRowsAsync(
                Enumerable.Range(1, rows).Select(i => new OutboxRow
                {
                    Id = $"{persona}/{i}",
                    TickId = "tick",
                    PersonaId = persona.Value,
                    Kind = "actions",
                    Payload = $"{persona}/{i}",
                    NextAttemptAt = Start,
                    CreatedAt = Start,
                }).ToList(),
                ct),
            Token);

        public async ValueTask DisposeAsync()
        {
            First.Dispose();
            Second.Dispose();
            _http.Dispose();
            await _database.DisposeAsync();
            await _services.DisposeAsync();
        }

        private OutboxDelivery Node(string name) => new(
            Outbox,
            new ManaAuthClient(_http, _settings),
            new RunnerMetrics(_services.GetRequiredService<IMeterFactory>(), new DomainClock(new FakeTimeProvider(Start))),
            _settings,
            new NodeName(name),
            new DomainClock(new FakeTimeProvider(Start)),
            TimeProvider.System,
            NullLogger<OutboxDelivery>.Instance);
    }

    /// <summary>Keeps the first request until it is let go.</summary>
    private sealed class HoldingAuth : HttpMessageHandler
    {
        public TaskCompletionSource Arrived { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<string> Bodies { get; } = new();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Bodies.Enqueue(await request.Content!.ReadAsStringAsync(cancellationToken));
            if (Arrived.TrySetResult())
            {
                await Release.Task.WaitAsync(cancellationToken);
            }

            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{\"ok\":true}") };
        }
    }
}
