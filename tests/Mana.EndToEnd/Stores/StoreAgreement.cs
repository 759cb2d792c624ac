using System.Text.Json;

namespace Mana.EndToEnd.Stores;

/// <summary>What mana-auth, mana-mcp and the runner must agree on when everything has been delivered.</summary>
internal static class StoreAgreement
{
    // The tools that make a record, and where mana-mcp keeps it.
    private static readonly Dictionary<string, string> Collections = new(StringComparer.Ordinal)
    {
        ["todo.create"] = "todo.tasks",
        ["notes.create"] = "notes.notes",
        ["journal.add"] = "journal.entries",
        ["mood.log"] = "mood.entries",
        ["habits.create"] = "habits.habits",
        ["habits.log"] = "habits.logs",
        ["calendar.create"] = "calendar.events",
        ["contacts.create"] = "contacts.contacts",
        ["articles.save"] = "articles.articles",
        ["articles.highlight"] = "articles.highlights",
        ["dreams.add"] = "dreams.dreams",
        ["library.add"] = "library.entries",
        ["goals.create"] = "goals.goals",
        ["goals.addProgress"] = "goals.progress",
    };

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
        rows.Records.Should().NotBeEmpty().And.BeEquivalentTo(rows.RecordsOfSuccessfulCalls());
        rows.Records.Should().OnlyContain(
            record => rows.Members.Contains(new Member(record.Author, record.Space)), "records lie in a space of their author");
    }

    private static List<StoredRecord> RecordsOfSuccessfulCalls(this StoreRows rows) =>
    [
        // Once each: a page that is saved again is answered with its first record.
        .. rows.Answers.Where(call => call.Result == "ok" && Collections.ContainsKey(call.Tool)).Select(call =>
        {
            var record = CreatedRecord(call);
            record.Author.Should().Be(call.Persona);
            return record;
        }).Distinct(),
    ];

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

    // {"task": {"id": …, "spaceId": …, "authorId": …}}: whichever property holds the record.
    private static StoredRecord CreatedRecord(CallAnswer call)
    {
        using var answer = JsonDocument.Parse(call.Output!);
        var record = answer.RootElement.EnumerateObject()
            .Select(property => property.Value)
            .First(value => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("authorId", out _));
        return new StoredRecord(
            record.GetProperty("id").GetString()!,
            Collections[call.Tool],
            record.GetProperty("authorId").GetString()!,
            record.GetProperty("spaceId").GetString()!);
    }
}
