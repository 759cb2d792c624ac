using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Mana.Mcp.Access;

/// <summary>Tells OAuth clients who signs people in for this gateway (RFC 9728); anybody may ask.</summary>
internal static class ResourceMetadataEndpoint
{
    public static void MapResourceMetadata(this IEndpointRouteBuilder app)
    {
        app.MapGet(ResourceAddress.MetadataPath, (ResourceAddress address, McpSettings settings) => Describe(address, settings));
        app.MapGet(
            ResourceAddress.MetadataPath + "/{**path}",
            Results<JsonHttpResult<ResourceMetadata>, NotFound> (string path, ResourceAddress address, McpSettings settings) =>
                path.Trim('/') == AccessServices.McpPath.Trim('/') || path.Trim('/') == address.Value.AbsolutePath.Trim('/')
                    ? Describe(address, settings)
                    : TypedResults.NotFound());
    }

    private static JsonHttpResult<ResourceMetadata> Describe(ResourceAddress address, McpSettings settings) => TypedResults.Json(
        new ResourceMetadata(
            address.Value.AbsoluteUri.TrimEnd('/'),
            AuthorizationServers(settings),
            TokenScopes.All,
            ["header"],
            "Mana"),
        ResourceMetadataJson.Default.ResourceMetadata);

    // They go by the name of their issuer, which people can reach; MANA_AUTH_URL may be an address between services.
    private static List<string> AuthorizationServers(McpSettings settings) =>
        settings.Issuers.Where(issuer => Uri.TryCreate(issuer, UriKind.Absolute, out var url) && url.Scheme is "http" or "https").ToList() is { Count: > 0 } issuers
            ? issuers
            : [settings.AuthUrl.AbsoluteUri.TrimEnd('/')];
}

internal sealed record ResourceMetadata(
    string Resource,
    IReadOnlyList<string> AuthorizationServers,
    IReadOnlyList<string> ScopesSupported,
    IReadOnlyList<string> BearerMethodsSupported,
    string ResourceName);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ResourceMetadata))]
internal sealed partial class ResourceMetadataJson : JsonSerializerContext;
