using LinqToDB;
using LinqToDB.Async;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.PersonaRunner.Simulation;

/// <summary>
/// What whoever moves the domain clock must know of the runner in its process: when all that a beat set going has come
/// to rest, and in the end what was played.
/// </summary>
public sealed class RunnerRounds
{
    // Often enough that waiting costs little of a round, seldom enough that it takes no processor from it.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(2);

    private readonly TickClock _tickClock;
    private readonly TickRunner _runner;
    private readonly OpenTicks _openTicks;
    private readonly Outbox _outbox;
    private readonly ServiceDatabase _database;
    private readonly DomainClock _clock;
    private readonly TimeProvider _time;

    private RunnerRounds(IServiceProvider services)
    {
        _tickClock = services.GetRequiredService<TickClock>();
        _runner = services.GetRequiredService<TickRunner>();
        _openTicks = services.GetRequiredService<OpenTicks>();
        _outbox = services.GetRequiredService<Outbox>();
        _database = services.GetRequiredService<ServiceDatabase>();
        _clock = services.GetRequiredService<DomainClock>();
        _time = services.GetRequiredService<TimeProvider>();
    }

    /// <summary>Those of a runner that <see cref="RunnerHost"/> made.</summary>
    public static RunnerRounds Of(WebApplication runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return new RunnerRounds(runner.Services);
    }

    /// <summary>
    /// Waits until the beat of this moment has asked who is due, every open tick has ended, and everything that can be
    /// delivered now is. The clock must stand still meanwhile.
    /// </summary>
    public async Task<RoundEnd> SettledAsync(DateTimeOffset beat, CancellationToken cancellationToken)
    {
        while (_tickClock.LastEnd is not { } end || end < beat)
        {
            await Task.Delay(Look, _time, cancellationToken);
        }

        while (true)
        {
            // The store knows of ticks that are on their way to the runner; it is asked only when the runner is idle.
            if (!_runner.Active.Any())
            {
                var next = await _outbox.NextAttemptAsync(cancellationToken);
                if ((next is null || next > _clock.GetUtcNow()) && await _openTicks.CountAsync(cancellationToken) is (0, 0))
                {
                    return new RoundEnd(next, _tickClock.Last.Error);
                }
            }

            await Task.Delay(Look, _time, cancellationToken);
        }
    }

    /// <summary>What was played since a moment.</summary>
    public Task<PlayedTicks> PlayedAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        _database.ReadAsync(
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
