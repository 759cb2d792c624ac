using System.Text.Json;
using Mana.Contracts;
using Mana.PersonaRunner.Conversation;
using Mana.PersonaRunner.Dashboard;
using Mana.PersonaRunner.Diagnostics;

namespace Mana.PersonaRunner.Recording;

/// <summary>
/// The notebook of one tick. What happened while nothing was sent is noted in memory, and <see cref="FlushAsync"/>
/// stores it with one write before the next request goes out (a phase that begins, its first messages); then it is
/// shown live. What came back from a tool is stored at once.
/// </summary>
internal sealed class TickRecorder(TickId id, DuePersona persona, TickStore store, TickFeed feed, RunnerMetrics metrics, TimeProvider clock)
{
    private readonly List<RecordedCall> _calls = [];
    private TickNotes _notes = new();
    private int _turnSeq;
    private int _modelCallSeq;

    public TickId Id { get; } = id;

    /// <summary>The calls so far, in order.</summary>
    public IReadOnlyList<RecordedCall> Calls => _calls;

    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await store.BeginAsync(Id, clock.GetUtcNow(), cancellationToken);
        feed.Publish(Event("phase") with { Phase = TickPhases.SignIn });
    }

    /// <summary>Notes that a phase begins.</summary>
    public void Enter(string phase) => _notes.Phases.Add(phase);

    /// <summary>Notes what somebody said.</summary>
    public void Say(string role, string text)
    {
        if (text.Length > 0)
        {
            _notes.Turns.Add(new TurnRow { TickId = Id.Value, Seq = _turnSeq++, Role = role, Text = text, At = clock.GetUtcNow() });
        }
    }

    /// <summary>Notes a call of the model that came back.</summary>
    public void ModelCall(string purpose, string? finish, TickUsage usage, TimeSpan latency)
    {
        _notes.ModelCalls.Add(new ModelCallRow
        {
            TickId = Id.Value,
            Seq = _modelCallSeq++,
            Purpose = purpose,
            Finish = finish,
            InputTokens = usage.InputTokens,
            OutputTokens = usage.OutputTokens,
            CacheReadTokens = usage.CacheReadTokens,
            CacheWriteTokens = usage.CacheWriteTokens,
            LatencyMs = (int)latency.TotalMilliseconds,
            At = clock.GetUtcNow(),
        });
        metrics.Tokens(usage);
    }

    /// <summary>Notes that a call is about to be made; it is not sent before <see cref="FlushAsync"/>.</summary>
    /// <param name="turn">The model turn, from 1.</param>
    /// <param name="toolUseId">The model's id.</param>
    /// <param name="tool">The MCP name; for a tool that does not exist, the name that the model made up.</param>
    /// <param name="isKnown">Whether the server has this tool.</param>
    /// <param name="input">The arguments as the model gave them.</param>
    public RecordedCall Call(int turn, string toolUseId, string tool, bool isKnown, JsonElement input)
    {
        var call = new RecordedCall(_calls.Count, tool, ModuleNames.OfTool(tool), isKnown);
        _calls.Add(call);
        _notes.Calls.Add(new CallRow
        {
            TickId = Id.Value,
            Seq = call.Seq,
            Turn = turn,
            ToolUseId = toolUseId,
            Tool = tool,
            Module = call.Module,
            Input = input.GetRawText(),
            InputHash = InputHash.Of(input),
            At = clock.GetUtcNow(),
        });
        return call;
    }

    /// <summary>Notes what the persona will remember.</summary>
    public void Remember(string summary) => _notes.Summary = summary;

    /// <summary>Stores what was noted; when the task completes, it is on disk.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_notes.IsEmpty)
        {
            return;
        }

        await store.AddAsync(Id, _notes, cancellationToken);
        Noted();
    }

    public async Task ResultAsync(RecordedCall call, bool isError, string output, TimeSpan latency, CancellationToken cancellationToken)
    {
        call.IsError = isError;
        call.LatencyMs = (int)latency.TotalMilliseconds;
        await store.CallResultAsync(Id, call.Seq, isError, output, call.LatencyMs.Value, cancellationToken);
        var result = isError ? "error" : "ok";
        metrics.ToolCall(call.IsKnown ? call.Module : "unknown", call.IsKnown ? call.Tool : "unknown", result);
        feed.Publish(Event("call") with { Tool = call.Tool, Result = result, LatencyMs = call.LatencyMs });
    }

    public async Task RatingsAsync(IReadOnlyList<TickRating> ratings, int missing, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var rows = ratings.Select(rating => new RatingRow
        {
            TickId = Id.Value,
            Module = rating.Module,
            Rating = rating.Rating,
            WhatHappened = rating.WhatHappened,
            Note = rating.Note,
            Evidence = JsonSerializer.Serialize(rating.Evidence, RunnerJson.Default.IReadOnlyListInt32),
            At = now,
        }).ToList();
        await store.RatingsAsync(Id, rows, missing, cancellationToken);
        metrics.MissingRatings(missing);
        foreach (var rating in ratings)
        {
            if (rating.Rating is { } value)
            {
                metrics.Rating(rating.Module, value);
            }

            feed.Publish(Event("rating") with { Module = rating.Module, Rating = rating.Rating, Text = rating.Note });
        }
    }

    public async Task EndAsync(string outcome, string? stage, string? error, CancellationToken cancellationToken)
    {
        // What could not be stored before was not sent either.
        _notes.Calls.Clear();
        await store.EndAsync(Id, _notes, outcome, stage, error, clock.GetUtcNow(), cancellationToken);
        Noted();
        if (stage is not null)
        {
            metrics.Error(stage);
        }
    }

    private void Noted()
    {
        foreach (var phase in _notes.Phases)
        {
            feed.Publish(Event("phase") with { Phase = phase });
        }

        _notes = new TickNotes();
    }

    private TickEvent Event(string kind) => new(kind, Id, persona.Email, persona.DisplayName(), clock.GetUtcNow());
}

/// <summary>One call of the tick, as the ratings refer to it.</summary>
internal sealed class RecordedCall(int seq, string tool, string module, bool isKnown)
{
    public int Seq { get; } = seq;

    /// <summary>The id by which the persona names the call as evidence.</summary>
    public string ActionId { get; } = $"a{seq}";

    public string Tool { get; } = tool;

    public string Module { get; } = module;

    public bool IsKnown { get; } = isKnown;

    public bool? IsError { get; set; }

    public int? LatencyMs { get; set; }
}

/// <summary>How personas are shown.</summary>
internal static class PersonaNames
{
    /// <summary>The persona's name; an auth service that sends none has it in the e-mail: persona.anna@… is Anna.</summary>
    public static string DisplayName(this DuePersona persona)
    {
        if (persona.Name is { Length: > 0 } name)
        {
            return name;
        }

        var local = persona.Email.Split('@')[0];
        var last = local[(local.LastIndexOf('.') + 1)..];
        return last.Length == 0 ? persona.Email : char.ToUpperInvariant(last[0]) + last[1..];
    }
}
