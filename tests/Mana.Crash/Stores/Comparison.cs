using System.Text.Json;

namespace Mana.Crash.Stores;

/// <summary>What a comparison of the three services finds.</summary>
internal sealed class Findings
{
    public List<string> Lost { get; } = [];

    public List<string> Doubled { get; } = [];

    public List<string> InDoubt { get; } = [];

    /// <summary>Model turns that were asked and not answered before a kill, and were asked again.</summary>
    public long AskedAgain { get; set; }

    /// <summary>Calls that were sent and not answered before a kill, and were sent again.</summary>
    public long SentAgain { get; set; }
}

/// <summary>
/// Holds the runner's journal against the records of mana-mcp and the rows of mana-auth, when everything has been
/// delivered.
/// </summary>
/// <param name="rows">What is stored.</param>
/// <param name="writes">The names of the tools that do more than read.</param>
/// <param name="honoursKeys">Whether mana-mcp has kept keys.</param>
internal sealed class Comparison(StoredRows rows, IReadOnlySet<string> writes, bool honoursKeys)
{
    private readonly Findings _findings = new();

    public Findings Compare()
    {
        _findings.AskedAgain = rows.Models.Sum(model => model.Asked - 1);
        _findings.SentAgain = rows.Calls.Sum(call => call.Sent - 1);
        CompareTicks();
        CompareJournals();
        CompareRecords();
        CompareDelivered();
        return _findings;
    }

    private void CompareTicks()
    {
        foreach (var tick in rows.Ticks.Where(tick => tick.EndedAt is null))
        {
            _findings.Lost.Add($"tick {tick.Id} never ended (phase {tick.Phase})");
        }

        foreach (var tick in rows.Ticks.Where(tick => tick.Outcome is "failed" or "timed-out"))
        {
            _findings.Lost.Add($"tick {tick.Id} ended as {tick.Outcome}: {tick.Error}");
        }

        foreach (var persona in rows.Ticks.GroupBy(tick => tick.Persona))
        {
            TickRow? before = null;
            foreach (var tick in persona.OrderBy(tick => tick.StartedAt).ThenBy(tick => tick.Id, StringComparer.Ordinal))
            {
                if (before?.EndedAt > tick.StartedAt)
                {
                    _findings.Doubled.Add($"ticks {before.Id} and {tick.Id} of one persona overlap");
                }

                before = tick;
            }
        }
    }

    private void CompareJournals()
    {
        foreach (var (what, places) in new[]
        {
            ("turns", rows.Turns),
            ("calls", [.. rows.Calls.Select(call => (call.Tick, call.Seq))]),
            ("model calls", (IReadOnlyList<(string Tick, long Seq)>)[.. rows.Models.Select(model => (model.Tick, model.Seq))]),
        })
        {
            foreach (var tick in places.GroupBy(place => place.Tick).Where(tick => tick.Max(place => place.Seq) != tick.Count() - 1))
            {
                _findings.Lost.Add($"the {what} of tick {tick.Key} have gaps");
            }
        }

        var ended = rows.Ticks.Where(tick => tick.EndedAt is not null).Select(tick => tick.Id).ToHashSet();
        _findings.Lost.AddRange(rows.Calls.Where(call => call.Result is null && ended.Contains(call.Tick)).Select(call => $"call {call.Tick}/{call.Seq} has no result"));
        _findings.Lost.AddRange(rows.Models.Where(model => !model.IsAnswered && ended.Contains(model.Tick)).Select(model => $"model call {model.Tick}/{model.Seq} has no answer"));
        _findings.InDoubt.AddRange(rows.Calls.Where(call => call.Result == "in-doubt").Select(call => $"call {call.Tick}/{call.Seq} ({call.Tool})"));

        var ratings = rows.Ratings.ToLookup(rating => rating.Tick);
        var calls = rows.Calls.ToLookup(call => call.Tick);
        foreach (var tick in rows.Ticks.Where(tick => tick.Outcome == "completed"))
        {
            var used = calls[tick.Id].Select(call => call.Module).Distinct().Count();
            if (ratings[tick.Id].Count() + tick.MissingRatings != used || tick.MissingRatings > 0)
            {
                _findings.Lost.Add($"tick {tick.Id} used {used} modules and has {ratings[tick.Id].Count()} ratings");
            }
        }
    }

