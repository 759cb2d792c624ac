using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Mcp.Access;

/// <summary>What one connection may cost: how much it may send, and how slowly it may send and read.</summary>
internal static class ConnectionBounds
{
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    // Time is reckoned by what was written: with the server's own rate, and megabytes in the buffers of the system,
    // somebody who asks for long answers and reads none would be waited for many minutes.
    private static readonly MinDataRate SlowestReader = new(bytesPerSecond: 32 * 1024, gracePeriod: TimeSpan.FromSeconds(5));

    // Bodies are held until they are whole: who sends one must be getting on with it.
    private static readonly MinDataRate SlowestSender = new(bytesPerSecond: 4 * 1024, gracePeriod: TimeSpan.FromSeconds(5));
    private const int SendBufferBytes = 64 * 1024;

    public static void BoundConnections(this WebApplicationBuilder builder, int maxBodyBytes)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = maxBodyBytes;
            kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
            kestrel.Limits.MinRequestBodyDataRate = SlowestSender;
            kestrel.Limits.MinResponseDataRate = SlowestReader;
        });

        // What is accepted inherits it.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = endpoint =>
        {
            var listener = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            listener.SendBufferSize = SendBufferBytes;
            return listener;
        });
    }
}
