using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Mana.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.ToolPolicies;

internal static class ToolPolicyEndpoints
{
    private const string Path = "/api/v1/me/tool-policy";

    public static void AddToolPolicies(this IServiceCollection services) => services.AddSingleton<ToolPolicyStore>();

    public static void MapToolPolicies(this IEndpointRouteBuilder app)
    {
        app.MapGet(Path, MineAsync).RequireUser();
        app.MapPut(Path, SetAsync).RequireTrustedOrigin().RequireUser();
        app.MapGet("/api/v1/internal/users/{userId}/tool-policy", OfUserAsync);
    }

    private static async Task<IResult> MineAsync(HttpContext context, ToolPolicyStore policies) =>
        Answers.Json(
            new ToolPolicy(await policies.FindAsync(context.CallingUser().Id, context.RequestAborted) ?? []), AuthServerJson.Default.ToolPolicy);

    private static async Task<IResult> SetAsync(HttpContext context, ToolPolicyStore policies)
    {
        if (await RequestBody.ReadAsync(context, RequestBody.SmallLimit) is not { } body)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "Invalid JSON body");
        }

        var faults = new List<string>();
        if (ToolPolicyReader.Read(body, faults) is not { } patterns)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "ValidationError", details: faults);
        }

        await policies.SetAsync(context.CallingUser().Id, patterns, context.RequestAborted);
        return Answers.Json(new ToolPolicy(patterns), AuthServerJson.Default.ToolPolicy);
    }

    private static async Task<IResult> OfUserAsync(string userId, ToolPolicyStore policies, CancellationToken cancellationToken) =>
        await policies.FindAsync(userId, cancellationToken) is { } patterns
            ? Answers.Json(new UserToolPolicy(new UserId(userId), patterns), AuthServerJson.Default.UserToolPolicy)
            : Answers.Error(StatusCodes.Status404NotFound, "User not found");
}
