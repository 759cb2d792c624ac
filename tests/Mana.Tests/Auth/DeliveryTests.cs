using CsCheck;
using LinqToDB;
using LinqToDB.Async;
using Mana.Auth.Audit;
using Mana.Auth.Storage;
using Mana.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Auth;

/// <summary>
/// The receiving end of an outbox that delivers at least once: whatever is repeated, cut differently or late, the tables
/// end as after one delivery of everything in order.
/// </summary>
public sealed class DeliveryTests
{
    private static readonly DateTimeOffset Start = AuthUnderTest.Wednesday;
    private static readonly string[] Modules = ["todo", "notes", "journal", "mood"];
    private static int _personas;

    private static readonly Gen<Tick> Ticks = Gen.Select(
        Gen.Int[0, 12], Gen.Int[0, Modules.Length], Gen.Int[0, TickOutcomes.All.Count - 1],
        (actions, ratings, outcome) => new Tick(actions, ratings, TickOutcomes.All[outcome]));

    // What goes wrong on the way: a delivery again, a batch cut elsewhere, one that begins earlier and brings more.
    private static readonly Gen<Fault> Faults = Gen.Select(
        Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Int[0, 1000], (place, delivery, from, count) => new Fault(place, delivery, from, count));

    [Fact]
    public async Task Any_interleaving_of_repeats_ends_in_the_same_rows()
    {
        await using var auth = await AuthUnderTest.StartAsync(now: Start.AddDays(1));
        await Gen.Select(Ticks.Array[1, 4], Faults.Array[0, 12], Gen.Int[1, 5], Gen.Bool).SampleAsync(
            async (ticks, faults, batch, isShuffled) =>
            {
                var inOrder = InOrder(ticks, batch);
                var expected = await DeliverAsync(auth, inOrder);
                var disturbed = Disturbed(ticks, inOrder, faults, isShuffled);
                var (actual, written) = (await DeliverAsync(auth, disturbed)).WithWritten(out var rows);
                actual.Should().BeEquivalentTo(expected with { Written = 0 });
                written.Should().Be(rows, "what is there already is not counted as written");
            },
            iter: 120,
            threads: 1);
    }

    /// <summary>Actions in batches, ratings, outcome, tick after tick.</summary>
    private static List<Delivery> InOrder(Tick[] ticks, int batch) =>
    [
        .. ticks.SelectMany((tick, number) => Enumerable.Range(0, tick.Actions).Chunk(batch)
            .Select(chunk => new Delivery(number, tick, Kind.Actions, chunk[0], chunk.Length))
            .Append(new Delivery(number, tick, Kind.Feedback, 0, tick.Ratings))
            .Append(new Delivery(number, tick, Kind.Outcome, 0, 1))),
    ];

    private static List<Delivery> Disturbed(Tick[] ticks, List<Delivery> inOrder, Fault[] faults, bool isShuffled)
    {
        var deliveries = new List<Delivery>(inOrder);
        foreach (var fault in faults)
        {
            var original = inOrder[fault.Delivery % inOrder.Count];
            var most = original.Kind switch
            {
                Kind.Actions => ticks[original.Number].Actions,
                Kind.Feedback => original.Tick.Ratings,
                _ => 1,
            };
            var from = most == 0 ? 0 : fault.From % most;
            deliveries.Insert(fault.Place % (deliveries.Count + 1), original with { From = from, Count = most == 0 ? 0 : 1 + (fault.Count % (most - from)) });
        }

        // Also the originals may come in any order: a batch that was set aside and ordered again.
        return isShuffled ? [.. deliveries.OrderBy(delivery => HashCode.Combine(delivery.Number * 31, delivery.From, delivery.Count, (int)delivery.Kind))] : deliveries;
    }

    private static async Task<State> DeliverAsync(AuthUnderTest auth, IReadOnlyList<Delivery> deliveries)
    {
        var id = $"persona-{Interlocked.Increment(ref _personas)}";
        await AddPersonaAsync(auth, id);
        var store = auth.Services.GetRequiredService<AuditStore>();
        var written = 0;
        foreach (var delivery in deliveries.Where(delivery => delivery.Count > 0))
        {
            var range = Enumerable.Range(delivery.From, delivery.Count);
            written += delivery.Kind switch
            {
                Kind.Actions => (await store.AddActionsAsync(id, [.. range.Select(delivery.Action)], AuthUnderTest.Cancellation))!.Value,
                Kind.Feedback => (await store.AddFeedbackAsync(id, [.. range.Select(delivery.Rating)], AuthUnderTest.Cancellation))!.Value,
                _ => (await store.AddOutcomeAsync(id, delivery.Outcome(), AuthUnderTest.Cancellation))!.Recorded ? 1 : 0,
            };
        }

        return await StateAsync(auth, id, written);
    }

