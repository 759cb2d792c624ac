using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Mana.Contracts;
using Mana.Hosting.Http;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Mana.PersonaRunner.Dashboard;

/// <summary>The runner's own API: run, watch, read and pause ticks. Guarded by <see cref="AccessGate"/>.</summary>
internal static class RunnerApi
{
    private const int MaxListed = 2000;
    private const int DefaultListed = 50;

    public static void MapRunnerApi(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1").AddEndpointFilter<AccessGate>();
        api.MapPost("/ticks", RunAsync);
        api.MapGet("/ticks", ListAsync);
        api.MapGet("/ticks/{id}", FindAsync);
        api.MapGet("/runs", RunsAsync);
        api.MapGet("/live", LiveAsync);
        api.MapGet("/events", Events);
        api.MapPost("/pause", (PauseSwitch pause, IClusterClock cluster, CancellationToken cancellationToken) => SetAsync(pause, cluster, true, cancellationToken));
        api.MapPost("/resume", (PauseSwitch pause, IClusterClock cluster, CancellationToken cancellationToken) => SetAsync(pause, cluster, false, cancellationToken));
    }

    private static async Task<IResult> RunAsync(HttpContext context, TickClock clock, TickRounds rounds, CancellationToken cancellationToken)
    {
        RunTicksRequest? request;
        try
        {
            request = await context.Request.ReadFromJsonAsync(RunnerJson.Default.RunTicksRequest, cancellationToken);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Error(StatusCodes.Status400BadRequest, "Send JSON such as {\"scope\":\"due\"} or {\"scope\":\"all\",\"personas\":[\"persona.anna@mana.test\"]}");
        }

        if (request?.Scope is not (TickScopes.Due or TickScopes.NeverTicked or TickScopes.All))
        {
            return Error(StatusCodes.Status400BadRequest, "scope must be due, never-ticked or all");
        }

        if (request.Personas?.Any(string.IsNullOrWhiteSpace) == true)
        {
            return Error(StatusCodes.Status400BadRequest, "personas must be e-mail addresses");
        }

        if (clock.DisabledReason is { } reason)
        {
            return Error(StatusCodes.Status503ServiceUnavailable, reason);
        }

        try
        {
            var round = await rounds.RunNowAsync(request, cancellationToken);
            return JsonAnswer.Of(
                new RunTicksResponse(round.Ticks, round.Skipped),
                RunnerJson.Default.RunTicksResponse,
                statusCode: StatusCodes.Status202Accepted);
        }
        catch (PlatformException e)
        {
            return Error(StatusCodes.Status502BadGateway, e.Message);
        }
    }

    private static async Task<IResult> ListAsync(
        TickReader reader, string? limit, string? persona, string? undelivered, string? run, CancellationToken cancellationToken)
    {
        if (!TryReadLimit(limit, out var listed))
        {
            return InvalidLimit();
        }

        if (undelivered is not (null or "true" or "false"))
        {
            return Error(StatusCodes.Status400BadRequest, "undelivered must be true or false");
        }

        return JsonAnswer.Of(
            new TickListResponse(await reader.ListAsync(listed, persona, undelivered == "true", run, cancellationToken)), RunnerJson.Default.TickListResponse);
    }

    private static async Task<IResult> RunsAsync(TickReader reader, string? limit, CancellationToken cancellationToken) =>
        TryReadLimit(limit, out var listed)
            ? JsonAnswer.Of(new RunListResponse(await reader.RunsAsync(listed, cancellationToken)), RunnerJson.Default.RunListResponse)
            : InvalidLimit();

    // Read as text: the framework would answer a limit that is no number without saying so.
    private static bool TryReadLimit(string? limit, out int listed)
    {
        listed = DefaultListed;
        return limit is null || (int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out listed) && listed is >= 1 and <= MaxListed);
    }

    private static IResult InvalidLimit() => Error(StatusCodes.Status400BadRequest, $"limit must be a whole number from 1 to {MaxListed}");

    private static async Task<IResult> FindAsync(string id, TickReader reader, CancellationToken cancellationToken) =>
        await reader.FindAsync(new TickId(id), cancellationToken) is { } tick
            ? JsonAnswer.Of(tick, RunnerJson.Default.TickDetail)
            : Error(StatusCodes.Status404NotFound, "There is no tick of this id; GET /api/v1/ticks lists them");

    private static async Task<IResult> LiveAsync(LivePage page, CancellationToken cancellationToken) =>
        JsonAnswer.Of(await page.ReadAsync(cancellationToken), LiveJson.Default.LiveView);

    private static async Task<IResult> SetAsync(PauseSwitch pause, IClusterClock cluster, bool paused, CancellationToken cancellationToken)
    {
        await pause.SetAsync(paused, cancellationToken);
        if (!paused)
        {
            // What was parked goes on now and not at the next look.
            await cluster.SweepAsync(all: true);
        }

        return JsonAnswer.Of(new PauseResponse(true, paused), RunnerJson.Default.PauseResponse);
    }

    private static ServerSentEventsResult<string> Events(TickFeed feed, IHostApplicationLifetime lifetime, CancellationToken cancellationToken) =>
        TypedResults.ServerSentEvents(Items(feed, lifetime.ApplicationStopping, cancellationToken));

    private static async IAsyncEnumerable<SseItem<string>> Items(
        TickFeed feed, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A watcher must not hold up the stop of the service.
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        using var watch = feed.Subscribe();

        // Tells the client that it is subscribed: nothing that is started from now on can be missed.
        yield return new SseItem<string>("{}", "hello");
        while (await NextAsync(watch.Events, both.Token) is { } next)
        {
            yield return new SseItem<string>(JsonAnswer.Text(next, RunnerJson.Default.TickEvent), next.Kind);
        }
    }

    /// <returns>Null when the watching is over.</returns>
    private static async ValueTask<TickEvent?> NextAsync(ChannelReader<TickEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.ReadAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Envelope B.</summary>
    public static IResult Error(int status, string message) =>
        JsonAnswer.Of(new ApiError(status, message), LiveJson.Default.ApiError, statusCode: status);
}

/// <summary>Envelope B, as the middleware writes it.</summary>
internal sealed record ApiError(int StatusCode, string Message);
