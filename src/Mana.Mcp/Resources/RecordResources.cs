using System.Text.Json.Nodes;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Mcp.Access;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Mana.Mcp.Resources;

/// <summary>The records of the active space as MCP resources, <c>mana://module/id</c>: what clients let people attach.</summary>
internal sealed class RecordResources(RecordStore records, RecordCatalog catalog, SpaceAccess access, DomainClock clock)
{
    private const string Scheme = "mana://";
    private const string Json = "application/json";
    private const int PageSize = 100;
    private const int NameLength = 80;

    // By which of its fields a person knows a record, in this order.
    private static readonly string[] Names = ["title", "name", "question", "front", "number", "content", "text", "notes", "emotion", "date"];

    public static ListResourceTemplatesResult Templates { get; } = new()
    {
        ResourceTemplates =
        [
            new ResourceTemplate
            {
                UriTemplate = Scheme + "{module}/{id}",
                Name = "record",
                Title = "A record of a module",
                Description = "A task, a note or any other record of the active space, by its module and the id that the module's tools return.",
                MimeType = Json,
            },
        ],
    };

    /// <summary>A page of the records that the caller may see, newest first.</summary>
    /// <exception cref="McpProtocolException">The cursor is none of ours.</exception>
    public async Task<ListResourcesResult> ListAsync(Caller caller, string? cursor, CancellationToken cancellationToken)
    {
        if (!caller.Scopes.CanRead)
        {
            return new ListResourcesResult { Resources = [] };
        }

        var before = cursor is null
            ? long.MaxValue
            : Cursor.Parse(cursor)?.Seq ?? throw new McpProtocolException("Invalid params: cursor must be the nextCursor of an earlier answer", McpErrorCode.InvalidParams);
        var inside = await access.WithTypeAsync(caller, cancellationToken);
        var rows = await records.In(caller.Space, caller.User).ListAnyAsync(before, PageSize + 1, cancellationToken);
        return new ListResourcesResult
        {
            Resources = [.. rows.Take(PageSize).Where(row => SpaceTypes.Allows(inside.SpaceType, ModuleOf(row))).Select(Describe)],
            NextCursor = rows.Count > PageSize ? new Cursor("", rows[PageSize - 1].Seq).ToString() : null,
        };
    }

    /// <summary>Reads one record; null when the caller sees none there.</summary>
    public async Task<ReadResourceResult?> ReadAsync(Caller caller, string uri, CancellationToken cancellationToken)
    {
        if (caller.Scopes.CanRead
            && uri.StartsWith(Scheme, StringComparison.Ordinal)
            && uri[Scheme.Length..].Split('/') is [var module, var id]
            && SpaceTypes.Allows((await access.WithTypeAsync(caller, cancellationToken)).SpaceType, module)
            && await records.In(caller.Space, caller.User).FindAnyAsync([id.ToLowerInvariant()], 1, cancellationToken) is [var row]
            && ModuleOf(row) == module)
        {
            return new ReadResourceResult
            {
                Contents = [new TextResourceContents { Uri = uri, MimeType = Json, Text = ToolJson.Text(View(row, caller)) }],
            };
        }

        return null;
    }

    private static Resource Describe(RecordRow row)
    {
        var data = JsonNode.Parse(row.Data)!.AsObject();
        var name = Names.Select(field => data[field] is JsonValue value && value.TryGetValue<string>(out var text) ? text.Trim() : "")
            .FirstOrDefault(text => text.Length > 0) ?? row.Collection;
        return new Resource
        {
            Uri = $"{Scheme}{ModuleOf(row)}/{row.Id}",
            Name = Shorten(name),
            Description = $"{row.Collection[(row.Collection.IndexOf('.', StringComparison.Ordinal) + 1)..]} of {ModuleOf(row)}",
            MimeType = Json,
            Annotations = new Annotations { LastModified = row.UpdatedAt },
        };
    }

    // The same as the module's tools answer.
    private JsonObject View(RecordRow row, Caller caller)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(clock.Now(), caller.TimeZone).DateTime);
        var view = new JsonObject { ["id"] = row.Id };
        foreach (var (name, value) in catalog.Find(row.Collection)?.DataOf(row, today) ?? JsonNode.Parse(row.Data)!.AsObject())
        {
            view[name] = value?.DeepClone();
        }

        view["spaceId"] = row.SpaceId;
        view["authorId"] = row.AuthorId;
        view["visibility"] = row.Visibility;
        view["createdAt"] = Iso.Time(row.CreatedAt);
        view["updatedAt"] = Iso.Time(row.UpdatedAt);
        return view;
    }

    private static string Shorten(string name)
    {
        var line = name.Split('\n', 2)[0].TrimEnd();
        return line.Length <= NameLength ? line : line[..(char.IsHighSurrogate(line[NameLength - 1]) ? NameLength - 1 : NameLength)] + "…";
    }

    private static string ModuleOf(RecordRow row) => ModuleNames.OfTool(row.Collection);
}
