using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
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

namespace Mana.Tests.Runner.Support;

/// <summary>What can happen to one request to mana-auth.</summary>
internal enum DeliveryFault
{
    None,
    Unavailable,
    TooMany,
    WrongKey,
    LostBefore,
    TimedOutBefore,

    // From here on mana-auth has handled the request, but the runner does not hear of it.
    FailedAfter,
    LostAfter,
    TimedOutAfter,
    KilledAfter,

    KilledBefore,
}

/// <summary>The outbox and its delivery on a disk, between real ends of ticks and a mana-auth that fails as it is told.</summary>
internal sealed class ScriptedDelivery : HttpMessageHandler
{
    /// <summary>A row with this in it is one that mana-auth refuses for good.</summary>
    public const string Poison = "poison";

    private readonly TemporaryDirectory _directory = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly HttpClient _http;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<string>> _arrived = new(StringComparer.Ordinal);
    private readonly RunnerSettings _settings;
    private ServiceDatabase _database;
    private int _serial;

    public ScriptedDelivery()
    {
        var configuration = HostUnderTest.Configuration(new Dictionary<string, string?> { ["MANA_DATA"] = _directory.Path, ["MANA_SERVICE_KEY"] = "key" });
        _settings = RunnerSettings.Read(new SettingsReader(configuration), configuration, ManaEnvironment.From(configuration));
        _http = new HttpClient(this);
        _database = Open();
        Delivery = NewDelivery();
    }

    public FakeTimeProvider Clock { get; } = new(RunnerUnderTest.Start);

    /// <summary>The clock of leases and time-outs.</summary>
    public FakeTimeProvider Time { get; } = new(RunnerUnderTest.Start);

    public OutboxDelivery Delivery { get; private set; }

    public Outbox Outbox => new(_database);

    /// <summary>What the next requests meet, in their order; after them all is well.</summary>
    public ConcurrentQueue<DeliveryFault> Faults { get; } = new();

    /// <summary>Until then nobody answers.</summary>
    public DateTimeOffset AwayUntil { get; set; }

    /// <summary>Runs in the middle of a request, when mana-auth has handled it.</summary>
    public Func<CancellationToken, Task> Handled { get; set; } = _ => Task.CompletedTask;

    /// <summary>The runner was killed by a fault and must be started again.</summary>
    public bool IsDead { get; private set; }

    /// <summary>The rows that must arrive, by persona, in their order.</summary>
    public Dictionary<string, List<string>> Expected { get; } = new(StringComparer.Ordinal);

    /// <summary>The rows that mana-auth has, by persona, in the order of their first arrival.</summary>
    public IReadOnlyDictionary<string, List<string>> Arrived => _arrived;

    public int Poisoned { get; private set; }

    /// <summary>Ends a tick of the persona, as the runner does; the poison is in the batch of this kind.</summary>
    public async Task EndTickAsync(string persona, string? poison)
    {
        var now = Clock.GetUtcNow();
        var due = new DuePersona(new UserId(persona), persona + "@mana.test", "", "", new Dictionary<string, double>(), "daily", null);
        var id = new TickId((++_serial).ToString("tick-00000", CultureInfo.InvariantCulture));
        var ticks = new OpenTicks(_database);
        var store = new TickStore(_database);
        await ticks.OpenAsync(
            [new TickRow
            {
                Id = id.Value, PersonaId = persona, Email = due.Email, Name = persona, Brain = "test", Phase = TickPhases.Queued, StartedAt = now,
                Persona = System.Text.Json.JsonSerializer.Serialize(due, AuthJson.Default.DuePersona),
            }],
            askedAt: null,
            CancellationToken.None);
        var tick = (await ticks.TakeAsync(id, "node", now, CancellationToken.None))!;
        var notes = new TickNotes();
        notes.Calls.Add(new CallRow { TickId = id.Value, Tool = poison == "actions" ? "todo." + Poison : "todo.create", Module = "todo", Input = "{}", At = now, Result = "ok" });
        await store.AddAsync(id, tick.Epoch, notes, CancellationToken.None);
        await store.RatingsAsync(
            id, tick.Epoch, [new RatingRow { TickId = id.Value, Module = "todo", Rating = 3, Note = poison == "feedback" ? Poison : "gut", At = now }], 0, CancellationToken.None);
        await store.EndAsync(id, tick.Epoch, new TickNotes(), TickOutcomes.Completed, null, poison == "ticks" ? Poison : null, now, CancellationToken.None);

        var rows = (await Outbox.OfAsync(new UserId(persona), CancellationToken.None)).Where(row => row.TickId == id.Value).ToList();
        rows.Should().HaveCount(3);
        Poisoned += rows.Count(row => IsPoison(row.Payload));
        Of(Expected, persona).AddRange(rows.Select(row => row.Payload).Where(payload => !IsPoison(payload)));
    }

