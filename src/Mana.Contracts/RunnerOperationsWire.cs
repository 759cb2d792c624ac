namespace Mana.Contracts;

/// <summary>What a run opened: one start of one runner until its end.</summary>
/// <param name="Run">Its name, which begins with the UTC time of the start.</param>
/// <param name="Ticks">How many ticks there are of it.</param>
/// <param name="Open">Those of them that have not ended.</param>
/// <param name="Failed">Those that failed or ran out of time.</param>
/// <param name="Personas">Whose ticks they are.</param>
/// <param name="FirstTickAt">When the first of them began, UTC.</param>
/// <param name="LastTickAt">When the last of them began, UTC.</param>
public sealed record RunSummary(string Run, int Ticks, int Open, int Failed, int Personas, DateTimeOffset FirstTickAt, DateTimeOffset LastTickAt);

/// <summary>Answer of <c>GET /api/v1/runs</c>: newest first; a run without a tick is not among them.</summary>
public sealed record RunListResponse(IReadOnlyList<RunSummary> Runs);

/// <summary>A batch of rows that mana-auth has not acknowledged.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind"><c>actions</c>, <c>feedback</c> or <c>ticks</c> (the outcome).</param>
/// <param name="Attempts">How often it was sent.</param>
/// <param name="SetAside">mana-auth refused it for good, or somebody set it aside; it is sent again only on demand.</param>
/// <param name="LastError">What the last attempt ended with.</param>
/// <param name="NextAttemptAt">When it is sent again, UTC; null when it is set aside.</param>
public sealed record UndeliveredBatch(string Id, string Kind, int Attempts, bool SetAside, string? LastError, DateTimeOffset? NextAttemptAt);

/// <summary>Answer of <c>POST /api/v1/ticks/:id/cancel</c>.</summary>
/// <param name="Ok">True.</param>
/// <param name="TickId">The tick; it has ended.</param>
/// <param name="Email">The persona.</param>
/// <param name="Name">The persona's name.</param>
/// <param name="Phase">Where it stood.</param>
/// <param name="Node">The node that ran it and was told to stop; null when it waited or was parked.</param>
public sealed record CancelTickResponse(bool Ok, TickId TickId, string Email, string Name, string Phase, string? Node);

/// <summary>Answer (202) of <c>POST /api/v1/ticks/:id/retry</c>: what was done.</summary>
/// <param name="Ok">Whether all that there was to do was done.</param>
/// <param name="TickId">The tick that was named.</param>
/// <param name="Resent">Batches of it that are sent to mana-auth again.</param>
/// <param name="Started">The new tick of its persona; null when it did not fail, or when none could begin.</param>
/// <param name="Problem">Why no tick could begin.</param>
public sealed record RetryTickResponse(bool Ok, TickId TickId, int Resent, StartedTick? Started, string? Problem);

/// <summary>Answer of <c>POST /api/v1/ticks/:id/set-aside</c>.</summary>
/// <param name="Ok">True.</param>
/// <param name="TickId">The tick.</param>
/// <param name="Email">The persona.</param>
/// <param name="Name">The persona's name.</param>
/// <param name="SetAside">Batches that the persona's later ones now pass; a retry sends them again.</param>
public sealed record SetAsideTickResponse(bool Ok, TickId TickId, string Email, string Name, int SetAside);

/// <summary>Answer of <c>POST /api/v1/pause</c> and <c>resume</c>.</summary>
public sealed record PauseResponse(bool Ok, bool Paused);

/// <summary>Answer of <c>GET /api/v1/cluster</c>: who runs the ticks, and what waits.</summary>
/// <param name="Shared">False on SQLite: this node is alone, and there can be no other.</param>
/// <param name="Cluster">The name under which nodes find each other.</param>
/// <param name="Node">The node that answers.</param>
/// <param name="Nodes">All nodes that are known, the oldest first.</param>
/// <param name="ClockNode">Where the tick clock lives; null when it is on its way to another node.</param>
/// <param name="Paused">Whether ticks begin.</param>
/// <param name="Queued">Ticks that no node has taken yet.</param>
/// <param name="Parked">Ticks that have begun and that no node runs: after a pause or a stop.</param>
/// <param name="Orphaned">Ticks whose node is gone; they are handed to another.</param>
/// <param name="LastBeatAt">When the clock last asked who is due.</param>
/// <param name="NextBeatAt">When it will ask again.</param>
/// <param name="LastBeatError">Why the last beat failed; null when it did not.</param>
public sealed record ClusterResponse(
    bool Shared,
    string Cluster,
    string Node,
    IReadOnlyList<ClusterNode> Nodes,
    string? ClockNode,
    bool Paused,
    int Queued,
    int Parked,
    int Orphaned,
    DateTimeOffset? LastBeatAt,
    DateTimeOffset? NextBeatAt,
    string? LastBeatError);

/// <summary>One node of the cluster.</summary>
/// <param name="Name">As it stands on ticks; another one at every start.</param>
/// <param name="Address">Where the other nodes reach it.</param>
/// <param name="Status"><c>active</c>, <c>joining</c>, <c>stopping</c> …</param>
/// <param name="Since">When it started, UTC; null when that cannot be found out now.</param>
/// <param name="Running">Ticks that it runs.</param>
public sealed record ClusterNode(string Name, string Address, string Status, DateTimeOffset? Since, int Running);

/// <summary>
/// Answer of <c>GET /health</c> of the runner; the first five members are the wire contract's. Of the <c>Undelivered</c>
/// batches, <c>SetAside</c> are sent again only on demand, and the oldest of the others came in at <c>UndeliveredSince</c>.
/// </summary>
public sealed record RunnerHealth(
    string Status,
    string Service,
    bool Paused,
    int TickIntervalMs,
    int Concurrency,
    string Version,
    string Brain,
    string? Model,
    bool LoopEnabled,
    string? LoopDisabledReason,
    DateTimeOffset? LastBeatAt,
    DateTimeOffset? LastTickAt,
    string? LastBeatError,
    int InFlight,
    int Undelivered,
    string? Node = null,
    int Nodes = 1,
    string? Run = null,
    int SetAside = 0,
    DateTimeOffset? UndeliveredSince = null);
