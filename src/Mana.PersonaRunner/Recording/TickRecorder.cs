using System.Text.Json;
using Mana.Contracts;
using Mana.PersonaRunner.Conversation;
using Mana.PersonaRunner.Dashboard;
using Mana.PersonaRunner.Diagnostics;

namespace Mana.PersonaRunner.Recording;

/// <summary>
/// The notebook of one tick. What happened while nothing was sent is noted in memory, and <see cref="FlushAsync"/>
/// stores it with one write before the next request goes out (a phase that begins, its first messages, the intent to
/// ask the model); then it is shown live. What came back from a tool is stored at once. Of a tick that is resumed it
/// gives back what is in the journal, place by place, and writes on where that ends.
/// </summary>
internal sealed class TickRecorder(TakenTick tick, TickStore store, TickFeed feed, RunnerMetrics metrics, TimeProvider clock)
{
    private readonly List<RecordedCall> _calls = [];
    private TickNotes _notes = new();
    private int _turnSeq;
    private int _modelCallSeq;

    public TickId Id => tick.Id;

    /// <summary>The calls so far, in order.</summary>
    public IReadOnlyList<RecordedCall> Calls => _calls;

    /// <summary>Shows that the tick has begun; the row says so since it was taken.</summary>
    public void Begin()
    {
        if (tick.Epoch == 1)
        {
            feed.Publish(Event("phase") with { Phase = TickPhases.SignIn });
        }
    }

    /// <summary>Notes that a phase begins; one that had begun before an interruption goes on silently.</summary>
    public void Enter(string phase)
    {
        if (!tick.Journal.Has(phase))
        {
            _notes.Phases.Add(phase);
        }
    }

    /// <summary>Notes what somebody said, and returns it; of a resumed tick it returns what was said then.</summary>
    /// <exception cref="InvalidDataException">The journal is of another version of the runner.</exception>
    public string Say(string role, string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        var seq = _turnSeq++;
        if (tick.Journal.Turn(seq, role) is { } said)
        {
            return said;
        }

        _notes.Turns.Add(new TurnRow { TickId = Id.Value, Seq = seq, Role = role, Text = text, At = clock.GetUtcNow() });
        return text;
    }

    /// <summary>Begins a model call: it is in the journal with its answer, or its intent is noted and it has to be made.</summary>
    /// <returns>Its place, and the answer that the journal has.</returns>
    /// <exception cref="InvalidDataException">The journal is of another version of the runner.</exception>
    public (int Seq, string? Content) Ask(string purpose)
    {
        var seq = _modelCallSeq++;
        switch (tick.Journal.ModelCall(seq, purpose))
        {
            case { Content: { } content }:
                return (seq, content);
            case not null:
                _notes.AskedAgain.Add(seq);
                metrics.ModelCallRepeated();
                return (seq, null);
            default:
                _notes.Asked.Add(new ModelCallRow { TickId = Id.Value, Seq = seq, Purpose = purpose, At = clock.GetUtcNow() });
                return (seq, null);
        }
    }

    /// <summary>The call was not made after all: the tick is parked before it.</summary>
    public void Withdraw(int seq) => _notes.Withdrawn = seq;

    /// <summary>Notes the answer to a model call.</summary>
    /// <param name="seq">Its place.</param>
    /// <param name="content">The answer as the brain needs it back.</param>
    /// <param name="finish">Why it ended.</param>
    /// <param name="usage">What it cost.</param>
    /// <param name="latency">How long it took.</param>
    public void Answered(int seq, string content, string? finish, TickUsage usage, TimeSpan latency)
    {
        _notes.Answered.Add(new ModelCallRow
        {
            Seq = seq,
            Finish = finish,
            InputTokens = usage.InputTokens,
            OutputTokens = usage.OutputTokens,
            CacheReadTokens = usage.CacheReadTokens,
            CacheWriteTokens = usage.CacheWriteTokens,
            LatencyMs = (int)latency.TotalMilliseconds,
            Content = content,
        });
        metrics.Tokens(usage);
    }

    /// <summary>
    /// Notes that a call is about to be made; it is not sent before <see cref="FlushAsync"/>. Of a resumed tick it may
    /// have its result already, or be in doubt.
    /// </summary>
    /// <param name="turn">The model turn, from 1.</param>
    /// <param name="toolUseId">The model's id.</param>
    /// <param name="toolName">The MCP name; for a tool that does not exist, the name that the model made up.</param>
    /// <param name="isKnown">Whether the server has this tool.</param>
    /// <param name="input">The arguments as the model gave them.</param>
    /// <exception cref="InvalidDataException">The journal is of another version of the runner.</exception>
    public RecordedCall Call(int turn, string toolUseId, string toolName, bool isKnown, JsonElement input)
    {
        var call = new RecordedCall(_calls.Count, toolName, ModuleNames.OfTool(toolName), isKnown);
        _calls.Add(call);
        if (tick.Journal.Call(call.Seq, toolName) is { } known)
        {
            call.Restore(known);
            return call;
        }

        _notes.Calls.Add(new CallRow
        {
            TickId = Id.Value,
            Seq = call.Seq,
            Turn = turn,
            ToolUseId = toolUseId,
            Tool = toolName,
            Module = call.Module,
            Input = input.GetRawText(),
            InputHash = InputHash.Of(input),
            At = clock.GetUtcNow(),
        });
        return call;
    }

    /// <summary>Notes that a call in doubt is made again.</summary>
    public void Repeat(RecordedCall call)
    {
        _notes.CallsAgain.Add(call.Seq);
        metrics.ToolCallRepeated();
    }

    /// <summary>Notes what the persona will remember.</summary>
    public void Remember(string summary) => _notes.Summary = summary;

    /// <summary>Stores what was noted; when the task completes, it is on disk.</summary>
    /// <exception cref="StaleEpochException">Another process has the tick.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_notes.IsEmpty)
        {
            return;
        }

        await store.AddAsync(Id, tick.Epoch, _notes, cancellationToken);
        Noted();
    }

    /// <summary>Stores what a call brought: <c>ok</c>, <c>error</c> or <c>in-doubt</c>.</summary>
    /// <exception cref="StaleEpochException">Another process has the tick.</exception>
    public async Task ResultAsync(RecordedCall call, string result, string output, TimeSpan latency, CancellationToken cancellationToken)
    {
        var milliseconds = (int)latency.TotalMilliseconds;
        await store.CallResultAsync(Id, tick.Epoch, call.Seq, result, output, milliseconds, cancellationToken);
        call.Ended(result, milliseconds);
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
        await store.RatingsAsync(Id, tick.Epoch, rows, missing, cancellationToken);
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
        _notes.CallsAgain.Clear();
        await store.EndAsync(Id, tick.Epoch, _notes, outcome, stage, error, clock.GetUtcNow(), cancellationToken);
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

    private TickEvent Event(string kind) => new(kind, Id, tick.Persona.Email, tick.Persona.DisplayName(), clock.GetUtcNow());
}
