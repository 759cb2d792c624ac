using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mana.Auth.Http;
using Mana.Auth.Storage;
using Mana.Contracts;

namespace Mana.Auth.Audit;

/// <summary>Reads the rows of a batch strictly; null stands for any fault, as the contract has one text for all of them.</summary>
internal static partial class AuditRows
{
    public const int ActionsBodyLimit = 4 * 1024 * 1024;
    public const int FeedbackBodyLimit = 1024 * 1024;

    // The caps of tick id and tool (or module) name keep every row id below the contract's 255 characters, so that
    // none is cut and two can never become one.
    private const int MaxTickId = 100;
    private const int MaxToolName = 128;
    private const int MaxInputHash = 128;
    private const int MaxErrorMessage = 4000;
    private const int MaxModule = 64;
    private const int MaxNotes = 4000;
    private const int MaxSeq = 999_999;

    /// <summary>A tool call, or null.</summary>
    /// <param name="element">The row as sent.</param>
    /// <param name="index">Its place in the batch: what orders rows of callers that send no <c>seq</c>.</param>
    public static PersonaActionRow? ReadAction(JsonElement element, int index)
    {
        var seqMember = element.Member("seq");
        var seq = index;
        var latency = 0;
        var latencyMember = element.Member("latencyMs");
        if (!element.Member("tickId").TryGetText(MaxTickId, out var tickId)
            || !element.Member("toolName").TryGetText(MaxToolName, out var toolName)
            || !element.Member("result").TryGetText(out var result)
            || result is not ("ok" or "error")
            || !element.Member("inputHash").TryGetOptionalText(MaxInputHash, out var inputHash)
            || !element.Member("errorMessage").TryGetOptionalText(MaxErrorMessage, out var errorMessage)
            || (latencyMember is not null && !latencyMember.TryGetInteger(0, int.MaxValue, out latency))
            || (seqMember is not null && !seqMember.TryGetInteger(0, MaxSeq, out seq)))
        {
            return null;
        }

        return new PersonaActionRow
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{tickId}-{seq}-{toolName}"),
            TickId = tickId,
            Seq = seq,
            ToolName = toolName,
            InputHash = inputHash,
            Result = result,
            ErrorMessage = errorMessage,
            LatencyMs = latencyMember is null ? null : latency,
        };
    }

    /// <summary>A rating, or null.</summary>
    public static PersonaFeedbackRow? ReadFeedback(JsonElement element, int index)
    {
        if (!element.Member("tickId").TryGetText(MaxTickId, out var tickId)
            || !element.Member("module").TryGetText(MaxModule, out var module)
            || !element.Member("rating").TryGetInteger(1, 5, out var rating)
            || !element.Member("notes").TryGetOptionalText(MaxNotes, out var notes))
        {
            return null;
        }

        return new PersonaFeedbackRow { Id = $"{tickId}-{module}", TickId = tickId, Module = module, Rating = rating, Notes = notes };
    }

    /// <summary>The outcome of a tick, or null with what is wrong.</summary>
    public static PersonaTickRow? ReadOutcome(JsonElement body, out string? error)
    {
        error = null;
        if (!body.Member("tickId").TryGetText(MaxTickId, out var tickId))
        {
            error = $"`tickId` must be a string of 1 to {MaxTickId} characters";
        }
        else if (!body.Member("outcome").TryGetText(out var outcome) || !TickOutcomes.All.Contains(outcome))
        {
            error = $"`outcome` must be one of {string.Join(", ", TickOutcomes.All)}";
        }
        else if (!TryGetTime(body, "startedAt", out var startedAt) || !TryGetTime(body, "endedAt", out var endedAt) || endedAt < startedAt)
        {
            error = "`startedAt` and `endedAt` must be ISO 8601 times in that order";
        }
        else if (!body.Member("brain").TryGetText(100, out var brain))
        {
            error = "`brain` must be a string of 1 to 100 characters";
        }
        else if (!body.Member("toolCalls").TryGetInteger(0, MaxSeq, out var toolCalls))
        {
            error = "`toolCalls` must be a whole number from 0";
        }
        else if (!body.Member("error").TryGetOptionalText(MaxErrorMessage, out var failure))
        {
            error = $"`error` must be a string of at most {MaxErrorMessage} characters";
        }
        else
        {
            return new PersonaTickRow
            {
                TickId = tickId,
                Outcome = outcome,
                StartedAt = startedAt,
                EndedAt = endedAt,
                Brain = brain,
                ToolCalls = toolCalls,
                Error = failure,
            };
        }

        return null;
    }

    private static bool TryGetTime(JsonElement body, string name, out DateTimeOffset time)
    {
        time = default;
        return body.Member(name).TryGetText(out var text)
            && IsoTimePattern().IsMatch(text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time)
            && time > DateTimeOffset.UnixEpoch;
    }

    // The parser alone would take 11/12/2026, and read it the American way.
    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex IsoTimePattern();
}
