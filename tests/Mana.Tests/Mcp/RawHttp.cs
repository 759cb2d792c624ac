using System.Net.Sockets;
using System.Text;

namespace Mana.Tests.Mcp;

/// <summary>Requests byte by byte: what no HTTP client would send.</summary>
internal static class RawHttp
{
    public static async Task<TcpClient> ConnectAsync(McpUnderTest mcp, int? receiveBuffer = null)
    {
        var client = new TcpClient();
        client.ReceiveBufferSize = receiveBuffer ?? client.ReceiveBufferSize;
        await client.ConnectAsync(mcp.Host.Address.Host, mcp.Host.Address.Port, TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Sends this, and reads everything until the server closes the connection.</summary>
    public static async Task<string> SendAsync(McpUnderTest mcp, string request)
    {
        using var client = await ConnectAsync(mcp);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
