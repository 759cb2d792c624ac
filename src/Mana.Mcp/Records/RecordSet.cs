using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Mana.Mcp.Records;

/// <summary>Describes a kind of record: where it is kept, how its JSON looks, what lists sort, filter and search by.</summary>
/// <typeparam name="T">The module's own part of the record.</typeparam>
internal sealed class RecordSet<T>(string collection, string noun, JsonTypeInfo<T> json) : IRecordSet
    where T : class
{
    /// <summary>The name in the store; it must never change.</summary>
    public string Collection { get; } = collection;

    /// <summary>What a sentence calls one of them: "task".</summary>
    public string Noun { get; } = noun;

    public JsonTypeInfo<T> Json { get; } = json;

    /// <summary>The tool that a model should call to find ids.</summary>
    public required string FoundBy { get; init; }

    /// <summary>The sort key; the time of creation by default.</summary>
    public Func<T, DateTimeOffset, string> OrderKey { get; init; } = (_, createdAt) => Iso.Time(createdAt);

    public Func<T, string> State { get; init; } = _ => "";

    public Func<T, string?> Parent { get; init; } = _ => null;

    /// <summary>The text by which it is found, in full; null or empty where it is not to be found.</summary>
    public Func<T, string?> Searched { get; init; } = _ => null;

    /// <summary>What lists of mixed records call it; by default the first line of what is searched.</summary>
    public Func<T, string?> Title { get; init; } = _ => null;

    /// <summary>What no two records of the kind have in common that also have the same parent; none by default. The tools that make and change them see to it.</summary>
    public Func<T, string?> Once { get; init; } = _ => null;

    /// <summary>The record as a reader sees it on a day: what follows from the date is not written down.</summary>
    public Func<T, DateOnly, T> Seen { get; init; } = (data, _) => data;

    public JsonObject DataOf(RecordRow row, DateOnly today) => (JsonObject)JsonSerializer.SerializeToNode(Seen(Read(row).Data, today), Json)!;

    public string? OnceOf(RecordRow row) => Once(Read(row).Data);

    public Searchable? SearchableOf(RecordRow row) => SearchableOf(Read(row).Data);

    internal Searchable? SearchableOf(T data)
    {
        var text = Searched(data);
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        var title = Title(data);
        return new Searchable(string.IsNullOrWhiteSpace(title) ? FirstLine(text) : title, text);
    }

    internal string Write(T data) => JsonSerializer.Serialize(data, Json);

    internal Stored<T> Read(RecordRow row) =>
        new(row.Id, row.SpaceId, row.AuthorId, row.Visibility, row.CreatedAt, row.UpdatedAt, JsonSerializer.Deserialize(row.Data, Json)!);

    private static string FirstLine(string text)
    {
        const int Shown = 80;
        var line = text.Trim().Split('\n', 2)[0].TrimEnd();
        return line.Length <= Shown ? line : line[..(char.IsHighSurrogate(line[Shown - 1]) ? Shown - 1 : Shown)] + "…";
    }
}

/// <summary>A record as the store gives it.</summary>
internal sealed record Stored<T>(
    string Id, string SpaceId, string AuthorId, string Visibility, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, T Data);

/// <summary>Some records in the order of the query, and where the next ones begin (null when these were the last).</summary>
internal sealed record RecordPage<T>(IReadOnlyList<Stored<T>> Items, string? NextCursor)
{
    /// <summary>The same records as a list shows them.</summary>
    public RecordPage<T> Showing(Func<T, T> shown) => this with { Items = [.. Items.Select(record => record with { Data = shown(record.Data) })] };
}

/// <summary>Which records of a set are wanted.</summary>
/// <param name="Limit">At most so many.</param>
/// <param name="State">Only those in this state.</param>
/// <param name="ParentId">Only those that belong to this record.</param>
/// <param name="Search">Only those whose searched text contains this, whatever the case, or the words of it, whatever the umlauts and accents.</param>
/// <param name="From">Only those whose sort key is this or later.</param>
/// <param name="Before">Only those whose sort key is earlier than this.</param>
/// <param name="Cursor">Go on from here.</param>
/// <param name="IsAscending">Smallest sort key first, instead of newest first.</param>
internal sealed record RecordQuery(
    int Limit,
    string? State = null,
    string? ParentId = null,
    string? Search = null,
    string? From = null,
    string? Before = null,
    string? Cursor = null,
    bool IsAscending = false);

/// <summary>There is no such record in the caller's space (any more).</summary>
internal sealed class RecordNotFoundException(string noun, string id, string foundBy)
    : Exception($"There is no {noun} with id \"{id}\" in this space; call {foundBy} to see the ids that exist.");
