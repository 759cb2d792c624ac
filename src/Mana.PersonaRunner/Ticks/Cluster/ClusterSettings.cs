using System.Net;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>How this node meets the others. Alone, on SQLite, it meets nobody and these settings are never needed.</summary>
internal sealed record ClusterSettings
{
    /// <summary><c>CLUSTER_ID</c>, default mana: nodes with the same id and the same database are one cluster.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// <c>CLUSTER_ADDRESS</c>, default 127.0.0.1: where the other nodes reach this one. The traffic between nodes is neither
    /// signed nor encrypted, so this must be loopback or an address of a private network.
    /// </summary>
    public required IPAddress Address { get; init; }

    /// <summary><c>CLUSTER_PORT</c>, default 0: a free one.</summary>
    public required int Port { get; init; }

    /// <summary>Whether there can be other nodes: on PostgreSQL only.</summary>
    public required bool IsShared { get; init; }

    public static ClusterSettings Read(SettingsReader settings, DatabaseSettings database)
    {
        const string AddressKey = "CLUSTER_ADDRESS";
        if (!IPAddress.TryParse(settings.Text(AddressKey, "127.0.0.1"), out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            settings.Fault($"{AddressKey} must be the IP address at which the other nodes reach this one, such as 10.0.0.5");
            address = IPAddress.Loopback;
        }

        return new ClusterSettings
        {
            Id = settings.Text("CLUSTER_ID", "mana"),
            Address = address,
            Port = settings.Port("CLUSTER_PORT", 0),
            IsShared = database.Kind == DatabaseKind.PostgreSql,
        };
    }
}
