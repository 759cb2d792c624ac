using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Contracts;
using Mana.Hosting.Storage;

namespace Mana.PersonaRunner.Recording;

/// <summary>Reads ticks back for the API, the page and the command line.</summary>
internal sealed class TickReader(ServiceDatabase database)
{
    /// <summary>The newest ticks, of one persona where an e-mail is given; of those that wait for delivery the oldest, which hold up others.</summary>
    /// <param name="limit">The most that are returned.</param>
    /// <param name="persona">Whose, by e-mail or name in any case; null for all.</param>
    /// <param name="undelivered">Only those that mana-auth has not acknowledged all of.</param>
    /// <param name="run">Only those that this run opened; null for all.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public Task<List<TickSummary>> ListAsync(int limit, string? persona, bool undelivered, string? run, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (db, ct) =>
            {
                var query = db.GetTable<TickRow>().AsQueryable();
                if (persona?.ToLowerInvariant() is { } wanted)
                {
                    query = query.Where(row => row.Email == wanted || Sql.Lower(row.Name) == wanted);
                }

                if (undelivered)
                {
                    query = query.Where(row => db.GetTable<OutboxRow>().Select(batch => batch.TickId).Contains(row.Id));
                }

                if (run is not null)
                {
                    query = query.Where(row => row.Run == run);
                }

                query = undelivered
                    ? query.OrderBy(row => row.StartedAt).ThenBy(row => row.Id)
                    : query.OrderByDescending(row => row.StartedAt).ThenByDescending(row => row.Id);
                var ticks = await query.Take(limit).ToListAsync(ct);
                return await SummariesAsync(db, ticks, ct);
            },
            cancellationToken);

    /// <summary>What the newest runs opened.</summary>
    public Task<List<RunSummary>> RunsAsync(int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (db, ct) => db.GetTable<TickRow>()
                .Where(row => row.Run != null)
                .GroupBy(row => row.Run!)
                .OrderByDescending(run => run.Key)
                .Take(limit)
                .Select(run => new RunSummary(
                    run.Key,
                    run.Count(),
                    run.Count(row => row.EndedAt == null),
                    run.Count(row => row.Outcome == TickOutcomes.Failed || row.Outcome == TickOutcomes.TimedOut),
                    run.CountExt(row => row.PersonaId, Sql.AggregateModifier.Distinct),
                    run.Min(row => row.StartedAt),
                    run.Max(row => row.StartedAt)))
                .ToListAsync(ct),
            cancellationToken);

    /// <summary>Everything of one tick; null when there is none of this id.</summary>
    public Task<TickDetail?> FindAsync(TickId id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (db, ct) =>
            {
                var tick = await db.GetTable<TickRow>().FirstOrDefaultAsync(row => row.Id == id.Value, ct);
                if (tick is null)
                {
                    return null;
                }

                var turns = await db.GetTable<TurnRow>().Where(row => row.TickId == id.Value).OrderBy(row => row.Seq).ToListAsync(ct);
                var calls = await db.GetTable<CallRow>().Where(row => row.TickId == id.Value).OrderBy(row => row.Seq).ToListAsync(ct);
                var ratings = await db.GetTable<RatingRow>().Where(row => row.TickId == id.Value).OrderBy(row => row.Module).ToListAsync(ct);
                var asked = await db.GetTable<ModelCallRow>().Where(row => row.TickId == id.Value).ToListAsync(ct);
                var models = asked.Where(row => row.Content is not null || row.Finish is not null).ToList();
                var outbox = await db.GetTable<OutboxRow>().Where(row => row.TickId == id.Value).OrderBy(row => row.Seq).ToListAsync(ct);
                return new TickDetail(
                    (await SummariesAsync(db, [tick], ct))[0],
                    tick.Summary,
                    [.. turns.Select(turn => new TickTurn(turn.Seq, turn.Role, turn.Text, turn.At))],
                    [.. calls.Select(ToView)],
                    [.. ratings.Select(ToView)],
                    new TickUsage(
                        models.Count,
                        models.Sum(call => call.InputTokens),
                        models.Sum(call => call.OutputTokens),
                        models.Sum(call => call.CacheReadTokens),
                        models.Sum(call => call.CacheWriteTokens)),
                    asked.Sum(call => call.Asked - 1),
                    [.. outbox.Select(ToView)]);
            },
            cancellationToken);

    /// <summary>The newest ratings over all personas.</summary>
    public Task<List<(TickRow Tick, RatingRow Rating)>> LastRatingsAsync(int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (db, ct) =>
            {
                var rows = await db.GetTable<RatingRow>()
                    .Join(db.GetTable<TickRow>(), rating => rating.TickId, tick => tick.Id, (rating, tick) => new { Tick = tick, Rating = rating })
                    .OrderByDescending(row => row.Rating.At)
                    .ThenByDescending(row => row.Rating.TickId)
                    .Take(limit)
                    .ToListAsync(ct);
                return rows.ConvertAll(row => (row.Tick, row.Rating));
            },
            cancellationToken);

    /// <summary>When the last tick began; null when there never was one.</summary>
    public Task<DateTimeOffset?> LastStartedAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            (db, ct) => db.GetTable<TickRow>().OrderByDescending(row => row.StartedAt).Select(row => (DateTimeOffset?)row.StartedAt).FirstOrDefaultAsync(ct),
            cancellationToken);

    /// <summary>How the tick ended; null while it is open or when there is none of this id.</summary>
    public Task<TickRow?> EndOfAsync(TickId id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (db, ct) => db.GetTable<TickRow>().FirstOrDefaultAsync(row => row.Id == id.Value && row.EndedAt != null, ct), cancellationToken);

    /// <summary>What the persona said of its last visit, and when that was.</summary>
    public async Task<(string Text, DateTimeOffset At)?> LastSummaryAsync(UserId persona, CancellationToken cancellationToken)
    {
        var tick = await database.ReadAsync(
            (db, ct) => db.RowAsync<TickRow>(
                "select * from ticks where persona_id = @persona and summary is not null order by started_at desc limit 1", ct, ("persona", persona.Value)),
            cancellationToken);
        return tick is null ? null : (tick.Summary!, tick.StartedAt);
    }

    private static async Task<List<TickSummary>> SummariesAsync(DataConnection db, List<TickRow> ticks, CancellationToken cancellationToken)
    {
        var ids = ticks.ConvertAll(tick => tick.Id);
        var calls = (await db.GetTable<CallRow>().Where(row => ids.Contains(row.TickId)).GroupBy(row => row.TickId)
            .Select(group => new { group.Key, Count = group.Count() }).ToListAsync(cancellationToken)).ToDictionary(row => row.Key, row => row.Count);
        var ratings = (await db.GetTable<RatingRow>().Where(row => ids.Contains(row.TickId) && row.Rating != null).GroupBy(row => row.TickId)
            .Select(group => new { group.Key, Count = group.Count() }).ToListAsync(cancellationToken)).ToDictionary(row => row.Key, row => row.Count);
        var waiting = (await db.GetTable<OutboxRow>().Where(row => ids.Contains(row.TickId)).OrderBy(row => row.Seq)
            .Select(row => new { row.TickId, row.SetAside, row.LastError, row.Attempts }).ToListAsync(cancellationToken)).ToLookup(row => row.TickId);
        return ticks.ConvertAll(tick => new TickSummary(
            new TickId(tick.Id),
            new UserId(tick.PersonaId),
            tick.Email,
            tick.Name,
            tick.Brain,
            tick.Model,
            tick.Phase,
            tick.Outcome,
            tick.Error,
            tick.StartedAt,
            tick.EndedAt,
            calls.GetValueOrDefault(tick.Id),
            ratings.GetValueOrDefault(tick.Id),
            tick.MissingRatings,
            tick.EndedAt is not null && !waiting.Contains(tick.Id),
            tick.Stage,
            tick.Epoch,
            tick.Owner,
            waiting[tick.Id].Count(),
            waiting[tick.Id].Count(row => row.SetAside),
            waiting[tick.Id].Select(row => row.LastError).FirstOrDefault(error => error is not null),
            tick.Run,
            waiting[tick.Id].Select(row => row.Attempts).FirstOrDefault()));
    }

    private static TickCall ToView(CallRow call) => new(
        call.Seq, call.Turn, call.ToolUseId, call.Tool, call.Module, JsonElement.Parse(call.Input), call.Result, call.Output, call.LatencyMs, call.At,
        call.Sent);

    private static UndeliveredBatch ToView(OutboxRow row) => new(
        row.Id, row.Kind, row.Attempts, row.SetAside, row.LastError, row.SetAside ? null : row.NextAttemptAt);

    private static TickRating ToView(RatingRow rating) => new(
        rating.Module, rating.Rating, rating.WhatHappened, rating.Note, JsonSerializer.Deserialize(rating.Evidence, RunnerJson.Default.IReadOnlyListInt32) ?? []);
}
