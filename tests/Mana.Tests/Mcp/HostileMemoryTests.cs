using System.Net;
using System.Net.Http.Headers;

namespace Mana.Tests.Mcp;

/// <summary>
/// What clients that mean harm, or that are very many, cost in memory. It is measured over the whole process, so nothing
/// else runs meanwhile.
/// </summary>
[Collection(Alone)]
[CollectionDefinition(Alone, DisableParallelization = true)]
public sealed class HostileMemoryTests
{
    private const string Alone = "memory of mana-mcp";
    private const string ListTools = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";
    private const string Ping = """{"jsonrpc":"2.0","id":1,"method":"ping"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_of_a_hundred_megabytes_is_413_and_is_not_kept(bool isAnnounced)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        using var warm = await mcp.PostAsync(ListTools);
        var before = GC.GetTotalAllocatedBytes();
        using var content = new EndlessContent(100 * 1024 * 1024, isAnnounced);

        HttpStatusCode? status = null;
        try
        {
            using var response = await mcp.PostAsync(ListTools, request =>
            {
                request.Content = content;
                request.Headers.ExpectContinue = true;
            });
            status = response.StatusCode;
        }
        catch (HttpRequestException)
        {
            // The connection was closed while the client still sent.
        }

        (status ?? HttpStatusCode.RequestEntityTooLarge).Should().Be(HttpStatusCode.RequestEntityTooLarge);
        content.Sent.Should().BeLessThan(50 * 1024 * 1024, "the rest was not taken");
        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(60 * 1024 * 1024);
        using var next = await mcp.PostAsync(ListTools);
        next.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_large_body_that_is_announced_and_not_sent_costs_no_memory()
    {
        const int Clients = 300;
        await using var mcp = await McpUnderTest.StartAsync();
        var head = $"POST /mcp HTTP/1.1\r\nHost: {mcp.Host.Address.Authority}\r\nAuthorization: Bearer {mcp.Token()}\r\nX-Mana-Space: {McpUnderTest.Space}\r\n"
            + "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n{\"jsonrpc\"";
        using var warm = await mcp.PostAsync(ListTools);
        var before = GC.GetTotalAllocatedBytes();

        var answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => RawHttp.SendAsync(mcp, head)));

        answers.Should().AllSatisfy(answer => answer.Should().StartWith("HTTP/1.1 408 "));
        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(Clients * 512 * 1024L, "only what came was kept");
    }

    [Fact]
    public async Task Ten_thousand_clients_come_and_go_and_memory_stays_bounded()
    {
        const int Clients = 10_000;
        await using var mcp = await McpUnderTest.StartAsync();
        await VisitAsync(mcp, 0, 500);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await VisitAsync(mcp, 500, Clients);

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        grown.Should().BeLessThan(Clients * 4096L, "a client that is gone leaves no more than entries in bounded caches");
    }

    private static Task VisitAsync(McpUnderTest mcp, int from, int to) => Parallel.ForAsync(
        from,
        to,
        new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Cancellation },
        async (i, cancellationToken) =>
        {
            var (user, space) = ($"user-{i}", $"space-{i}");
            mcp.Auth.Join(user, space);
            using var response = await mcp.PostAsync(
                mcp.Host,
                Ping,
                request =>
                {
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", mcp.Token(user));
                    request.Headers.Remove("X-Mana-Space");
                    request.Headers.Add("X-Mana-Space", space);
                },
                cancellationToken);
            response.StatusCode.Should().Be(HttpStatusCode.OK);
            mcp.Auth.Leave(user, space);
        });

    private sealed class EndlessContent : HttpContent
    {
        private readonly long _length;
        private readonly bool _isAnnounced;

        public EndlessContent(long length, bool isAnnounced)
        {
            (_length, _isAnnounced) = (length, isAnnounced);
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        public long Sent { get; private set; }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var block = new byte[64 * 1024];
            Array.Fill(block, (byte)' ');
            while (Sent < _length)
            {
                await stream.WriteAsync(block, Cancellation);
                Sent += block.Length;
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _length;
            return _isAnnounced;
        }
    }
}