    private void CompareRecords()
    {
        var records = rows.Records.Select(record => record.Id).ToHashSet(StringComparer.Ordinal);
        var makers = new Dictionary<string, string>(StringComparer.Ordinal);
        var keys = rows.Keys.Select(key => key.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var call in rows.Calls.Where(call => call.Result == "ok" && writes.Contains(call.Tool)))
        {
            var name = $"{call.Tick}/{call.Seq}";
            if (honoursKeys && !keys.Contains(name))
            {
                _findings.Lost.Add($"call {name} ({call.Tool}) is ok, and mana-mcp does not know its key");
            }

            using var answer = JsonDocument.Parse(call.Output!);
            foreach (var id in RecordsIn(answer.RootElement))
            {
                if (!records.Contains(id))
                {
                    _findings.Lost.Add($"call {name} ({call.Tool}) is ok, and mana-mcp has no record {id}");
                }

                // A call that makes a record cannot name it; one that changes a record must.
                if (!call.Input.Contains(id, StringComparison.OrdinalIgnoreCase) && !makers.TryAdd(id, name) && AlwaysMakes(call.Tool))
                {
                    _findings.Doubled.Add($"calls {makers[id]} and {name} both say that they made record {id}");
                }
            }
        }

        // No answer shows the link between a tag and a record; the call that made it names both.
        var links = new HashSet<(string, string)>();
        foreach (var (id, collection, data) in rows.Records.Where(record => !makers.ContainsKey(record.Id)))
        {
            var isClaimed = collection == "tags.links" && links.Add(LinkIn(data)) && IsMade(LinkIn(data));
            if (!isClaimed)
            {
                CompareUnclaimed(id, collection);
            }
        }
    }

    private bool IsMade((string Tag, string Record) link) => rows.Calls.Any(call =>
        call is { Result: "ok", Tool: "tags.assign" }
        && call.Input.Contains(link.Tag, StringComparison.OrdinalIgnoreCase) && call.Input.Contains(link.Record, StringComparison.OrdinalIgnoreCase));

    private static (string Tag, string Record) LinkIn(string data)
    {
        using var link = JsonDocument.Parse(data);
        return (link.RootElement.GetProperty("tagId").GetString()!, link.RootElement.GetProperty("recordId").GetString()!);
    }

    /// <summary>A record that no successful call speaks of: it was written twice, or its call was not heard.</summary>
    private void CompareUnclaimed(string id, string collection)
    {
        var key = rows.Keys.FirstOrDefault(key => key.Answer.Contains(id, StringComparison.Ordinal))?.Key;
        var result = rows.Calls.FirstOrDefault(call => $"{call.Tick}/{call.Seq}" == key)?.Result;
        if (result is null or "ok")
        {
            _findings.Doubled.Add($"record {id} of {collection} was made by no call of the journal");
        }
        else if (result != "in-doubt")
        {
            _findings.Lost.Add($"record {id} of {collection} was made by call {key}, whose result is {result}");
        }
    }

    private void CompareDelivered()
    {
        if (rows.Undelivered > 0)
        {
            _findings.Lost.Add($"{rows.Undelivered} rows of the outbox were never delivered");
        }

        var ended = rows.Ticks.Where(tick => tick.EndedAt is not null).ToDictionary(tick => tick.Id);
        var calls = rows.Calls.ToLookup(call => call.Tick);
        Compare(
            "action",
            rows.Calls.Where(call => ended.ContainsKey(call.Tick)).Select(call => new ActionRow(
                ended[call.Tick].Persona, call.Tick, call.Seq, call.Tool, call.InputHash, call.Result == "ok" ? "ok" : "error", call.Latency)),
            rows.Actions);
        Compare(
            "feedback",
            rows.Ratings.Where(rating => rating.Rating is not null && ended.ContainsKey(rating.Tick)).Select(rating => new FeedbackRow(
                ended[rating.Tick].Persona, rating.Tick, rating.Module, rating.Rating!.Value, rating.Note)),
            rows.Feedback);
        Compare(
            "outcome",
            ended.Values.Select(tick => new OutcomeRow(
                tick.Persona, tick.Id, tick.Outcome!, tick.Brain, calls[tick.Id].Count(), tick.StartedAt, tick.EndedAt!.Value)),
            rows.Outcomes);
    }

    private void Compare<T>(string what, IEnumerable<T> journal, IEnumerable<T> delivered)
        where T : notnull
    {
        var left = delivered.GroupBy(row => row).ToDictionary(row => row.Key, row => row.Count());
        foreach (var row in journal)
        {
            if (left.GetValueOrDefault(row) == 0)
            {
                _findings.Lost.Add($"mana-auth lacks the {what} {row}");
            }
            else
            {
                left[row]--;
            }
        }

        _findings.Doubled.AddRange(left.Where(row => row.Value > 0).Select(row => $"mana-auth has {row.Value} too many of the {what} {row.Key}"));
    }

    // Other tools may answer with a record that was there before: a page saved twice, a habit ticked off twice.
    private static bool AlwaysMakes(string tool) =>
        tool.Split('.')[^1] is var verb && (verb.StartsWith("create", StringComparison.Ordinal) || verb.StartsWith("add", StringComparison.Ordinal));

    // {"task": {"id": …, "authorId": …}}: wherever it stands; an answer may show several. A deletion answers without one.
    private static IEnumerable<string> RecordsIn(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(RecordsIn),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => RecordsIn(property.Value))
            .Concat(element.TryGetProperty("authorId", out _) ? [element.GetProperty("id").GetString()!] : []),
        _ => [],
    };
}
