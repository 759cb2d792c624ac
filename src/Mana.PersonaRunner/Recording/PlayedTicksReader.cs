using LinqToDB;
using LinqToDB.Async;
using Mana.Contracts;
using Mana.Hosting.Storage;
using Mana.PersonaRunner.Simulation;

namespace Mana.PersonaRunner.Recording;

/// <summary>Sums up what was played since a moment.</summary>
internal sealed class PlayedTicksReader(ServiceDatabase database)
{
    public Task<PlayedTicks> ReadAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (db, ct) =>
            {
                var ticks = db.GetTable<TickRow>().Where(tick => tick.StartedAt >= since);
                var rows = await ticks.OrderBy(tick => tick.StartedAt)
                    .Select(tick => new { tick.PersonaId, tick.StartedAt, tick.Outcome, tick.Stage, tick.Error }).ToListAsync(ct);
                var calls = db.GetTable<CallRow>().Where(call => ticks.Any(tick => tick.Id == call.TickId));
                var ratings = await db.GetTable<RatingRow>().Where(rating => rating.Rating != null && ticks.Any(tick => tick.Id == rating.TickId))
                    .GroupBy(rating => new { rating.Module, rating.Rating })
                    .Select(group => new { group.Key.Module, group.Key.Rating, Count = group.Count() }).ToListAsync(ct);
                return new PlayedTicks(
                    rows.ConvertAll(row => new PlayedTick(new UserId(row.PersonaId), row.StartedAt, row.Outcome, row.Stage, row.Error)),
                    await calls.CountAsync(ct),
                    await calls.CountAsync(call => call.Result != "ok", ct),
                    [.. ratings.GroupBy(row => row.Module).OrderBy(module => module.Key, StringComparer.Ordinal).Select(module => new ModuleRatings(
                        module.Key, [.. Enumerable.Range(1, 5).Select(value => module.Where(row => row.Rating == value).Sum(row => row.Count))]))]);
            },
            cancellationToken);
}
