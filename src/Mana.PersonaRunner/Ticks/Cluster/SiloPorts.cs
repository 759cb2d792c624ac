using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// Finds a port for a silo, which must name its port before it listens. The ports lie below the range from which
/// systems take the local end of outgoing connections, so that none is lost between the look and the use.
/// </summary>
internal static class SiloPorts
{
    private const int First = 20_000;
    private const int Last = 32_000;
    private const int MaxLooks = 200;

    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    /// <exception cref="IOException">None was free.</exception>
    public static int Free(IPAddress address)
    {
        lock (Gate)
        {
            for (var look = 0; look < MaxLooks; look++)
            {
                var port = RandomNumberGenerator.GetInt32(First, Last);
                if (IsFree(address, port) && Given.Add(port))
                {
                    return port;
                }
            }
        }

        throw new IOException($"No free port for the cluster between {First} and {Last} on {address}; set CLUSTER_PORT.");
    }

    private static bool IsFree(IPAddress address, int port)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
