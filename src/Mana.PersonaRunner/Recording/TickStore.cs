using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
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
        database.WriteAsync((db, ct) => db.InsertAsync(tick, token: ct), cancellationToken);

    /// <summary>The tick leaves the queue: its time counts from here.</summary>
    public Task BeginAsync(TickId tick, DateTimeOffset startedAt, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.GetTable<TickRow>()
                .Where(row => row.Id == tick.Value)
                .Set(row => row.StartedAt, startedAt)
                .Set(row => row.Phase, TickPhases.SignIn)
                .UpdateAsync(ct),
            cancellationToken);

    public Task PhaseAsync(TickId tick, string phase, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.GetTable<TickRow>().Where(row => row.Id == tick.Value).Set(row => row.Phase, phase).UpdateAsync(ct),
            cancellationToken);

    public Task TurnAsync(TurnRow turn, CancellationToken cancellationToken) =>
        database.WriteAsync((db, ct) => db.InsertAsync(turn, token: ct), cancellationToken);

    public Task ModelCallAsync(ModelCallRow call, CancellationToken cancellationToken) =>
        database.WriteAsync((db, ct) => db.InsertAsync(call, token: ct), cancellationToken);

    public Task CallIntentAsync(CallRow call, CancellationToken cancellationToken) =>
        database.WriteAsync((db, ct) => db.InsertAsync(call, token: ct), cancellationToken);

    public Task CallResultAsync(TickId tick, int seq, bool isError, string output, int latencyMs, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.GetTable<CallRow>()
                .Where(row => row.TickId == tick.Value && row.Seq == seq)
                .Set(row => row.Result, isError ? "error" : "ok")
                .Set(row => row.Output, output)
                .Set(row => row.LatencyMs, latencyMs)
                .UpdateAsync(ct),
            cancellationToken);

    public Task RatingsAsync(TickId tick, IReadOnlyList<RatingRow> ratings, int missing, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                foreach (var rating in ratings)
                {
                    await db.InsertAsync(rating, token: ct);
                }

                await db.GetTable<TickRow>().Where(row => row.Id == tick.Value).Set(row => row.MissingRatings, missing).UpdateAsync(ct);
            },
            cancellationToken);

    public Task SummaryAsync(TickId tick, string summary, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.GetTable<TickRow>().Where(row => row.Id == tick.Value).Set(row => row.Summary, summary).UpdateAsync(ct),
            cancellationToken);

    /// <summary>Ends the tick and, in the same transaction, puts everything that mana-auth must hear into the outbox.</summary>
    /// <returns>False when it had ended already.</returns>
    public Task<bool> EndAsync(
        TickId tick, string outcome, string? stage, string? error, DateTimeOffset endedAt, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                var updated = await db.GetTable<TickRow>()
                    .Where(row => row.Id == tick.Value && row.EndedAt == null)
                    .Set(row => row.Phase, TickPhases.Ended)
                    .Set(row => row.Outcome, outcome)
                    .Set(row => row.Stage, stage)
                    .Set(row => row.Error, error)
                    .Set(row => row.EndedAt, endedAt)
                    .UpdateAsync(ct);
                if (updated == 0)
                {
                    return false;
                }

                var ended = await db.GetTable<TickRow>().FirstAsync(row => row.Id == tick.Value, ct);
                var calls = await db.GetTable<CallRow>().Where(row => row.TickId == tick.Value).OrderBy(row => row.Seq).ToListAsync(ct);
                var ratings = await db.GetTable<RatingRow>().Where(row => row.TickId == tick.Value).OrderBy(row => row.Module).ToListAsync(ct);
                foreach (var row in OutboxPayloads.For(ended, calls, ratings))
                {
                    await db.InsertAsync(row, token: ct);
                }

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
                    new TickId(tick.Id), TickOutcomes.Failed, Ticks.TickStages.Stopped,
                    $"the runner stopped during this tick (phase {tick.Phase})", now, cancellationToken);
            }
        }

        return open.Count;
    }

    public async Task<string?> SettingAsync(string key, CancellationToken cancellationToken) =>
        (await database.ReadAsync((db, ct) => db.GetTable<SettingRow>().FirstOrDefaultAsync(row => row.Key == key, ct), cancellationToken))?.Value;

    public Task SetSettingAsync(string key, string value, CancellationToken cancellationToken) =>
        database.WriteAsync((db, ct) => db.InsertOrReplaceAsync(new SettingRow { Key = key, Value = value }, token: ct), cancellationToken);
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
