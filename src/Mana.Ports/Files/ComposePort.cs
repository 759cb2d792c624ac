using System.Net;
using Mana.Ports.Model;

namespace Mana.Ports.Files;

/// <summary>Ports, and where in a text they begin.</summary>
internal readonly record struct LocatedSpan(PortSpan Span, int Index)
{
    /// <summary>The ports; null where the text is neither a port nor a range.</summary>
    public static LocatedSpan? Parse(string text, int index)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var first = Endpoint.Number(dash < 0 ? text : text.AsSpan(0, dash));
        var last = dash < 0 ? first : Endpoint.Number(text.AsSpan(dash + 1));
        return first is { } from && last is { } to && from <= to ? new LocatedSpan(new PortSpan(from, to), index) : null;
    }

    public IEnumerable<int> Ports() => Enumerable.Range(Span.First, Span.Count);
}

/// <summary>An entry of a service's <c>ports</c> in docker-compose's short form: <c>[ADDRESS:][HOST:]CONTAINER[/PROTOCOL]</c>.</summary>
/// <param name="Address">The bind address.</param>
/// <param name="Host">Null: docker chooses.</param>
/// <param name="Container">Inside.</param>
/// <param name="Protocol"><c>tcp</c> unless said otherwise.</param>
internal sealed record ComposePort(string? Address, LocatedSpan? Host, LocatedSpan Container, string? Protocol)
{
    /// <summary>Null where the text is no such entry.</summary>
    public static ComposePort? Parse(string text)
    {
        var slash = text.LastIndexOf('/');
        var protocol = slash < 0 ? null : text[(slash + 1)..].ToLowerInvariant();
        var body = slash < 0 ? text : text[..slash];
        if (protocol is not (null or "tcp" or "udp" or "sctp"))
        {
            return null;
        }

        var containerAt = body.LastIndexOf(':') + 1;
        if (LocatedSpan.Parse(body[containerAt..], containerAt) is not { } container)
        {
            return null;
        }

        if (containerAt == 0)
        {
            return new ComposePort(null, null, container, protocol);
        }

        var left = body[..(containerAt - 1)];
        var hostAt = left.EndsWith(']') ? left.Length : left.LastIndexOf(':') + 1;
        var hostText = left[hostAt..];
        var address = hostAt == 0 ? null : left[..hostAt].TrimEnd(':').Trim('[', ']');
        if (hostText.Length == 0)
        {
            return address is { Length: > 0 } ? new ComposePort(address, null, container, protocol) : null;
        }

        // Either both are of one length, or docker chooses one host port from the range.
        return LocatedSpan.Parse(hostText, hostAt) is { } host
            && (host.Span.Count == container.Span.Count || container.Span.Count == 1)
            && (address is null or "localhost" || IPAddress.TryParse(address, out _) && address.AsSpan().ContainsAny('.', ':'))
                ? new ComposePort(address, host, container, protocol)
                : null;
    }
}