    /// <summary>Stops the runner, or finds it dead, and starts it again on the same disk.</summary>
    public async Task RestartAsync()
    {
        Delivery.Dispose();
        await _database.DisposeAsync();
        IsDead = false;
        _database = Open();
        Delivery = NewDelivery();
    }

    /// <summary>All rows that are left, set aside or not.</summary>
    public async Task<IReadOnlyList<OutboxRow>> LeftAsync() =>
        await _database.ReadAsync((db, ct) => db.RowsAsync<OutboxRow>("select * from outbox order by seq", ct), CancellationToken.None);

    public async Task CloseAsync()
    {
        Delivery.Dispose();
        await _database.DisposeAsync();
        _http.Dispose();
        await _services.DisposeAsync();
        _directory.Dispose();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var persona = request.RequestUri!.Segments[^2].TrimEnd('/');
        var payload = await request.Content!.ReadAsStringAsync(CancellationToken.None);
        var fault = Clock.GetUtcNow() < AwayUntil ? DeliveryFault.LostBefore : Faults.TryDequeue(out var next) ? next : DeliveryFault.None;
        switch (fault)
        {
            case DeliveryFault.Unavailable:
                return Answer(HttpStatusCode.ServiceUnavailable);
            case DeliveryFault.TooMany:
                return Answer(HttpStatusCode.TooManyRequests);
            case DeliveryFault.WrongKey:
                return Answer(HttpStatusCode.Unauthorized);
            case DeliveryFault.LostBefore:
                throw new HttpRequestException(HttpRequestError.ConnectionError);
            case DeliveryFault.TimedOutBefore:
                throw new TaskCanceledException();
            case DeliveryFault.KilledBefore:
                await KillAsync();
                break;
        }

        if (IsPoison(payload))
        {
            return Answer(HttpStatusCode.BadRequest);
        }

        lock (_lock)
        {
            var rows = Of(_arrived, persona);
            if (!rows.Contains(payload))
            {
                rows.Add(payload);
            }
        }

        await Handled(cancellationToken);
        switch (fault)
        {
            case DeliveryFault.FailedAfter:
                return Answer(HttpStatusCode.InternalServerError);
            case DeliveryFault.LostAfter:
                throw new HttpRequestException(HttpRequestError.ResponseEnded);
            case DeliveryFault.TimedOutAfter:
                throw new TaskCanceledException();
            case DeliveryFault.KilledAfter:
                await KillAsync();
                break;
        }

        return Answer(HttpStatusCode.OK);
    }

    private static bool IsPoison(string payload) => payload.Contains(Poison, StringComparison.Ordinal);

    private static HttpResponseMessage Answer(HttpStatusCode status) => new(status) { Content = new StringContent("{\"ok\":true}") };

    private static List<string> Of(Dictionary<string, List<string>> rows, string persona)
    {
        if (!rows.TryGetValue(persona, out var list))
        {
            rows.Add(persona, list = []);
        }

        return list;
    }

    /// <summary>From here on the runner writes nothing more, whatever its code still tries.</summary>
    private async Task KillAsync()
    {
        IsDead = true;
        await _database.DisposeAsync();
        throw new InvalidOperationException("The runner is dead.");
    }

    private ServiceDatabase Open() => ServiceDatabase.Open(_settings.Database, typeof(RunnerHost).Assembly);

    private OutboxDelivery NewDelivery() => new(
        Outbox,
        new ManaAuthClient(_http, _settings),
        new RunnerMetrics(_services.GetRequiredService<IMeterFactory>(), new DomainClock(Clock)),
        _settings,
        new NodeName("node"),
        new DomainClock(Clock),
        Time,
        NullLogger<OutboxDelivery>.Instance);
}
