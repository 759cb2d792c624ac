using System.Text.Json;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Tags;

/// <summary>
/// Tags that go across modules. Some records carry a list of key words of their own (journal entries, moods, articles);
/// such a word counts as the tag of the same name where records are listed by tag.
/// </summary>
internal sealed class TagsTools(RecordCatalog catalog) : ToolModule("tags")
{
    private const string TagId = "tagId";

    // Nobody orders a life by more tags; a bound, because lists have one.
    private const int MaxTags = 500;

    private const int ReadAtOnce = 500;

    // Records with the word in their own tags are looked for among so many that hold it anywhere.
    private const int Searched = 200;

    private static readonly RecordShapes<Tag> Tags = new(
        new RecordSet<Tag>("tags.tags", "tag", TagsJson.Default.Tag)
        {
            FoundBy = "tags.list",
            Title = tag => tag.Name,
            Searched = tag => $"{tag.Name}\n{tag.Group}",
            Once = tag => SearchText.Fold(tag.Name.Trim()),
        },
        "tag",
        "tags");

    private static readonly RecordSet<TagLink> Links = new("tags.links", "tag on a record", TagsJson.Default.TagLink)
    {
        FoundBy = "tags.records",
        Parent = link => link.TagId,
        State = link => link.RecordId,
    };

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "create", "Create a tag", ToolEffect.Adds,
            "Creates a tag with a colour, if wanted in a group (such as \"people\" or \"projects\"). Use it for a subject under which records of several modules belong together; "
            + "look at tags.list first. A name exists once.",
            InputSchema.Of(TagName().Required(), Color().Default("#6366f1"), Group().Default(null)),
            TagsJson.Default.CreateTag, Tags.One, CreateAsync),
        Tool(
            "list", "List tags", ToolEffect.Reads,
            "Lists the tags of the space, or those of a group or of one record. Use it to find the id of a tag before assigning it.",
            InputSchema.Of(
                Field.Text("group", max: 100).OrNull().Default(null).About("Only tags of this group."),
                Field.Id("recordId").OrNull().Default(null).About("Only tags that are on this record."),
                Field.Limit(max: MaxTags, fallback: 100)),
            TagsJson.Default.ListTags, Tags.List, ListAsync),
        UpdateTag(),
        Tool(
            "assign", "Tag a record", ToolEffect.Changes,
            "Puts a tag on a record of any module: a task, a note, an invoice. Use it to file something under a subject. Doing it twice changes nothing.",
            InputSchema.Of(TagOf(), RecordOf()),
            TagsJson.Default.TagOnRecord, Tags.Changed,
            (arguments, call, cancellationToken) => LinkAsync(arguments, true, call, cancellationToken)),
        Tool(
            "unassign", "Take a tag off a record", ToolEffect.Changes,
            "Takes a tag off a record; both stay. Use it when something does not belong to a subject any more.",
            InputSchema.Of(TagOf(), RecordOf()),
            TagsJson.Default.TagOnRecord, Tags.Changed,
            (arguments, call, cancellationToken) => LinkAsync(arguments, false, call, cancellationToken)),
        Tool(
            "records", "Records by tag", ToolEffect.Reads,
            "Lists the records of all modules that carry a tag, last tagged first; after them those that have its name in their own list of tags. "
            + "Use it to gather what belongs to a subject; read a whole record with the get tool of its module.",
            InputSchema.Of(TagOf(), Field.Limit(max: 200, fallback: 50)),
            TagsJson.Default.RecordsByTag, OutputShape.Of(TagsJson.Default.TaggedRecords), RecordsAsync),
        ById(
            "delete", "Delete a tag", ToolEffect.Deletes,
            "Removes a tag from the space and from everything that carries it; the records stay. Use it only for a tag that nobody needs any more.",
            "tag", Tags.Deleted, DeleteAsync, TagId) with
        {
            InsteadOfDeleting = "rename the tag with tags.update, or take it off single records with tags.unassign.",
        },
    ];

    private static Field TagName() => Field.Text("name", 1, 100).About("The name of the tag.");

    private static Field Color() => Field.Color("color").About("A color such as #22c55e.");

    private static Field Group() => Field.Text("group", 1, 100).OrNull().About("The group that it belongs to; null for none.");

    private static Field TagOf() => Field.Id(TagId).Required().About("The id of the tag, as tags.list returns it.");

    private static Field RecordOf() => Field.Id("recordId").Required().About("The id of the record, as its own module or search.everything returned it.");

    private ToolDefinition UpdateTag()
    {
        var update = Update(
            Tags,
            "Changes fields of a tag: name, color, group, sortOrder. Only the given fields change, and what is tagged stays so. A name exists once.",
            [TagName(), Color(), Group(), Field.Whole("sortOrder", 0, 100_000).About("Its place among the others, the smallest first.")],
            verb: "update", idName: TagId);
        return update with
        {
            RunAsync = async (given, call, cancellationToken) =>
            {
                if (given["name"] is { } written)
                {
                    var name = NameOf((string)written!);
                    given["name"] = name;
                    var all = await call.Records.ListAsync(Tags.Set, new RecordQuery(MaxTags), cancellationToken);
                    EnsureFree(all.Items.Where(tag => !tag.Id.Equals((string)given[TagId]!, StringComparison.OrdinalIgnoreCase)), name);
                }

                return await update.RunAsync(given, call, cancellationToken);
            },
        };
    }

    // Without the blanks around it; nobody could point at a tag that is nothing else.
    private static string NameOf(string written) => written.Trim() is { Length: > 0 } name
        ? name
        : throw new ToolInputException("\"name\" must have more in it than blanks; give the tag a name that can be read.");

    private static void EnsureFree(IEnumerable<Stored<Tag>> tags, string name)
    {
        if (tags.FirstOrDefault(tag => IsSame(tag.Data.Name, name)) is { } existing)
        {
            throw new ToolInputException($"The tag \"{existing.Data.Name}\" exists already, with the id {existing.Id}; assign it with tags.assign.");
        }
    }

    private static async Task<Stored<Tag>> CreateAsync(CreateTag arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var name = NameOf(arguments.Name);
        var all = await call.Records.ListAsync(Tags.Set, new RecordQuery(MaxTags), cancellationToken);
        EnsureFree(all.Items, name);
        return all.Items.Count < MaxTags
            ? await call.Records.CreateAsync(
                Tags.Set,
                order => new Tag { Name = name, Color = arguments.Color, Group = arguments.Group, SortOrder = order },
                cancellationToken)
            : throw new ToolInputException($"A space has at most {MaxTags} tags; use one of those in tags.list.");
    }

    private static async Task<RecordPage<Tag>> ListAsync(ListTags arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var onRecord = arguments.RecordId is null ? null : await TagsOfAsync(arguments.RecordId, call, cancellationToken);
        var all = await call.Records.ListAsync(Tags.Set, new RecordQuery(MaxTags), cancellationToken);
        var tags = all.Items
            .Where(tag => (arguments.Group is null || IsSame(tag.Data.Group ?? "", arguments.Group)) && (onRecord is null || onRecord.Contains(tag.Id)))
            .OrderBy(tag => tag.Data.Group, StringComparer.OrdinalIgnoreCase)
            .ThenBy(tag => tag.Data.SortOrder)
            .ToList();
        return new RecordPage<Tag>([.. tags.Take(arguments.Limit)], tags.Count > arguments.Limit ? "" : null);
    }

    private static async Task<HashSet<string>> TagsOfAsync(string recordId, ToolCall call, CancellationToken cancellationToken)
    {
        var record = await call.Records.GetAnyAsync(recordId, cancellationToken);
        var links = await call.Records.ListAsync(Links, new RecordQuery(MaxTags, State: record.Id), link => link.IsActive, cancellationToken);
        return [.. links.Items.Select(link => link.Data.TagId)];
    }

    private static async Task<Stored<Tag>> LinkAsync(TagOnRecord arguments, bool isActive, ToolCall call, CancellationToken cancellationToken)
    {
        var tag = await call.Records.GetAsync(Tags.Set, arguments.TagId, cancellationToken);
        var record = await call.Records.GetAnyAsync(arguments.RecordId, cancellationToken);
        var links = await call.Records.ListAsync(Links, new RecordQuery(1, State: record.Id, ParentId: tag.Id), cancellationToken);
        if (links.Items is [var link])
        {
            if (link.Data.IsActive != isActive)
            {
                await call.Records.UpdateAsync(Links, link.Id, current => current with { IsActive = isActive }, cancellationToken);
            }
        }
        else if (isActive)
        {
            await call.Records.CreateAsync(Links, _ => new TagLink(tag.Id, record.Id, true), cancellationToken);
        }

        return tag;
    }

    private async Task<TaggedRecords> RecordsAsync(RecordsByTag arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var tag = await call.Records.GetAsync(Tags.Set, arguments.TagId, cancellationToken);
        var ids = new List<string>();
        var assigned = call.Records.ReadAllAsync(Links, new RecordQuery(ReadAtOnce, ParentId: tag.Id), cancellationToken);
        await foreach (var link in assigned)
        {
            if (link.Data.IsActive)
            {
                ids.Add(link.Data.RecordId);
            }
        }

        var linked = await call.Records.FindAnyAsync(ids, arguments.Limit + 1, cancellationToken);
        var (own, _) = await call.Records.SearchAsync(SearchIndex.WordsOf(tag.Data.Name), null, Searched, null, cancellationToken);
        var found = linked.Select(row => (Row: row, IsAssigned: true))
            .Concat(own.Where(row => CarriesItself(row, tag.Data.Name)).Select(row => (Row: row, IsAssigned: false)))
            .DistinctBy(record => record.Row.Id)
            .ToList();
        return new TaggedRecords
        {
            Records = [.. found.Take(arguments.Limit).Select(record => View(record.Row, record.IsAssigned))],
            HasMore = found.Count > arguments.Limit,
        };
    }

    private static async Task<string> DeleteAsync(string id, ToolCall call, CancellationToken cancellationToken)
    {
        var tag = await call.Records.GetAsync(Tags.Set, id, cancellationToken);
        await call.Records.DeleteAsync(Tags.Set, tag.Id, cancellationToken);
        await call.Records.DeletePartsAsync(Links, tag.Id, cancellationToken);
        return tag.Id;
    }

    private TaggedRecord View(RecordRow row, bool isAssigned)
    {
        var set = catalog.Find(row.Collection);
        return new TaggedRecord
        {
            Id = row.Id,
            Module = SearchIndex.ModuleOf(row.Collection),
            Kind = set?.Noun ?? "record",
            Title = set?.SearchableOf(row)?.Title ?? "",
            IsAssigned = isAssigned,
            UpdatedAt = Iso.Time(row.UpdatedAt),
        };
    }

    private static bool CarriesItself(RecordRow row, string name)
    {
        using var data = JsonDocument.Parse(row.Data);
        return data.RootElement.TryGetProperty("tags", out var tags)
            && tags.ValueKind == JsonValueKind.Array
            && tags.EnumerateArray().Any(tag => tag.ValueKind == JsonValueKind.String && IsSame(tag.GetString()!, name));
    }

    private static bool IsSame(string one, string other) => SearchText.Fold(one.Trim()) == SearchText.Fold(other.Trim());
}