    private static Task<State> StateAsync(AuthUnderTest auth, string id, int written) => auth.Database.ReadAsync(
        async (db, ct) =>
        {
            var persona = await db.GetTable<PersonaRow>().SingleAsync(row => row.UserId == id, ct);
            var actions = await db.GetTable<PersonaActionRow>().Where(row => row.PersonaId == id).OrderBy(row => row.TickId).ThenBy(row => row.Seq).ToListAsync(ct);
            var ratings = await db.GetTable<PersonaFeedbackRow>().Where(row => row.PersonaId == id).OrderBy(row => row.TickId).ThenBy(row => row.Module).ToListAsync(ct);
            var ticks = await db.GetTable<PersonaTickRow>().Where(row => row.PersonaId == id).OrderBy(row => row.TickId).ToListAsync(ct);
            return new State(
                [.. actions.Select(row => $"{row.TickId} {row.Seq} {row.ToolName} {row.Result} {row.LatencyMs}")],
                [.. ratings.Select(row => $"{row.TickId} {row.Module} {row.Rating} {row.Notes}")],
                [.. ticks.Select(row => $"{row.TickId} {row.Outcome} {row.EndedAt:o} {row.ToolCalls} {row.Error}")],
                persona.Failures,
                persona.LastFailedAt,
                persona.LastError,
                persona.LastActiveAt,
                written);
        },
        AuthUnderTest.Cancellation);

    private static Task AddPersonaAsync(AuthUnderTest auth, string id) => auth.Database.WriteAsync(
        async (db, ct) =>
        {
            await db.InsertAsync(new UserRow { Id = id, Name = id, Email = $"{id}@mana.test", Kind = UserKinds.Persona, CreatedAt = Start, UpdatedAt = Start }, token: ct);
            await db.InsertAsync(new PersonaRow { UserId = id, Archetype = "a", SystemPrompt = "s", CreatedAt = Start, UpdatedAt = Start }, token: ct);
        },
        AuthUnderTest.Cancellation);

    private enum Kind
    {
        Actions,
        Feedback,
        Outcome,
    }

    private sealed record Tick(int Actions, int Ratings, string Ended);

    private sealed record Fault(int Place, int Delivery, int From, int Count);

    private sealed record Delivery(int Number, Tick Tick, Kind Kind, int From, int Count)
    {
        private string TickId => $"tick-{Number}";

        public PersonaActionRow Action(int seq) => new()
        {
            Id = $"{TickId}-{seq}-todo.create",
            TickId = TickId,
            Seq = seq,
            ToolName = "todo.create",
            Result = seq % 3 == 0 ? "error" : "ok",
            LatencyMs = seq,
        };

        public PersonaFeedbackRow Rating(int module) => new()
        {
            Id = $"{TickId}-{Modules[module]}",
            TickId = TickId,
            Module = Modules[module],
            Rating = 1 + module,
            Notes = "so-so",
        };

        public PersonaTickRow Outcome() => new()
        {
            TickId = TickId,
            Outcome = Tick.Ended,
            StartedAt = Start.AddHours(Number),
            EndedAt = Start.AddHours(Number).AddMinutes(5),
            Brain = "simulated",
            ToolCalls = Tick.Actions,
            Error = Tick.Ended == TickOutcomes.Failed ? $"model: {Number}" : null,
        };
    }

    private sealed record State(
        IReadOnlyList<string> Actions,
        IReadOnlyList<string> Ratings,
        IReadOnlyList<string> Ticks,
        int Failures,
        DateTimeOffset? LastFailedAt,
        string? LastError,
        DateTimeOffset? LastActiveAt,
        int Written)
    {
        public (State State, int Written) WithWritten(out int rows)
        {
            rows = Actions.Count + Ratings.Count + Ticks.Count;
            return (this with { Written = 0 }, Written);
        }
    }
}
