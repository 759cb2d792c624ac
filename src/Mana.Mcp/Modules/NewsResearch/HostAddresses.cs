using System.Net;
using System.Net.Sockets;

namespace Mana.Mcp.Modules.NewsResearch;

/// <summary>Finds the addresses of a name.</summary>
internal delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken cancellationToken);

/// <summary>
/// Which addresses a feed may be at. One whose own spelling says that it is inside (an address in numbers, a name without
/// a dot, one of the endings kept for private networks) was written there by whoever runs the service, and may. Any other
/// name is one of the internet, whose owner decides where it leads: not to this machine or its network.
/// </summary>
internal static class HostAddresses
{
    private static readonly string[] InsideEndings = [".localhost", ".local", ".internal", ".lan", ".home.arpa"];

    // IANA's special-purpose registries, with multicast and what is reserved.
    private static readonly IPNetwork[] Inside =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    // IPv6 addresses in which an IPv4 address stands: the network, and where it stands.
    private static readonly (IPNetwork Network, int Offset)[] Carriers =
    [
        (IPNetwork.Parse("64:ff9b::/96"), 12), (IPNetwork.Parse("64:ff9b:1::/48"), 12), (IPNetwork.Parse("2002::/16"), 2),
    ];

    /// <summary>Whether the spelling of a host says that it is inside.</summary>
    public static bool IsInside(Uri address) =>
        address.IsLoopback || address.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 || IsInsideName(address.IdnHost);

    /// <summary>Whether an address leads to this machine, its network, or nowhere.</summary>
    public static bool IsInside(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return IsInside(address.MapToIPv4());
        }

        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            var bytes = address.GetAddressBytes();
            foreach (var (network, offset) in Carriers)
            {
                if (network.Contains(address))
                {
                    return IsInside(new IPAddress(bytes.AsSpan(offset, 4)));
                }
            }
        }

        return Array.Exists(Inside, network => network.Contains(address));
    }

    /// <summary>The addresses to which a connection to this host may be made.</summary>
    /// <exception cref="FeedException">There are none.</exception>
    public static async Task<IPAddress[]> AllowedAsync(string host, ResolveHost resolve, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [literal];
        }

        var found = await resolve(host, cancellationToken);
        var allowed = IsInsideName(host) ? found : Array.FindAll(found, address => !IsInside(address));
        return allowed.Length > 0 || found.Length == 0 ? allowed : throw new FeedException("its name leads into a private network, where it may not go");
    }

    private static bool IsInsideName(string host)
    {
        var name = host.TrimEnd('.');
        return !name.Contains('.', StringComparison.Ordinal) || Array.Exists(InsideEndings, ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }
}
