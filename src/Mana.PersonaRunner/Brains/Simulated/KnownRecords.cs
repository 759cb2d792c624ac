using System.Text.Json;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>A record that the persona met.</summary>
/// <param name="ModuleKey">The module that showed it.</param>
/// <param name="Kind">What it is: task, note, entry; empty where the result did not say.</param>
/// <param name="Id">Its id as it came.</param>
/// <param name="Content">What was shown of it.</param>
/// <param name="IsOwn">Whether it is what the module is about, not a part of such a thing.</param>
internal sealed record KnownRecord(string ModuleKey, string Kind, JsonElement Id, JsonElement Content, bool IsOwn)
{
    public string Key => Id.ToString();

    /// <summary>Whether the record already says that a verb was applied to it: <c>isCompleted</c> for <c>complete</c>.</summary>
    public bool IsAlready(string verb) =>
        verb.Length > 2
        && Content.ValueKind == JsonValueKind.Object
        && Content.EnumerateObject().Any(property =>
            property.Value.ValueKind == JsonValueKind.True && property.Name.StartsWith("is" + verb, StringComparison.OrdinalIgnoreCase));

    public string? Text(string property) =>
        Content.ValueKind == JsonValueKind.Object && Content.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>
/// The ids met in this conversation. Ids come from results only: a persona that made one up would test nothing but
/// the product's "not found".
/// </summary>
internal sealed class KnownRecords
{
    private const int MaxDepth = 6;
    private readonly Dictionary<string, KnownRecord> _records = [];
    private readonly HashSet<string> _gone = [];

    public IEnumerable<KnownRecord> All => _records.Values.Where(record => !_gone.Contains(record.Key));

    public void Learn(string moduleKey, JsonElement result) => Learn(moduleKey, result, "", isOwn: true, depth: 0);

    /// <summary>Never offered again: it was removed, or the product says that it does not exist.</summary>
    public void Forget(string id) => _gone.Add(id);

    /// <summary>The records whose id fits a parameter, the most recently met last.</summary>
    /// <param name="moduleKey">The module that asks.</param>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="noun">What its description calls the record; empty where it does not say.</param>
    public IReadOnlyList<KnownRecord> For(string moduleKey, string parameter, string noun)
    {
        var stem = RecordIds.Stem(parameter) ?? RecordIds.Kind(parameter);
        if (stem is "" or "entry" or "item" or "record" || stem == RecordIds.Kind(moduleKey))
        {
            var own = All.Where(record => record.IsOwn && record.ModuleKey == moduleKey).ToList();
            if (noun.Length > 0 && own.Exists(record => record.Kind.Length > 0))
            {
                // A module of tasks and projects: the id of the one is not found among the others.
                return own.FindAll(record => record.Kind.Length > 0 && noun.EndsWith(record.Kind, StringComparison.Ordinal));
            }

            var named = own.Where(record => record.Kind == RecordIds.Kind(moduleKey)).ToList();
            return named.Count > 0 ? named : own;
        }

        bool IsKind(KnownRecord record) =>
            record.Kind.Length > 0 && (stem.EndsWith(record.Kind, StringComparison.Ordinal) || record.Kind.EndsWith(stem, StringComparison.Ordinal));

        var near = All.Where(record => record.ModuleKey == moduleKey && IsKind(record)).ToList();
        return near.Count > 0 ? near : [.. All.Where(IsKind)];
    }

    private void Learn(string moduleKey, JsonElement element, string kind, bool isOwn, int depth)
    {
        if (depth > MaxDepth)
        {
            return;
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Learn(moduleKey, item, kind, isOwn, depth + 1);
                }

                break;
            case JsonValueKind.Object:
                var isRecord = element.TryGetProperty("id", out var id) && IsId(id);
                if (isRecord)
                {
                    Add(new KnownRecord(moduleKey, kind, id, element, isOwn));
                }

                foreach (var property in element.EnumerateObject().Where(property => property.Name != "id"))
                {
                    if (RecordIds.Stem(property.Name) is { Length: > 0 } stem)
                    {
                        LearnReference(moduleKey, stem, property.Value);
                    }
                    else
                    {
                        Learn(moduleKey, property.Value, RecordIds.Kind(property.Name), isOwn && !isRecord && depth == 0, depth + 1);
                    }
                }

                break;
        }
    }

    private void LearnReference(string moduleKey, string kind, JsonElement value)
    {
        foreach (var id in value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : new[] { value })
        {
            if (IsId(id) && !_records.ContainsKey(id.ToString()))
            {
                Add(new KnownRecord(moduleKey, kind, id, default, IsOwn: false));
            }
        }
    }

    private void Add(KnownRecord record)
    {
        // Met again: it moves to the end, the most recent. An answer that shows it as a part does not make it less the module's own.
        if (_records.Remove(record.Key, out var before) && before.IsOwn)
        {
            record = record with { IsOwn = true, ModuleKey = before.ModuleKey, Kind = before.Kind };
        }

        _records[record.Key] = record;
    }

    private static bool IsId(JsonElement id) =>
        id.ValueKind == JsonValueKind.Number || (id.ValueKind == JsonValueKind.String && id.GetString() is { Length: > 0 });
}
