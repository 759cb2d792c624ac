using System.Net;
using System.Net.Sockets;

namespace Mana.Testing;

/// <summary>
/// Loopback ports for processes that must know each other's address before they start. They lie below the range from
/// which the system takes the ports of outgoing connections, so that none is taken between choosing and listening.
/// </summary>
public static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static readonly HashSet<int> Taken = [];
    private static readonly Lock Gate = new();

    /// <summary>A port that nobody listens on, and that this process gives out once.</summary>
    public static int Take()
    {
        lock (Gate)
        {
            while (true)
            {
                var port = First + Random.Shared.Next(Count);
                if (!Taken.Contains(port) && IsFree(port))
                {
                    Taken.Add(port);
                    return port;
                }
            }
        }
    }

    /// <summary>A loopback port that refuses every connection, and that nobody else gets before it is disposed of.</summary>
    /// <param name="port">Which one; 0 for any.</param>
    public static Socket HoldSilent(int port = 0)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
