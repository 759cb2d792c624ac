using System.Text.Json;
using Mana.Contracts;
using Mana.PersonaRunner.Ticks;

namespace Mana.PersonaRunner.Recording;

/// <summary>What mana-auth hears of a tick: its actions, its ratings, its outcome; in this order.</summary>
internal static class OutboxPayloads
{
    public const string Actions = "actions";
    public const string Feedback = "feedback";
    public const string Outcome = "ticks";

    private const int MaxErrorLength = 500;
    private const int MaxNoteLength = 1000;

    public static IEnumerable<OutboxRow> For(TickRow tick, IReadOnlyList<CallRow> calls, IReadOnlyList<RatingRow> ratings)
    {
        var id = new TickId(tick.Id);
        var batch = 0;
        foreach (var chunk in calls.Chunk(ActionsRequest.MaxBatch))
        {
            var rows = chunk.Select(call => new ActionRow(
                id,
                call.Tool,
                call.Result == "ok" ? "ok" : "error",
                call.InputHash,
                call.Result == "ok" ? null : Cut(call.Output ?? "no answer before the tick ended", MaxErrorLength),
                call.LatencyMs,
                call.Seq)).ToList();
            yield return Row(tick, $"1-{batch++:000}", Actions, JsonSerializer.Serialize(new ActionsRequest(rows), AuthJson.Default.ActionsRequest));
        }

        batch = 0;
        foreach (var chunk in ratings.Where(rating => rating.Rating is not null).Chunk(FeedbackRequest.MaxBatch))
        {
            var rows = chunk.Select(rating => new FeedbackRow(id, rating.Module, rating.Rating!.Value, Cut(rating.Note, MaxNoteLength))).ToList();
            yield return Row(tick, $"2-{batch++:000}", Feedback, JsonSerializer.Serialize(new FeedbackRequest(rows), AuthJson.Default.FeedbackRequest));
        }

        // An operator's wish is no failure of the persona: mana-auth would count it, and call her due again in a minute.
        var outcome = new TickOutcomeRequest(
            id, tick.Stage == TickStages.Cancelled ? TickOutcomes.Idle : tick.Outcome!, tick.StartedAt, tick.EndedAt!.Value, tick.Brain, calls.Count, Cut(tick.Error, MaxErrorLength));
        yield return Row(tick, "3-000", Outcome, JsonSerializer.Serialize(outcome, AuthJson.Default.TickOutcomeRequest));
    }

    private static OutboxRow Row(TickRow tick, string order, string kind, string payload) => new()
    {
        // Tick ids sort by time, so ids order a persona's rows as they came about.
        Id = $"{tick.Id}/{order}",
        TickId = tick.Id,
        PersonaId = tick.PersonaId,
        Kind = kind,
        Payload = payload,
        NextAttemptAt = tick.EndedAt!.Value,
        CreatedAt = tick.EndedAt.Value,
    };

    private static string? Cut(string? text, int length) => text is null ? null : PlainText.Cut(text, length);
}
