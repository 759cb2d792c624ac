using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mana.Contracts;

/// <summary>The six phases of a tick, in order; <see cref="Ended"/> stands for none.</summary>
public static class TickPhases
{
    /// <summary>Accepted, waiting for a free slot.</summary>
    public const string Queued = "queued";

    /// <summary>Login and the personal space.</summary>
    public const string SignIn = "sign-in";

    /// <summary>MCP connection and the list of tools.</summary>
    public const string Connect = "connect";

    /// <summary>The conversation: the model uses the product.</summary>
    public const string Act = "act";

    /// <summary>The ratings, asked for in the same conversation.</summary>
    public const string Rate = "rate";

    /// <summary>What the persona keeps for its next visit.</summary>
    public const string Remember = "remember";

    /// <summary>Actions, feedback and outcome on their way to mana-auth.</summary>
    public const string Deliver = "deliver";

    /// <summary>The tick is over; its outcome says how.</summary>
    public const string Ended = "ended";
}

/// <summary>Body of <c>POST /api/v1/ticks</c> of the runner: whom to run now, whatever the clock says.</summary>
/// <param name="Scope">One of <see cref="TickScopes"/>.</param>
/// <param name="Personas">E-mails or names; narrows the scope. With <see cref="TickScopes.All"/> these run even when not due.</param>
public sealed record RunTicksRequest(string Scope = TickScopes.Due, IReadOnlyList<string>? Personas = null);

/// <summary>Which personas a caller means; also the <c>scope</c> query of mana-auth's <c>due</c> (ours).</summary>
public static class TickScopes
{
    /// <summary>Those whose schedule says so.</summary>
    public const string Due = "due";

    /// <summary>Those that never ticked, whatever their cadence and weekday.</summary>
    public const string NeverTicked = "never-ticked";

    /// <summary>Every persona.</summary>
    public const string All = "all";
}

/// <summary>Answer (202) of <c>POST /api/v1/ticks</c>.</summary>
public sealed record RunTicksResponse(IReadOnlyList<StartedTick> Ticks, IReadOnlyList<SkippedPersona> Skipped);

/// <summary>A tick that was accepted.</summary>
public sealed record StartedTick(TickId TickId, string Email, string Name);

/// <summary>A persona that was not started, and why: it is running already, or it is unknown.</summary>
public sealed record SkippedPersona(string Email, string Reason);

/// <summary>One tick in a list.</summary>
/// <param name="Id">The tick.</param>
/// <param name="PersonaId">The persona's user id.</param>
/// <param name="Email">The persona's e-mail.</param>
/// <param name="Name">The persona's name.</param>
/// <param name="Brain">Who spoke: <c>claude</c> or <c>simulated</c>.</param>
/// <param name="Model">The model's name; null for the simulated brain.</param>
/// <param name="Phase">One of <see cref="TickPhases"/>.</param>
/// <param name="Outcome">One of <see cref="TickOutcomes"/>; null while it runs.</param>
/// <param name="Error">Why it failed, or why it was idle.</param>
/// <param name="StartedAt">UTC.</param>
/// <param name="EndedAt">UTC; null while it runs.</param>
/// <param name="ToolCalls">Calls so far.</param>
/// <param name="Ratings">Modules rated.</param>
/// <param name="MissingRatings">Modules that were used but not rated, after one repair turn.</param>
/// <param name="Delivered">Whether mana-auth has acknowledged everything.</param>
/// <param name="Stage">Where it failed (<c>sign-in</c>, <c>mcp</c>, <c>model</c>, <c>storage</c>, <c>cancelled</c> …); null when it did not.</param>
/// <param name="Epoch">How often a node has taken it up: 0 while it waits for the first time, more than 1 after an interruption.</param>
/// <param name="Node">The node that runs it; null when none does.</param>
/// <param name="Undelivered">Batches that mana-auth has not acknowledged.</param>
/// <param name="SetAside">Those of them that it refused for good, or that were set aside by hand; they wait for a retry.</param>
/// <param name="DeliveryError">What it said of the first of them.</param>
/// <param name="Run">The run that opened it; null for ticks of a version that knew none.</param>
/// <param name="DeliveryAttempts">How often the first of them was sent.</param>
public sealed record TickSummary(
    TickId Id,
    UserId PersonaId,
    string Email,
    string Name,
    string Brain,
    string? Model,
    string Phase,
    string? Outcome,
    string? Error,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    int ToolCalls,
    int Ratings,
    int MissingRatings,
    bool Delivered,
    string? Stage = null,
    long Epoch = 0,
    string? Node = null,
    int Undelivered = 0,
    int SetAside = 0,
    string? DeliveryError = null,
    string? Run = null,
    int DeliveryAttempts = 0);

/// <summary>Answer of <c>GET /api/v1/ticks</c>: newest first; with <c>undelivered=true</c> oldest first.</summary>
public sealed record TickListResponse(IReadOnlyList<TickSummary> Ticks);

