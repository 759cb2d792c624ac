using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>Finds numbers for new services.</summary>
public static class PortChooser
{
    /// <summary>
    /// The next free numbers of a range, lowest first. A range grows into its reserved numbers; numbers that no row of the
    /// schema names are offered only when asked for.
    /// </summary>
    /// <param name="schema">The schema.</param>
    /// <param name="range">The range's name.</param>
    /// <param name="any">Also numbers that are not reserved.</param>
    /// <exception cref="SchemaException">There is no such range.</exception>
    public static IEnumerable<int> Next(PortSchema schema, string range, bool any = false)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var index = new SchemaIndex(schema);
        if (!index.Ranges.TryGetValue(range, out var found))
        {
            throw new SchemaException($"there is no range \"{range}\"{Suggestions.Hint(range, index.Ranges.Keys)}");
        }

        // A service without a name of its own: every number that somebody else may lay claim to is left out.
        return Enumerable.Range(found.Ports.First, found.Ports.Count).Where(port =>
            index.RangeOf(port) == found
            && !index.IsUsed(port)
            && KnownPorts.Objection("", port) is null
            && (index.ReservedAt(port) is { Count: > 0 } reserved
                ? reserved.All(one => one.Range is null || one.Range == range)
                : any));
    }
}
