namespace Mana.Crash.Stores;

internal sealed record TickRow(string Id, string Persona, string Phase, string? Outcome, string Brain, long StartedAt, long? EndedAt, long MissingRatings, string? Error);

internal sealed record CallRow(string Tick, long Seq, string Tool, string Module, string Input, string InputHash, string? Result, string? Output, long? Latency, long Sent);

internal sealed record ModelRow(string Tick, long Seq, bool IsAnswered, long Asked);

internal sealed record RatingRow(string Tick, string Module, long? Rating, string? Note);

internal sealed record ActionRow(string Persona, string Tick, long Seq, string Tool, string? InputHash, string Result, long? Latency);

internal sealed record FeedbackRow(string Persona, string Tick, string Module, long Rating, string? Notes);

internal sealed record OutcomeRow(string Persona, string Tick, string Outcome, string Brain, long Calls, long StartedAt, long EndedAt);

internal sealed record KeyRow(string Key, string Answer);

/// <summary>Everything that the three services have stored of the ticks.</summary>
internal sealed record StoredRows
{
    public required IReadOnlyList<TickRow> Ticks { get; init; }

    public required IReadOnlyList<(string Tick, long Seq)> Turns { get; init; }

    public required IReadOnlyList<CallRow> Calls { get; init; }

    public required IReadOnlyList<ModelRow> Models { get; init; }

    public required IReadOnlyList<RatingRow> Ratings { get; init; }

    public required long Undelivered { get; init; }

    public required IReadOnlyList<ActionRow> Actions { get; init; }

    public required IReadOnlyList<FeedbackRow> Feedback { get; init; }

    public required IReadOnlyList<OutcomeRow> Outcomes { get; init; }

    public required IReadOnlyList<(string Id, string Collection, string Data)> Records { get; init; }

    public required IReadOnlyList<KeyRow> Keys { get; init; }

    public static async Task<StoredRows> ReadAsync(ServiceStores stores, CancellationToken cancellationToken) => new()
    {
        Ticks = await stores.ListAsync(
            "runner", "select id, persona_id, phase, outcome, brain, started_at, ended_at, missing_ratings, error from ticks order by id",
            row => new TickRow(
                row.Text(0), row.Text(1), row.Text(2), row.OptionalText(3), row.Text(4), row.Number(5), row.OptionalNumber(6), row.Number(7), row.OptionalText(8)),
            cancellationToken),
        Turns = await stores.ListAsync(
            "runner", "select tick_id, seq from turns order by tick_id, seq", row => (row.Text(0), row.Number(1)), cancellationToken),
        Calls = await stores.ListAsync(
            "runner", "select tick_id, seq, tool, module, input, input_hash, result, output, latency_ms, sent from calls order by tick_id, seq",
            row => new CallRow(
                row.Text(0), row.Number(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5), row.OptionalText(6), row.OptionalText(7), row.OptionalNumber(8), row.Number(9)),
            cancellationToken),
        Models = await stores.ListAsync(
            "runner", "select tick_id, seq, case when content is null then 0 else 1 end, asked from model_calls order by tick_id, seq",
            row => new ModelRow(row.Text(0), row.Number(1), row.Number(2) == 1, row.Number(3)),
            cancellationToken),
        Ratings = await stores.ListAsync(
            "runner", "select tick_id, module, rating, note from ratings",
            row => new RatingRow(row.Text(0), row.Text(1), row.OptionalNumber(2), row.OptionalText(3)),
            cancellationToken),
        Undelivered = (await stores.ListAsync("runner", "select count(*) from outbox", row => row.Number(0), cancellationToken))[0],
        Actions = await stores.ListAsync(
            "auth", "select persona_id, tick_id, seq, tool_name, input_hash, result, latency_ms from persona_actions",
            row => new ActionRow(row.Text(0), row.Text(1), row.Number(2), row.Text(3), row.OptionalText(4), row.Text(5), row.OptionalNumber(6)),
            cancellationToken),
        Feedback = await stores.ListAsync(
            "auth", "select persona_id, tick_id, module, rating, notes from persona_feedback",
            row => new FeedbackRow(row.Text(0), row.Text(1), row.Text(2), row.Number(3), row.OptionalText(4)),
            cancellationToken),
        Outcomes = await stores.ListAsync(
            "auth", "select persona_id, tick_id, outcome, brain, tool_calls, started_at, ended_at from persona_ticks",
            row => new OutcomeRow(row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Number(4), row.Number(5), row.Number(6)),
            cancellationToken),
        Records = await stores.ListAsync("mcp", "select id, collection, data from records", row => (row.Text(0), row.Text(1), row.Text(2)), cancellationToken),
        Keys = await stores.ListAsync(
            "mcp", "select idempotency_key, answer from idempotency_keys", row => new KeyRow(row.Text(0), row.Text(1)), cancellationToken),
    };
}
