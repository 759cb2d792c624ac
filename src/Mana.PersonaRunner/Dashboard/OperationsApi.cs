using System.Text.Json;
using Mana.Contracts;
using Mana.Hosting.Http;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mana.PersonaRunner.Dashboard;

/// <summary>What operators do: cancel and retry ticks, look at the cluster. Guarded by <see cref="AccessGate"/>.</summary>
internal static class OperationsApi
{
    public static void MapOperationsApi(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1").AddEndpointFilter<AccessGate>();
        api.MapPost("/ticks/{id}/cancel", CancelAsync);
        api.MapPost("/ticks/{id}/retry", RetryAsync);
        api.MapPost("/ticks/{id}/set-aside", SetAsideAsync);
        api.MapPost("/purge", PurgeAsync);
        api.MapGet("/cluster", ClusterAsync);
    }

    private static async Task<IResult> CancelAsync(string id, TickOperations operations, CancellationToken cancellationToken)
    {
        var (done, refusal) = await operations.CancelAsync(new TickId(id), cancellationToken);
        return refusal is null ? JsonAnswer.Of(done!, RunnerJson.Default.CancelTickResponse) : Refused(refusal);
    }

    private static async Task<IResult> RetryAsync(string id, TickOperations operations, TickClock clock, CancellationToken cancellationToken)
    {
        if (clock.DisabledReason is { } reason)
        {
            return RunnerApi.Error(StatusCodes.Status503ServiceUnavailable, reason);
        }

        var (done, refusal) = await operations.RetryAsync(new TickId(id), cancellationToken);
        return refusal is null
            ? JsonAnswer.Of(done!, RunnerJson.Default.RetryTickResponse, statusCode: StatusCodes.Status202Accepted)
            : Refused(refusal);
    }

    private static async Task<IResult> SetAsideAsync(string id, TickOperations operations, CancellationToken cancellationToken)
    {
        var (done, refusal) = await operations.SetAsideAsync(new TickId(id), cancellationToken);
        return refusal is null ? JsonAnswer.Of(done!, RunnerJson.Default.SetAsideTickResponse) : Refused(refusal);
    }

    private static async Task<IResult> PurgeAsync(HttpContext context, RunnerPurge purge, CancellationToken cancellationToken)
    {
        PurgeRequest? request;
        try
        {
            request = await context.Request.ReadFromJsonAsync(RunnerJson.Default.PurgeRequest, cancellationToken);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            request = null;
        }

        return request switch
        {
            { Email: { Length: > 0 } email, TickIds: null } =>
                JsonAnswer.Of(await purge.PersonaAsync(email.ToLowerInvariant(), cancellationToken), RunnerJson.Default.PurgeResponse),
            { Email: null, TickIds: { Count: > 0 and <= PurgeRequest.MaxTicks } ids } =>
                JsonAnswer.Of(
                    await purge.TicksAsync(ids.Select(id => id.Value).ToHashSet(StringComparer.Ordinal), cancellationToken), RunnerJson.Default.PurgeResponse),
            _ => RunnerApi.Error(
                StatusCodes.Status400BadRequest, $"Send JSON such as {{\"email\":\"persona.anna@mana.test\"}} or {{\"tickIds\":[…]}} with at most {PurgeRequest.MaxTicks} ids"),
        };
    }

    private static async Task<IResult> ClusterAsync(
        IClusterView cluster, OpenTicks openTicks, TickClock clock, PauseSwitch pause, NodeName node, RunnerSettings settings, CancellationToken cancellationToken)
    {
        var (nodes, clockNode) = await cluster.ReadAsync(cancellationToken);
        var open = await openTicks.CountByOwnerAsync(cancellationToken);
        var last = clock.Last;
        return JsonAnswer.Of(
            new ClusterResponse(
                settings.Cluster.IsShared,
                settings.Cluster.Id,
                node.Value,
                [.. nodes.Select(one => one with { Running = open.Where(group => group.Owner == one.Name).Sum(group => group.Count) })],
                clockNode,
                pause.IsPaused,
                open.Where(group => group.Owner is null && group.IsQueued).Sum(group => group.Count),
                open.Where(group => group.Owner is null && !group.IsQueued).Sum(group => group.Count),
                open.Where(group => group.Owner is { } owner && nodes.All(one => one.Name != owner)).Sum(group => group.Count),
                last.At,
                last.At + settings.TickInterval,
                clock.DisabledReason ?? last.Error),
            RunnerJson.Default.ClusterResponse);
    }

    private static IResult Refused(Refusal refusal) =>
        RunnerApi.Error(refusal.IsUnknown ? StatusCodes.Status404NotFound : StatusCodes.Status409Conflict, refusal.Reason);
}
