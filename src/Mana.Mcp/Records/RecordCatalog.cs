using System.Reflection;
using System.Text.Json.Nodes;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Records;

/// <summary>
/// All kinds of records by the name of their collection: what reads records of every module needs it. A kind is found
/// where modules keep it, in a static field of the module's class, so a new module is in here without being told to.
/// </summary>
internal sealed class RecordCatalog
{
    private readonly Dictionary<string, IRecordSet> _sets;

    /// <exception cref="InvalidOperationException">A collection belongs to two kinds.</exception>
    public RecordCatalog()
    {
        _sets = new Dictionary<string, IRecordSet>(StringComparer.Ordinal);
        foreach (var set in typeof(ToolModule).Assembly.GetTypes()
            .Where(type => !type.ContainsGenericParameters && type.Namespace?.StartsWith(ModulesNamespace, StringComparison.Ordinal) == true)
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(field => IsKind(field.FieldType))
            .Select(field => field.GetValue(null))
            .Select(value => value as IRecordSet ?? ((IHasRecordSet)value!).RecordSet)
            .Distinct())
        {
            if (!_sets.TryAdd(set.Collection, set))
            {
                throw new InvalidOperationException($"Two kinds of records share the collection {set.Collection}.");
            }
        }
    }

    public IReadOnlyCollection<IRecordSet> All => _sets.Values;

    private static string ModulesNamespace => $"{nameof(Mana)}.{nameof(Mcp)}.Modules.";

    /// <summary>Null when no module has such records any more.</summary>
    public IRecordSet? Find(string collection) => _sets.GetValueOrDefault(collection);

    private static bool IsKind(Type type) => type.IsAssignableTo(typeof(IRecordSet)) || type.IsAssignableTo(typeof(IHasRecordSet));
}

/// <summary>A kind of record, where the type of its data does not matter.</summary>
internal interface IRecordSet
{
    string Collection { get; }

    string Noun { get; }

    /// <summary>What the record is found by; null when it is not to be found.</summary>
    Searchable? SearchableOf(RecordRow row);

    /// <summary>What the record shares with no other of its kind; null when it may share everything.</summary>
    string? OnceOf(RecordRow row);

    /// <summary>The module's own part of the record, as its tools show it on this day.</summary>
    JsonObject DataOf(RecordRow row, DateOnly today);
}

/// <summary>Something that speaks for one kind of record.</summary>
internal interface IHasRecordSet
{
    IRecordSet RecordSet { get; }
}
