using System.Text.Json;

namespace Mana.EndToEnd.Stores;

/// <summary>What mana-auth, mana-mcp and the runner must agree on when everything has been delivered.</summary>
internal static class StoreAgreement
{
    /// <summary>Every persona has ticked once, and each row of one service has its counterpart in the others.</summary>
    public static void ShouldAgreeOnOneTickOfEverybody(this StoreRows rows, string brain)
    {
        rows.Personas.Should().HaveCount(10);
        rows.RunnerTicks.Select(tick => tick.Persona).Should().BeEquivalentTo(rows.Personas, "everybody has one tick");
        rows.RunnerTicks.Should().OnlyContain(tick => tick.Brain == brain);
        rows.RunnerTicks.Should().OnlyContain(tick => tick.Outcome == "completed", "everybody has a usable module");
        rows.Undelivered.Should().Be(0);

        rows.AuthTicks.Should().Equal(rows.RunnerTicks);
        rows.AuthActions.Should().NotBeEmpty().And.Equal(rows.RunnerCalls);
        rows.AuthFeedback.Should().NotBeEmpty().And.Equal(rows.RunnerRatings);

        rows.ShouldPairEveryCall();
        rows.ShouldHaveTheRecordsOfSuccessfulCalls();
        rows.ShouldRestRatingsOnCallsOfTheirModule();
    }

    private static void ShouldPairEveryCall(this StoreRows rows)
    {
        rows.RunnerCalls.Should().OnlyContain(call => (call.Result == "ok" || call.Result == "error") && call.LatencyMs != null);
        rows.Answers.Should().OnlyContain(call => call.Output != null);
        foreach (var tick in rows.Answers.GroupBy(call => call.Tick))
        {
            tick.Select(call => call.Seq).Should().Equal(Enumerable.Range(0, tick.Count()).Select(seq => (long)seq));
            tick.Select(call => call.ToolUseId).Should().OnlyHaveUniqueItems();
        }
    }

    private static void ShouldHaveTheRecordsOfSuccessfulCalls(this StoreRows rows)
    {
        var shown = rows.RecordsShownToTheirAuthor();
        rows.Records.Should().NotBeEmpty();
        rows.Records.Select(record => record.Id).Should().BeEquivalentTo(shown.Keys, "each was answered to a call of its author, and what was answered is stored");
        rows.Records.Should().OnlyContain(record => shown[record.Id] == new ShownRecord(record.Collection.Split('.')[0], record.Space));
        rows.Records.Should().OnlyContain(
            record => rows.Members.Contains(new Member(record.Author, record.Space)), "records lie in a space of their author");
    }

    /// <summary>The records in the answers of successful calls, by id.</summary>
    private static Dictionary<string, ShownRecord> RecordsShownToTheirAuthor(this StoreRows rows)
    {
        var shown = new Dictionary<string, ShownRecord>(StringComparer.Ordinal);
        foreach (var call in rows.Answers.Where(call => call.Result == "ok"))
        {
            using var answer = JsonDocument.Parse(call.Output!);
            foreach (var record in RecordsIn(answer.RootElement).Where(record => record.GetProperty("authorId").GetString() == call.Persona))
            {
                shown[record.GetProperty("id").GetString()!] = new ShownRecord(call.Tool.Split('.')[0], record.GetProperty("spaceId").GetString()!);
            }
        }

        return shown;
    }

    private static void ShouldRestRatingsOnCallsOfTheirModule(this StoreRows rows)
    {
        foreach (var rating in rows.Evidence)
        {
            var calls = rows.RunnerCalls
                .Where(call => call.Tick == rating.Tick && call.Tool.StartsWith(rating.Module + ".", StringComparison.Ordinal))
                .Select(call => (int)call.Seq);
            calls.Should().NotBeEmpty("only what was used is rated").And.Contain(JsonSerializer.Deserialize<int[]>(rating.Evidence)!);
        }
    }

    // {"task": {"id": …, "spaceId": …, "authorId": …}}: wherever it stands; an answer may show several.
    private static IEnumerable<JsonElement> RecordsIn(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(RecordsIn),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => RecordsIn(property.Value))
            .Concat(element.TryGetProperty("authorId", out _) ? [element] : []),
        _ => [],
    };

    private sealed record ShownRecord(string Module, string Space);
}
