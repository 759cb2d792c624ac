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
        var calls = rows.Answers.Where(call => call.Result == "ok").ToDictionary(call => $"{call.Tick}/{call.Seq}", StringComparer.Ordinal);
        rows.Records.Should().NotBeEmpty();
        rows.Records.Should().OnlyContain(
            record => record.CallKey != null && calls.ContainsKey(record.CallKey), "each was made by a successful call");
        rows.Records.Should().OnlyContain(
            record => calls[record.CallKey!].Persona == record.Author && ModuleOf(calls[record.CallKey!].Tool) == ModuleOf(record.Collection));
        rows.Records.Should().OnlyContain(
            record => rows.Members.Contains(new Member(record.Author, record.Space)), "records lie in a space of their author");
        rows.Records.Select(record => record.Id).Should().Contain(
            calls.Values.SelectMany(IdsIn).Distinct(StringComparer.Ordinal), "what was answered is stored");
        rows.ShouldHaveMadeEachRecordOnce(calls);
    }

    // A call shows what it makes, or says how many: were it carried out twice, there would be more than that.
    private static void ShouldHaveMadeEachRecordOnce(this StoreRows rows, Dictionary<string, CallAnswer> calls)
    {
        foreach (var made in rows.Records.Where(record => !IsNeverShown(record)).GroupBy(record => record.CallKey!))
        {
            var call = calls[made.Key];
            if (CountIn(call) is { } count)
            {
                made.Should().HaveCount(count, "{0} said so", call.Tool);
            }
            else
            {
                made.Select(record => record.Id).Should().BeSubsetOf(IdsIn(call), "{0} answered with what it made", call.Tool);
            }
        }

        rows.Records.Where(IsNeverShown).GroupBy(record => record.CallKey).Should().OnlyContain(made => made.Count() == 1);
    }

    // The link between a tag and a record: the answer shows the tag.
    private static bool IsNeverShown(StoredRecord record) => record.Collection == "tags.links";

    private static string ModuleOf(string name) => name.Split('.')[0];

    private static IEnumerable<string> IdsIn(CallAnswer call)
    {
        using var answer = JsonDocument.Parse(call.Output!);
        return [.. RecordsIn(answer.RootElement).Select(record => record.GetProperty("id").GetString()!)];
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

    // cards.addCards shows the last one of many.
    private static int? CountIn(CallAnswer call)
    {
        using var answer = JsonDocument.Parse(call.Output!);
        return answer.RootElement.TryGetProperty("added", out var added) ? added.GetInt32() : null;
    }

    // {"task": {"id": …, "spaceId": …, "authorId": …}}: wherever it stands; an answer may show several.
    private static IEnumerable<JsonElement> RecordsIn(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(RecordsIn),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => RecordsIn(property.Value))
            .Concat(element.TryGetProperty("authorId", out _) ? [element] : []),
        _ => [],
    };
}
