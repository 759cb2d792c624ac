using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Trash;

/// <summary>What was deleted in any module, and bringing it back, for as long as it is kept.</summary>
internal sealed class TrashTools(RecordCatalog catalog, McpSettings settings) : ToolModule("trash")
{
    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "list", "List what was deleted", ToolEffect.Reads,
            "Lists the records of all modules that were deleted and can still be restored, last deleted first, page by page. Use it when the user misses something or regrets a deletion. "
            + "What was deleted together with something else, such as the cards of a deck, comes back with that and is not listed by itself.",
            InputSchema.Of(
                Field.OneOf("module", Modules()).OrNull().Default(null).About("Only records of this module; null for all."),
                Field.Limit(max: 100, fallback: 20),
                Field.Cursor()),
            TrashJson.Default.ListDeleted, OutputShape.Of(TrashJson.Default.DeletedRecords), ListAsync),
        ById(
            "restore", "Restore a deleted record", ToolEffect.Changes,
            "Brings back a record that was deleted, with its old id and all that was deleted together with it. Use it to undo a deletion; one that is not deleted stays as it is.",
            "record", OutputShape.Of(TrashJson.Default.RestoredRecord), RestoreAsync),
    ];

    private IEnumerable<string> Modules() =>
        catalog.All.Select(set => SearchIndex.ModuleOf(set.Collection)).Distinct().Order(StringComparer.Ordinal);

    private async Task<DeletedRecords> ListAsync(ListDeleted arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var (rows, next) = await call.Records.ListDeletedAsync(arguments.Module, arguments.Limit, arguments.Cursor, cancellationToken);
        return new DeletedRecords(
            [
                .. rows.Select(row => new DeletedRecord(
                    row.Id, SearchIndex.ModuleOf(row.Collection), NounOf(row), TitleOf(row), Iso.Time(row.DeletedAt!.Value), Iso.Time(row.DeletedAt.Value + settings.Bounds.KeepDeleted))),
            ],
            next);
    }

    private async Task<RestoredRecord> RestoreAsync(string id, ToolCall call, CancellationToken cancellationToken)
    {
        var row = await call.Records.GetDeletedOrLiveAsync(id, cancellationToken);
        if (row.DeletedAt is not null)
        {
            if (await call.Records.FindDeletedWholeAsync(row, cancellationToken) is { } whole)
            {
                throw new ToolInputException(
                    $"\"id\" is that of a {NounOf(row)} which belongs to the {NounOf(whole)} \"{TitleOf(whole)}\", and that is deleted as well: restore it first, with the id {whole.Id}.");
            }

            if (catalog.Find(row.Collection) is { } set && await call.Records.FindTwinAsync(row, set, cancellationToken) is { } twin)
            {
                throw new ToolInputException($"\"id\" is that of a {NounOf(row)} which there may be once only, and there is one again, with the id {twin.Id}: use that one.");
            }
        }

        var restored = await call.Records.RestoreAsync(row, deleted => catalog.Find(deleted.Collection)?.SearchableOf(deleted), cancellationToken);
        return new RestoredRecord(true, row.Id, SearchIndex.ModuleOf(row.Collection), NounOf(row), TitleOf(row), restored);
    }

    private string NounOf(RecordRow row) => catalog.Find(row.Collection)?.Noun ?? "record";

    private string TitleOf(RecordRow row) => catalog.Find(row.Collection)?.SearchableOf(row)?.Title ?? NounOf(row);
}
