using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Http;
using Mana.Hosting.Storage;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mana.PersonaRunner.Diagnostics;

/// <summary><c>GET /health</c>: the contract's members, the last tick, and 503 when the loop or the store is stuck.</summary>
internal static class HealthEndpoint
{
    public static void MapHealth(this IEndpointRouteBuilder app) => app.MapGet("/health", HealthAsync);

    private static async Task<IResult> HealthAsync(
        TickClock tickClock,
        TickRunner runner,
        PauseSwitch pause,
        RunnerSettings settings,
        Brain brain,
        Outbox outbox,
        ServiceDatabase database,
        NodeName node,
        RunName run,
        IClusterView cluster,
        DomainClock clock,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var last = tickClock.Last;
        var status = "ok";
        var waiting = new OutboxState(0, 0, null);
        try
        {
            await database.ProbeAsync(cancellationToken);
            waiting = await outbox.StateAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            status = "unhealthy: " + (StoreFault.Of(e) is { } fault ? $"the store cannot be used: {fault}" : "the store does not answer");
        }

        // A beat waits for one HTTP call of at most 20 s a page; three missed ones are no slow network any more.
        if (tickClock.DisabledReason is null && clock.GetUtcNow() - tickClock.LastMove > (3 * settings.TickInterval) + TimeSpan.FromMinutes(1))
        {
            status = $"unhealthy: the tick loop has not moved since {IsoTime.Format(tickClock.LastMove)}";
        }

        var overdue = runner.Active.Count(job => job.StartedAt is { } start && time.GetElapsedTime(start) > settings.TickDeadline + TimeSpan.FromMinutes(1));
        if (overdue > 0)
        {
            status = $"unhealthy: {overdue} ticks are past their deadline and do not end";
        }

        var health = new RunnerHealth(
            status,
            RunnerHost.Service,
            pause.IsPaused,
            (int)settings.TickInterval.TotalMilliseconds,
            settings.Concurrency,
            ServiceHost.Version,
            brain.Name,
            brain.Model,
            tickClock.DisabledReason is null,
            tickClock.DisabledReason,
            last.At,
            last.LastTickAt,
            last.Error,
            runner.Active.Count(job => job.StartedAt is not null),
            waiting.Rows,
            node.Value,
            cluster.Count,
            run.Value,
            waiting.SetAside,
            waiting.WaitsSince);
        return JsonAnswer.Of(health, RunnerJson.Default.RunnerHealth, statusCode: status == "ok" ? 200 : 503);
    }
}
