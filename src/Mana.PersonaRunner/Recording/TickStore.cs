using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Contracts;
using Mana.Hosting.Storage;
using Mana.PersonaRunner.Ticks;

namespace Mana.PersonaRunner.Recording;

/// <summary>
/// Writes a tick down while it happens: every phase, model turn, call (its intent before it is sent, its result after)
/// and rating. Each method returns once the rows are on disk, and refuses a writer whose epoch is not the newest.
/// </summary>
internal sealed class TickStore(ServiceDatabase database)
{
    // The row is held until the end of the transaction, so that nobody takes the tick between the look and the write.
    // SQLite has one writer anyway.
    private readonly string _fence =
        "select 1 from ticks where id = @id and epoch = @epoch and ended_at is null" + (database.Kind == DatabaseKind.PostgreSql ? " for share" : "");

    /// <summary>Stores all of it in one transaction.</summary>
    /// <exception cref="StaleEpochException">Another process has the tick.</exception>
    public Task AddAsync(TickId tick, long epoch, TickNotes notes, CancellationToken cancellationToken) =>
        database.WriteAsync((db, ct) => AddAsync(db, tick, epoch, notes, ct), cancellationToken);

    /// <summary>The result of a call whose intent is stored: <c>ok</c>, <c>error</c> or <c>in-doubt</c>.</summary>
    /// <exception cref="StaleEpochException">Another process has the tick.</exception>
    public Task CallResultAsync(TickId tick, long epoch, int seq, string result, string output, int latencyMs, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                await FenceAsync(db, tick, epoch, ct);
                await db.RunAsync(
                    "update calls set result = @result, output = @output, latency_ms = @latency where tick_id = @id and seq = @seq", ct,
                    ("result", result), ("output", output), ("latency", latencyMs), ("id", tick.Value), ("seq", seq));
            },
            cancellationToken);

    /// <summary>The ratings, in place of those that an earlier process may have stored.</summary>
    /// <exception cref="StaleEpochException">Another process has the tick.</exception>
    public Task RatingsAsync(TickId tick, long epoch, IReadOnlyList<RatingRow> ratings, int missing, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                await FenceAsync(db, tick, epoch, ct);
                if (epoch > 1)
                {
                    await db.RunAsync("delete from ratings where tick_id = @id", ct, ("id", tick.Value));
                }

                await db.AddRowsAsync(ratings, ct);
                await db.RunAsync("update ticks set missing_ratings = @missing where id = @id", ct, ("missing", missing), ("id", tick.Value));
            },
            cancellationToken);

    /// <summary>
    /// Ends the tick and, in the same transaction, puts everything that mana-auth must hear into the outbox and counts
    /// for the persona's schedule.
    /// </summary>
    /// <exception cref="StaleEpochException">Another process has the tick, or it has ended.</exception>
    public Task EndAsync(
        TickId tick, long epoch, TickNotes notes, string outcome, string? stage, string? error, DateTimeOffset endedAt, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                await AddAsync(db, tick, epoch, notes, ct);
                await EndAsync(db, tick, outcome, stage, error, endedAt, ct);
            },
            cancellationToken);

    /// <summary>
    /// Ends an open tick from outside, whether it waits, runs or is parked: whoever runs it can write no more from then
    /// on. What it did is kept and delivered as at any end.
    /// </summary>
    /// <returns>The tick as it was before, null when there is none; and whether it was open.</returns>
    public Task<(TickRow? Tick, bool IsDone)> CancelAsync(TickId tick, string error, DateTimeOffset endedAt, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                var isOpen = await db.RunAsync("update ticks set epoch = epoch + 1 where id = @id and ended_at is null", ct, ("id", tick.Value)) > 0;
                var row = await db.RowAsync<TickRow>("select * from ticks where id = @id", ct, ("id", tick.Value));
                if (isOpen)
                {
                    await EndAsync(db, tick, TickOutcomes.Failed, TickStages.Cancelled, error, endedAt, ct);
                }

                return (row, isOpen);
            },
            cancellationToken);

    public async Task<string?> SettingAsync(string key, CancellationToken cancellationToken) =>
        (await database.ReadAsync((db, ct) => db.GetTable<SettingRow>().FirstOrDefaultAsync(row => row.Key == key, ct), cancellationToken))?.Value;

    public Task SetSettingAsync(string key, string value, CancellationToken cancellationToken) =>
        database.WriteAsync((db, ct) => db.InsertOrReplaceAsync(new SettingRow { Key = key, Value = value }, token: ct), cancellationToken);

    private static async Task EndAsync(
        DataConnection db, TickId tick, string outcome, string? stage, string? error, DateTimeOffset endedAt, CancellationToken cancellationToken)
    {
        await db.RunAsync(
            """
            update ticks set phase = @phase, outcome = @outcome, stage = @stage, error = @error, ended_at = @at, owner = null
            where id = @id
            """,
            cancellationToken,
            ("phase", TickPhases.Ended), ("outcome", outcome), ("stage", stage), ("error", error), ("at", endedAt), ("id", tick.Value));
        var ended = (await db.RowAsync<TickRow>("select * from ticks where id = @id", cancellationToken, ("id", tick.Value)))!;
        var calls = await db.RowsAsync<CallRow>("select * from calls where tick_id = @id order by seq", cancellationToken, ("id", tick.Value));
        var ratings = await db.RowsAsync<RatingRow>("select * from ratings where tick_id = @id order by module", cancellationToken, ("id", tick.Value));
        await db.AddRowsAsync(OutboxPayloads.For(ended, calls, ratings).ToList(), cancellationToken);
        await PersonaStates.EndedAsync(db, ended, cancellationToken);
    }

    private async Task FenceAsync(DataConnection db, TickId tick, long epoch, CancellationToken cancellationToken)
    {
        if (await db.ExecuteAsync<int?>(_fence, cancellationToken, new DataParameter("id", tick.Value), new DataParameter("epoch", epoch)) is null)
        {
            throw new StaleEpochException(tick);
        }
    }

    private async Task AddAsync(DataConnection db, TickId tick, long epoch, TickNotes notes, CancellationToken cancellationToken)
    {
        await FenceAsync(db, tick, epoch, cancellationToken);
        if (notes.Phases is [.., var phase])
        {
            await db.RunAsync("update ticks set phase = @phase where id = @id", cancellationToken, ("phase", phase), ("id", tick.Value));
        }

        if (notes.Summary is { } summary)
        {
            await db.RunAsync("update ticks set summary = @summary where id = @id", cancellationToken, ("summary", summary), ("id", tick.Value));
        }

        // A connection that breaks during a commit leaves open whether it was stored; the end of the tick brings it again.
        await db.AddNewRowsAsync(notes.Turns, cancellationToken);
        foreach (var answer in notes.Answered)
        {
            await db.RunAsync(
                """
                update model_calls set finish = @finish, input_tokens = @input, output_tokens = @output, cache_read_tokens = @read,
                  cache_write_tokens = @write, latency_ms = @latency, content = @content
                where tick_id = @id and seq = @seq
                """,
                cancellationToken,
                ("finish", answer.Finish), ("input", answer.InputTokens), ("output", answer.OutputTokens), ("read", answer.CacheReadTokens),
                ("write", answer.CacheWriteTokens), ("latency", answer.LatencyMs), ("content", answer.Content), ("id", tick.Value), ("seq", answer.Seq));
        }

        await db.AddNewRowsAsync(notes.Asked, cancellationToken);
        await db.AddNewRowsAsync(notes.Calls, cancellationToken);
        foreach (var seq in notes.AskedAgain)
        {
            await db.RunAsync("update model_calls set asked = asked + 1 where tick_id = @id and seq = @seq", cancellationToken, ("id", tick.Value), ("seq", seq));
        }

        foreach (var seq in notes.CallsAgain)
        {
            await db.RunAsync("update calls set sent = sent + 1 where tick_id = @id and seq = @seq", cancellationToken, ("id", tick.Value), ("seq", seq));
        }

        if (notes.Withdrawn is { } withdrawn)
        {
            await db.RunAsync(
                "delete from model_calls where tick_id = @id and seq = @seq and content is null and asked = 1", cancellationToken,
                ("id", tick.Value), ("seq", withdrawn));
        }
    }
}
