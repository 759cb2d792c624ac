using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Search;

/// <summary>One search over the records of all modules.</summary>
internal sealed class SearchTools(RecordCatalog catalog) : ToolModule("search")
{
    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "everything", "Search everything", ToolEffect.Reads,
            "Finds records of every module in which all the given words occur (the last word may be just its beginning), those with the words in the title first, "
            + "then the newest, page by page. Use it when it is not clear where something was kept, or to gather all there is about a subject. "
            + "Each result says its module and id: read the whole record with that module's get tool.",
            InputSchema.Of(
                Field.Text("query", 1, 200).Required().About("One or a few words that must all occur; no question, no operators."),
                Field.OneOf("module", Modules()).OrNull().Default(null).About("Only results of this module; null for all."),
                Field.Limit(max: 50, fallback: 20),
                Field.Text("cursor", 1, 500).About("nextCursor of the previous answer, to go on where it ended; give the same query and module.")),
            SearchJson.Default.SearchEverything, OutputShape.Of(SearchJson.Default.SearchResults), SearchAsync),
    ];

    private async Task<SearchResults> SearchAsync(SearchEverything arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var words = SearchIndex.WordsOf(arguments.Query);
        var (rows, next) = await call.Records.SearchAsync(words, arguments.Module, arguments.Limit, arguments.Cursor, cancellationToken);
        return new SearchResults
        {
            Results = [.. rows.Select(row => View(row, words)).OfType<FoundRecord>()],
            HasMore = next is not null,
            NextCursor = next,
        };
    }

    private IEnumerable<string> Modules() =>
        catalog.All.Select(set => SearchIndex.ModuleOf(set.Collection)).Distinct().Order(StringComparer.Ordinal);

    private FoundRecord? View(RecordRow row, IReadOnlyList<string> words)
    {
        var set = catalog.Find(row.Collection);
        return set?.SearchableOf(row) is not { } searchable
            ? null
            : new FoundRecord
            {
                Id = row.Id,
                Module = SearchIndex.ModuleOf(row.Collection),
                Kind = set.Noun,
                Title = searchable.Title,
                Snippet = Snippet.Of(searchable.Text, words),
                UpdatedAt = Iso.Time(row.UpdatedAt),
            };
    }
}
