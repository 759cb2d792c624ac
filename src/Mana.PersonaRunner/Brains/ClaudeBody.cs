using System.Net;
using System.Net.Http.Headers;

namespace Mana.PersonaRunner.Brains;

/// <summary>
/// The body of a request in two pieces, of which the second, the tools, is shared by all requests: what a conversation
/// holds while the model thinks is what it has said, and not the 140 kilobytes of tools that everyone is offered.
/// </summary>
internal sealed class ClaudeBody(ReadOnlyMemory<byte> own, ReadOnlyMemory<byte> shared)
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>For one request: a content is gone once it is sent.</summary>
    public HttpContent ToContent() => new Content(own, shared);

    private sealed class Content : HttpContent
    {
        private readonly ReadOnlyMemory<byte> _own;
        private readonly ReadOnlyMemory<byte> _shared;

        public Content(ReadOnlyMemory<byte> own, ReadOnlyMemory<byte> shared)
        {
            _own = own;
            _shared = shared;
            Headers.ContentType = Json;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(_own, cancellationToken);
            await stream.WriteAsync(_shared, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _own.Length + _shared.Length;
            return true;
        }
    }
}
