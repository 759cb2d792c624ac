using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Contracts;
using Mana.Hosting.Storage;

namespace Mana.PersonaRunner.Recording;

/// <summary>
/// Writes a tick down while it happens: every phase, turn, call (its intent before it is sent, its result after) and
/// rating. Each method returns once the row is on disk.
/// </summary>
internal sealed class TickStore(ServiceDatabase database)
{
    public Task OpenAsync(TickRow tick, CancellationToken cancellationToken) =>
        database.WriteAsync((db, ct) => db.AddRowAsync(tick, ct), cancellationToken);

    /// <summary>The tick leaves the queue: its time counts from here.</summary>
    public Task BeginAsync(TickId tick, DateTimeOffset startedAt, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.RunAsync(
                "update ticks set started_at = @at, phase = @phase where id = @id", ct,
                ("at", startedAt), ("phase", TickPhases.SignIn), ("id", tick.Value)),
            cancellationToken);

    /// <summary>Stores all of it in one transaction.</summary>
    public Task AddAsync(TickId tick, TickNotes notes, CancellationToken cancellationToken) =>
        database.WriteAsync((db, ct) => AddAsync(db, tick, notes, ct), cancellationToken);

    public Task CallResultAsync(TickId tick, int seq, bool isError, string output, int latencyMs, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.RunAsync(
                "update calls set result = @result, output = @output, latency_ms = @latency where tick_id = @id and seq = @seq", ct,
                ("result", isError ? "error" : "ok"), ("output", output), ("latency", latencyMs), ("id", tick.Value), ("seq", seq)),
            cancellationToken);

    public Task RatingsAsync(TickId tick, IReadOnlyList<RatingRow> ratings, int missing, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                await db.AddRowsAsync(ratings, ct);
                await db.RunAsync("update ticks set missing_ratings = @missing where id = @id", ct, ("missing", missing), ("id", tick.Value));
            },
            cancellationToken);

    /// <summary>Ends the tick and, in the same transaction, puts everything that mana-auth must hear into the outbox.</summary>
    /// <returns>False when it had ended already.</returns>
    public Task<bool> EndAsync(
        TickId tick, TickNotes notes, string outcome, string? stage, string? error, DateTimeOffset endedAt, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                await AddAsync(db, tick, notes, ct);
                var updated = await db.RunAsync(
                    """
                    update ticks set phase = @phase, outcome = @outcome, stage = @stage, error = @error, ended_at = @at
                    where id = @id and ended_at is null
                    """,
                    ct,
                    ("phase", TickPhases.Ended), ("outcome", outcome), ("stage", stage), ("error", error), ("at", endedAt), ("id", tick.Value));
                if (updated == 0)
                {
                    return false;
                }

                var ended = await db.RowAsync<TickRow>("select * from ticks where id = @id", ct, ("id", tick.Value));
                var calls = await db.RowsAsync<CallRow>("select * from calls where tick_id = @id order by seq", ct, ("id", tick.Value));
                var ratings = await db.RowsAsync<RatingRow>("select * from ratings where tick_id = @id order by module", ct, ("id", tick.Value));
                await db.AddRowsAsync(OutboxPayloads.For(ended!, calls, ratings).ToList(), ct);
                return true;
            },
            cancellationToken);

    /// <summary>Closes a tick that has not begun: nothing is delivered of it, so that its persona stays due.</summary>
    public Task AbandonAsync(TickId tick, string reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.GetTable<TickRow>()
                .Where(row => row.Id == tick.Value && row.EndedAt == null)
                .Set(row => row.Phase, TickPhases.Ended)
                .Set(row => row.Outcome, TickOutcomes.Failed)
                .Set(row => row.Stage, Ticks.TickStages.Stopped)
                .Set(row => row.Error, reason)
                .Set(row => row.EndedAt, now)
                .UpdateAsync(ct),
            cancellationToken);

    /// <summary>
    /// Ends what a crash left open. A tick that had not begun is only closed, so that its persona stays due; one that had
    /// is delivered with what it did.
    /// </summary>
    /// <returns>How many ticks were open.</returns>
    public async Task<int> CloseInterruptedAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var open = await database.ReadAsync(
            (db, ct) => db.GetTable<TickRow>().Where(row => row.EndedAt == null).OrderBy(row => row.Id).ToListAsync(ct), cancellationToken);
        foreach (var tick in open)
        {
            if (tick.Phase == TickPhases.Queued)
            {
                await AbandonAsync(new TickId(tick.Id), "the runner stopped before the tick began; the persona stays due", now, cancellationToken);
            }
            else
            {
                await EndAsync(
                    new TickId(tick.Id), new TickNotes(), TickOutcomes.Failed, Ticks.TickStages.Stopped,
                    $"the runner stopped during this tick (phase {tick.Phase})", now, cancellationToken);
            }
        }

        return open.Count;
    }

    public async Task<string?> SettingAsync(string key, CancellationToken cancellationToken) =>
        (await database.ReadAsync((db, ct) => db.GetTable<SettingRow>().FirstOrDefaultAsync(row => row.Key == key, ct), cancellationToken))?.Value;

    public Task SetSettingAsync(string key, string value, CancellationToken cancellationToken) =>
        database.WriteAsync((db, ct) => db.InsertOrReplaceAsync(new SettingRow { Key = key, Value = value }, token: ct), cancellationToken);

    private static async Task AddAsync(DataConnection db, TickId tick, TickNotes notes, CancellationToken cancellationToken)
    {
        if (notes.Phases is [.., var phase])
        {
            await db.RunAsync("update ticks set phase = @phase where id = @id", cancellationToken, ("phase", phase), ("id", tick.Value));
        }

        if (notes.Summary is { } summary)
        {
            await db.RunAsync("update ticks set summary = @summary where id = @id", cancellationToken, ("summary", summary), ("id", tick.Value));
        }

        // A connection that breaks during a commit leaves open whether it was stored; the end of the tick brings it again.
        await db.AddNewRowsAsync(notes.ModelCalls, cancellationToken);
        await db.AddNewRowsAsync(notes.Turns, cancellationToken);
        await db.AddNewRowsAsync(notes.Calls, cancellationToken);
    }
}

