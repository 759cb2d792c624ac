namespace Mana.Contracts;

/// <summary>What our MCP gateway adds to the protocol, by the names on the wire.</summary>
public static class McpWire
{
    /// <summary>
    /// In <c>params._meta</c> of <c>tools/call</c>: the name of this one call, a text of 1 to
    /// <see cref="MaxIdempotencyKey"/> characters. A writing call repeated under the same name is not done again.
    /// </summary>
    public const string IdempotencyKey = "mana.how/idempotency-key";

    /// <summary>In <c>capabilities.experimental</c> of a server that honours <see cref="IdempotencyKey"/>.</summary>
    public const string IdempotencyCapability = "mana.how/idempotency";

    /// <summary>The longest key.</summary>
    public const int MaxIdempotencyKey = 200;
}
