using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mana.Contracts;
using Mana.Hosting;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mana.PersonaRunner.Dashboard;

/// <summary>What the live page shows: the personas, the running and last ticks, the last ratings.</summary>
internal sealed class LivePage(
    IPlatform platform, TickReader reader, PersonaStates states, PauseSwitch pause, TickFeed feed, TickClock tickClock, Brain brain, DomainClock clock, TimeProvider time) : IDisposable
{
    private const int ShownTicks = 30;
    private const int ShownRatings = 20;
    private const int ShownEvents = 100;
    private static readonly TimeSpan PersonasLifetime = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _lock = new(1);
    private IReadOnlyList<DuePersona> _personas = [];
    private long? _personasReadAt;

    public async Task<LiveView> ReadAsync(CancellationToken cancellationToken)
    {
        var ticks = await reader.ListAsync(ShownTicks, null, undelivered: false, null, cancellationToken);
        var ratings = await reader.LastRatingsAsync(ShownRatings, cancellationToken);
        var personas = await PersonasAsync(cancellationToken);
        var known = await states.OfAsync(personas.Select(persona => persona.UserId.Value), cancellationToken);

        // A tick that was removed from the store is gone from the page, too.
        var shown = ticks.Select(tick => tick.Id).ToHashSet();
        return new LiveView(
            clock.GetUtcNow(),
            pause.IsPaused,
            brain.Name,
            brain.Model,
            tickClock.DisabledReason ?? tickClock.Last.Error,
            [.. personas.OrderBy(persona => persona.Email, StringComparer.Ordinal).Select(persona => View(persona, known.GetValueOrDefault(persona.UserId.Value)))],
            ticks,
            [.. ratings.Select(row => new LiveRating(
                new TickId(row.Tick.Id), row.Tick.Name, row.Tick.Brain, row.Rating.Module, row.Rating.Rating, row.Rating.Note, row.Rating.At))],
            [.. feed.Recent().Where(happened => shown.Contains(happened.TickId)).Take(ShownEvents)]);
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>Failures are those that this runner counted: it knows the reason, also where mana-auth cannot count.</summary>
    private static LivePersona View(DuePersona persona, PersonaStateRow? state) => new(
        persona.Email,
        persona.DisplayName(),
        persona.Archetype,
        persona.TickCadence,
        persona.ModuleMix,
        state?.LastEndedAt ?? persona.LastActiveAt,
        Math.Max(persona.Failures, state?.Failures ?? 0),
        state?.LastError,
        state?.NotBefore);

    private async Task<IReadOnlyList<DuePersona>> PersonasAsync(CancellationToken cancellationToken)
    {
        await _lock.WaitAsync(cancellationToken);
        try
        {
            if (_personasReadAt is { } read && time.GetElapsedTime(read) < PersonasLifetime)
            {
                return _personas;
            }

            _personas = tickClock.DisabledReason is null ? await platform.PersonasAsync(TickScopes.All, [], cancellationToken) : [];
            _personasReadAt = time.GetTimestamp();
        }
        catch (PlatformException)
        {
            // The page shows what was known; the beat reports the reason.
            _personasReadAt = time.GetTimestamp();
        }
        finally
        {
            _lock.Release();
        }

        return _personas;
    }
}

internal sealed record LiveView(
    DateTimeOffset Now,
    bool Paused,
    string Brain,
    string? Model,
    string? Problem,
    IReadOnlyList<LivePersona> Personas,
    IReadOnlyList<TickSummary> Ticks,
    IReadOnlyList<LiveRating> Ratings,
    IReadOnlyList<TickEvent> Activity);

internal sealed record LivePersona(
    string Email,
    string Name,
    string Archetype,
    string TickCadence,
    IReadOnlyDictionary<string, double> ModuleMix,
    DateTimeOffset? LastTickAt,
    int Failures,
    string? LastError,
    DateTimeOffset? NotBefore);

internal sealed record LiveRating(TickId TickId, string Name, string Brain, string Module, int? Rating, string? Note, DateTimeOffset At);

/// <summary>JSON of the live page.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, Converters = [typeof(IsoTimeConverter)])]
[JsonSerializable(typeof(LiveView))]
[JsonSerializable(typeof(ApiError))]
internal sealed partial class LiveJson : JsonSerializerContext;

/// <summary>Serves the page and its assets from the assembly.</summary>
internal static class LivePageEndpoints
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public static void MapLivePage(this IEndpointRouteBuilder app)
    {
        var page = app.MapGroup("").AddEndpointFilter<AccessGate>();
        page.MapGet("/", PageAsync);
        page.MapGet("/assets/live.js", (HttpContext context) => Asset(context, "live.js", "text/javascript; charset=utf-8"));
        page.MapGet("/assets/live.css", (HttpContext context) => Asset(context, "live.css", "text/css; charset=utf-8"));
        page.MapGet("/assets/icon.svg", (HttpContext context) => Asset(context, "icon.svg", "image/svg+xml"));
    }

    /// <summary>The page with its first data in it: complete at the load event, for people and for screenshots.</summary>
    private static async Task<IResult> PageAsync(HttpContext context, LivePage live, CancellationToken cancellationToken)
    {
        // The JSON encoder escapes < and &, so that no text of a persona can end the block.
        var first = JsonSerializer.Serialize(await live.ReadAsync(cancellationToken), LiveJson.Default.LiveView);
        using var reader = new StreamReader(Open("index.html"));
        var html = await reader.ReadToEndAsync(cancellationToken);
        Harden(context);
        return Results.Content(html.Replace("{{first}}", first, StringComparison.Ordinal), "text/html; charset=utf-8");
    }

    private static IResult Asset(HttpContext context, string name, string type)
    {
        Harden(context);
        return Results.Stream(Open(name), type);
    }

    private static Stream Open(string name) =>
        Assembly.GetExecutingAssembly().GetManifestResourceStream("Mana.PersonaRunner.Dashboard.Assets." + name)!;

    private static void Harden(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
    }
}
