using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Mana.Mcp.Access;

/// <summary>
/// The address by which clients know this gateway (<c>MCP_PUBLIC_URL</c>): the audience of OAuth tokens made for it, and
/// the place of its metadata.
/// </summary>
internal sealed class ResourceAddress(McpSettings settings, IServer server)
{
    /// <summary>Where RFC 9728 wants the metadata, before the path of the resource.</summary>
    public const string MetadataPath = "/.well-known/oauth-protected-resource";

    private Uri? _value;

    /// <summary>The resource. Only a started server knows its port, when the system chose it.</summary>
    public Uri Value => _value ??= settings.PublicUrl ?? new Uri($"http://localhost:{Port()}{AccessServices.McpPath}");

    /// <summary>Where its metadata are.</summary>
    public Uri MetadataUrl => new(Value, MetadataPath + Value.AbsolutePath.TrimEnd('/'));

    /// <summary>The audiences that a token may name: some write the address with a slash at its end.</summary>
    public IEnumerable<string> Audiences => [Value.AbsoluteUri.TrimEnd('/'), Value.AbsoluteUri.TrimEnd('/') + "/"];

    private int Port() => server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } address
        ? new Uri(address).Port
        : McpHost.DefaultPort;
}