/// <summary>Answer of <c>GET /api/v1/ticks/:id</c>: everything that is kept of a tick.</summary>
/// <param name="Tick">Its head.</param>
/// <param name="Summary">What the persona will remember.</param>
/// <param name="Turns">The conversation.</param>
/// <param name="Calls">The tool calls.</param>
/// <param name="Ratings">What the persona says of the modules.</param>
/// <param name="Usage">Tokens.</param>
/// <param name="ModelCallsRepeated">Requests to the model that were made again because an interruption lost the answer.</param>
/// <param name="Undelivered">What mana-auth has not acknowledged, in the order in which it must arrive.</param>
public sealed record TickDetail(
    TickSummary Tick,
    string? Summary,
    IReadOnlyList<TickTurn> Turns,
    IReadOnlyList<TickCall> Calls,
    IReadOnlyList<TickRating> Ratings,
    TickUsage Usage,
    int ModelCallsRepeated = 0,
    IReadOnlyList<UndeliveredBatch>? Undelivered = null);

/// <summary>One message of the conversation: <c>system</c>, <c>user</c> or <c>assistant</c>; tool results are on the calls.</summary>
public sealed record TickTurn(int Seq, string Role, string Text, DateTimeOffset At);

/// <summary>
/// One tool call: <c>Result</c> is <c>ok</c>, <c>error</c>, <c>in-doubt</c> (it was sent, and whether it was carried out
/// is not known) or null while it is under way.
/// </summary>
/// <param name="Seq">Its place in the tick, from 0; the action id in ratings is <c>a{Seq}</c>.</param>
/// <param name="Turn">The model turn that asked for it, from 1.</param>
/// <param name="ToolUseId">The model's id of the call.</param>
/// <param name="Tool">The MCP name, with the dot.</param>
/// <param name="Module">The part before the first dot.</param>
/// <param name="Input">What the model sent.</param>
/// <param name="Result">ok, error, in-doubt or null.</param>
/// <param name="Output">What the tool answered, as the model saw it.</param>
/// <param name="LatencyMs">Milliseconds until the answer.</param>
/// <param name="At">When it was sent, UTC.</param>
/// <param name="Sent">How often: more than once after an interruption that left its outcome unknown.</param>
public sealed record TickCall(
    int Seq,
    int Turn,
    string ToolUseId,
    string Tool,
    string Module,
    JsonElement Input,
    string? Result,
    string? Output,
    int? LatencyMs,
    DateTimeOffset At,
    int Sent = 1);

/// <summary>What the persona says of one module that it used. <c>Rating</c> is null where it gave none.</summary>
public sealed record TickRating(string Module, int? Rating, string? WhatHappened, string? Note, IReadOnlyList<int> Evidence);

/// <summary>Tokens of all model calls of a tick; input includes what was read from and written to the cache.</summary>
public sealed record TickUsage(int ModelCalls, long InputTokens, long OutputTokens, long CacheReadTokens, long CacheWriteTokens);

/// <summary>One line of <c>GET /api/v1/events</c> (server-sent events, event name = <c>Kind</c>).</summary>
/// <param name="Kind"><c>phase</c>, <c>call</c>, <c>rating</c> or <c>end</c>.</param>
/// <param name="TickId">The tick.</param>
/// <param name="Email">The persona.</param>
/// <param name="Name">The persona's name.</param>
/// <param name="At">UTC.</param>
/// <param name="Phase">Of <c>phase</c>.</param>
/// <param name="Tool">Of <c>call</c>.</param>
/// <param name="Result">Of <c>call</c>: ok or error.</param>
/// <param name="LatencyMs">Of <c>call</c>.</param>
/// <param name="Module">Of <c>rating</c>.</param>
/// <param name="Rating">Of <c>rating</c>; null when the persona gave none.</param>
/// <param name="Text">Of <c>rating</c>: the note; of <c>end</c>: the error or the closing summary.</param>
/// <param name="Outcome">Of <c>end</c>.</param>
public sealed record TickEvent(
    string Kind,
    TickId TickId,
    string Email,
    string Name,
    DateTimeOffset At,
    string? Phase = null,
    string? Tool = null,
    string? Result = null,
    int? LatencyMs = null,
    string? Module = null,
    int? Rating = null,
    string? Text = null,
    string? Outcome = null);

/// <summary>JSON of the runner's own API.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, Converters = [typeof(IsoTimeConverter)])]
[JsonSerializable(typeof(RunTicksRequest))]
[JsonSerializable(typeof(RunTicksResponse))]
[JsonSerializable(typeof(TickListResponse))]
[JsonSerializable(typeof(RunListResponse))]
[JsonSerializable(typeof(TickDetail))]
[JsonSerializable(typeof(PurgeRequest))]
[JsonSerializable(typeof(PurgeResponse))]
[JsonSerializable(typeof(CancelTickResponse))]
[JsonSerializable(typeof(RetryTickResponse))]
[JsonSerializable(typeof(SetAsideTickResponse))]
[JsonSerializable(typeof(ClusterResponse))]
[JsonSerializable(typeof(TickEvent))]
[JsonSerializable(typeof(PauseResponse))]
[JsonSerializable(typeof(RunnerHealth))]
[JsonSerializable(typeof(IReadOnlyList<int>))]
public sealed partial class RunnerJson : JsonSerializerContext;
