using System.Text.Json.Serialization;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Http;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Ticks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mana.PersonaRunner.Diagnostics;

/// <summary>The wire contract's <c>/diag/*</c>: development and loopback only, 404 everywhere else.</summary>
internal static class DiagEndpoints
{
    public static void MapDiagnostics(this IEndpointRouteBuilder app)
    {
        app.MapGet("/diag/login", LoginAsync);
        app.MapPost("/diag/tick", TickAsync);
    }

    private static async Task<IResult> LoginAsync(
        HttpContext context, ManaEnvironment environment, IPlatform platform, string? email, CancellationToken cancellationToken)
    {
        if (Refused(context, environment) is { } refusal)
        {
            return refusal;
        }

        if (string.IsNullOrWhiteSpace(email))
        {
            return Error(400, "email query required");
        }

        try
        {
            // mana-auth keeps addresses in lower case, and the password is derived from what it keeps.
            email = email.Trim().ToLowerInvariant();
            var persona = new DuePersona(default, email, "", "", new Dictionary<string, double>(), "", null);
            var access = await platform.SignInAsync(persona, cancellationToken);
            return JsonAnswer.Of(new DiagLogin(true, email, access.UserId, access.SpaceId), DiagJson.Default.DiagLogin);
        }
        catch (PlatformException e)
        {
            return JsonAnswer.Of(new DiagFailure(false, e.Message), DiagJson.Default.DiagFailure, statusCode: 500);
        }
    }

    private static async Task<IResult> TickAsync(
        HttpContext context,
        ManaEnvironment environment,
        RunnerSettings settings,
        TickRounds rounds,
        TickEnds ends,
        PauseSwitch pause,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (Refused(context, environment) is { } refusal)
        {
            return refusal;
        }

        if (settings.ServiceKey is null)
        {
            return Error(500, "MANA_SERVICE_KEY not set: the runner cannot ask mana-auth who is due");
        }

        var start = time.GetTimestamp();
        if (pause.IsPaused)
        {
            return Done(0, 0, []);
        }

        try
        {
            var looks = new List<Round>();
            await rounds.BeatAsync(looks.Add, cancellationToken);
            List<StartedTick> ticks = [.. looks.SelectMany(look => look.Ticks)];
            var failed = new List<DiagFailedPersona>();
            var results = await ends.WaitAsync([.. ticks.Select(tick => tick.TickId)], cancellationToken);
            foreach (var (tick, result) in ticks.Zip(results))
            {
                if (result.Outcome is TickOutcomes.Failed or TickOutcomes.TimedOut)
                {
                    failed.Add(new DiagFailedPersona(tick.Email, result.Error ?? result.Outcome));
                }
            }

            // A later look finds those that an earlier one has let in.
            var skipped = looks.SelectMany(look => look.Skipped).Where(one => ticks.TrueForAll(tick => tick.Email != one.Email)).DistinctBy(one => one.Email).ToList();
            failed.AddRange(skipped.Select(one => new DiagFailedPersona(one.Email, one.Reason)));
            return Done(ticks.Count + skipped.Count, ticks.Count + skipped.Count - failed.Count, failed);
        }
        catch (PlatformException e)
        {
            return JsonAnswer.Of(new DiagFailure(false, e.Message), DiagJson.Default.DiagFailure, statusCode: 500);
        }

        IResult Done(int due, int succeeded, IReadOnlyList<DiagFailedPersona> failed) => JsonAnswer.Of(
            new DiagTick(true, new DiagTickResult(due, succeeded, failed, (long)time.GetElapsedTime(start).TotalMilliseconds)), DiagJson.Default.DiagTick);
    }

    private static IResult? Refused(HttpContext context, ManaEnvironment environment)
    {
        if (environment.IsDevelopment && AccessGate.IsThisMachine(context))
        {
            return null;
        }

        return Error(404, environment.IsDevelopment ? "diagnostics answer this machine only" : "diagnostics disabled in production");
    }

    private static IResult Error(int status, string error) => JsonAnswer.Of(new DiagError(error), DiagJson.Default.DiagError, statusCode: status);
}

internal sealed record DiagError(string Error);

internal sealed record DiagFailure(bool Ok, string Error);

internal sealed record DiagLogin(bool Ok, string Email, UserId UserId, SpaceId SpaceId);

internal sealed record DiagTick(bool Ok, DiagTickResult Result);

internal sealed record DiagTickResult(int Due, int RanSuccessfully, IReadOnlyList<DiagFailedPersona> Failed, long DurationMs);

internal sealed record DiagFailedPersona(string Persona, string Error);

/// <summary>JSON of <c>/diag/*</c>.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(DiagError))]
[JsonSerializable(typeof(DiagFailure))]
[JsonSerializable(typeof(DiagLogin))]
[JsonSerializable(typeof(DiagTick))]
internal sealed partial class DiagJson : JsonSerializerContext;