/// <summary>What was noted since the last write and goes to the disk with the next one.</summary>
internal sealed class TickNotes
{
    /// <summary>The phases that were entered; the last is the one that lasts.</summary>
    public List<string> Phases { get; } = [];

    public List<TurnRow> Turns { get; } = [];

    public List<ModelCallRow> ModelCalls { get; } = [];

    /// <summary>Calls that are about to be made.</summary>
    public List<CallRow> Calls { get; } = [];

    public string? Summary { get; set; }

    public bool IsEmpty => Phases.Count + Turns.Count + ModelCalls.Count + Calls.Count == 0 && Summary is null;
}

/// <summary>What mana-auth hears of a tick: its actions, its ratings, its outcome; in this order.</summary>
internal static class OutboxPayloads
{
    public const string Actions = "actions";
    public const string Feedback = "feedback";
    public const string Outcome = "ticks";

    private const int MaxErrorLength = 500;
    private const int MaxNoteLength = 1000;

    public static IEnumerable<OutboxRow> For(TickRow tick, IReadOnlyList<CallRow> calls, IReadOnlyList<RatingRow> ratings)
    {
        var id = new TickId(tick.Id);
        var batch = 0;
        foreach (var chunk in calls.Chunk(ActionsRequest.MaxBatch))
        {
            var rows = chunk.Select(call => new ActionRow(
                id,
                call.Tool,
                call.Result ?? "error",
                call.InputHash,
                call.Result == "ok" ? null : Cut(call.Output ?? "no answer before the tick ended", MaxErrorLength),
                call.LatencyMs,
                call.Seq)).ToList();
            yield return Row(tick, $"1-{batch++:000}", Actions, JsonSerializer.Serialize(new ActionsRequest(rows), AuthJson.Default.ActionsRequest));
        }

        batch = 0;
        foreach (var chunk in ratings.Where(rating => rating.Rating is not null).Chunk(FeedbackRequest.MaxBatch))
        {
            var rows = chunk.Select(rating => new FeedbackRow(id, rating.Module, rating.Rating!.Value, Cut(rating.Note, MaxNoteLength))).ToList();
            yield return Row(tick, $"2-{batch++:000}", Feedback, JsonSerializer.Serialize(new FeedbackRequest(rows), AuthJson.Default.FeedbackRequest));
        }

        var outcome = new TickOutcomeRequest(
            id, tick.Outcome!, tick.StartedAt, tick.EndedAt!.Value, tick.Brain, calls.Count, Cut(tick.Error, MaxErrorLength));
        yield return Row(tick, "3-000", Outcome, JsonSerializer.Serialize(outcome, AuthJson.Default.TickOutcomeRequest));
    }

    private static OutboxRow Row(TickRow tick, string order, string kind, string payload) => new()
    {
        // Tick ids sort by time, so ids order a persona's rows as they came about.
        Id = $"{tick.Id}/{order}",
        TickId = tick.Id,
        PersonaId = tick.PersonaId,
        Kind = kind,
        Payload = payload,
        NextAttemptAt = tick.EndedAt!.Value,
        CreatedAt = tick.EndedAt.Value,
    };

    private static string? Cut(string? text, int length) => text is null ? null : PlainText.Cut(text, length);
}
