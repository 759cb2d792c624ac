using LinqToDB.Mapping;

namespace Mana.PersonaRunner.Recording;

[Table("ticks")]
internal sealed class TickRow
{
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("persona_id")]
    public string PersonaId { get; set; } = "";

    [Column("email")]
    public string Email { get; set; } = "";

    [Column("name")]
    public string Name { get; set; } = "";

    [Column("archetype")]
    public string Archetype { get; set; } = "";

    [Column("brain")]
    public string Brain { get; set; } = "";

    [Column("model")]
    public string? Model { get; set; }

    [Column("phase")]
    public string Phase { get; set; } = "";

    [Column("outcome")]
    public string? Outcome { get; set; }

    [Column("stage")]
    public string? Stage { get; set; }

    [Column("error")]
    public string? Error { get; set; }

    [Column("summary")]
    public string? Summary { get; set; }

    [Column("missing_ratings")]
    public int MissingRatings { get; set; }

    [Column("started_at")]
    public DateTimeOffset StartedAt { get; set; }

    [Column("ended_at")]
    public DateTimeOffset? EndedAt { get; set; }

    [Column("epoch")]
    public long Epoch { get; set; }

    [Column("owner")]
    public string? Owner { get; set; }

    [Column("ignores_pause")]
    public bool IgnoresPause { get; set; }

    /// <summary>The run that opened it; null for those of earlier versions.</summary>
    [Column("run")]
    public string? Run { get; set; }

    // Long, and of use to whoever runs the tick only: lists leave it out.
    [Column("persona", SkipOnEntityFetch = true)]
    public string? Persona { get; set; }
}

[Table("turns")]
internal sealed class TurnRow
{
    [PrimaryKey(1), Column("tick_id")]
    public string TickId { get; set; } = "";

    [PrimaryKey(2), Column("seq")]
    public int Seq { get; set; }

    [Column("role")]
    public string Role { get; set; } = "";

    [Column("text")]
    public string Text { get; set; } = "";

    [Column("at")]
    public DateTimeOffset At { get; set; }
}

[Table("calls")]
internal sealed class CallRow
{
    [PrimaryKey(1), Column("tick_id")]
    public string TickId { get; set; } = "";

    [PrimaryKey(2), Column("seq")]
    public int Seq { get; set; }

    [Column("turn")]
    public int Turn { get; set; }

    [Column("tool_use_id")]
    public string ToolUseId { get; set; } = "";

    [Column("tool")]
    public string Tool { get; set; } = "";

    [Column("module")]
    public string Module { get; set; } = "";

    [Column("input")]
    public string Input { get; set; } = "";

    [Column("input_hash")]
    public string InputHash { get; set; } = "";

    [Column("result")]
    public string? Result { get; set; }

    [Column("output")]
    public string? Output { get; set; }

    [Column("latency_ms")]
    public int? LatencyMs { get; set; }

    [Column("at")]
    public DateTimeOffset At { get; set; }

    [Column("sent")]
    public int Sent { get; set; } = 1;
}

[Table("ratings")]
internal sealed class RatingRow
{
    [PrimaryKey(1), Column("tick_id")]
    public string TickId { get; set; } = "";

    [PrimaryKey(2), Column("module")]
    public string Module { get; set; } = "";

    [Column("rating")]
    public int? Rating { get; set; }

    [Column("what_happened")]
    public string? WhatHappened { get; set; }

    [Column("note")]
    public string? Note { get; set; }

    [Column("evidence")]
    public string Evidence { get; set; } = "[]";

    [Column("at")]
    public DateTimeOffset At { get; set; }
}

[Table("model_calls")]
internal sealed class ModelCallRow
{
    [PrimaryKey(1), Column("tick_id")]
    public string TickId { get; set; } = "";

    [PrimaryKey(2), Column("seq")]
    public int Seq { get; set; }

    [Column("purpose")]
    public string Purpose { get; set; } = "";

    [Column("finish")]
    public string? Finish { get; set; }

    [Column("input_tokens")]
    public long InputTokens { get; set; }

    [Column("output_tokens")]
    public long OutputTokens { get; set; }

    [Column("cache_read_tokens")]
    public long CacheReadTokens { get; set; }

    [Column("cache_write_tokens")]
    public long CacheWriteTokens { get; set; }

    [Column("latency_ms")]
    public int LatencyMs { get; set; }

    [Column("at")]
    public DateTimeOffset At { get; set; }

    [Column("content")]
    public string? Content { get; set; }

    [Column("asked")]
    public int Asked { get; set; } = 1;
}

[Table("outbox")]
internal sealed class OutboxRow
{
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("seq", SkipOnInsert = true)]
    public long Seq { get; set; }

    [Column("tick_id")]
    public string TickId { get; set; } = "";

    [Column("persona_id")]
    public string PersonaId { get; set; } = "";

    [Column("kind")]
    public string Kind { get; set; } = "";

    [Column("payload")]
    public string Payload { get; set; } = "";

    [Column("attempts")]
    public int Attempts { get; set; }

    [Column("next_attempt_at")]
    public DateTimeOffset NextAttemptAt { get; set; }

    [Column("last_error")]
    public string? LastError { get; set; }

    [Column("set_aside")]
    public bool SetAside { get; set; }

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }
}

[Table("settings")]
internal sealed class SettingRow
{
    [PrimaryKey, Column("key")]
    public string Key { get; set; } = "";

    [Column("value")]
    public string Value { get; set; } = "";
}

[Table("persona_states")]
internal sealed class PersonaStateRow
{
    [PrimaryKey, Column("persona_id")]
    public string PersonaId { get; set; } = "";

    [Column("last_ended_at")]
    public DateTimeOffset LastEndedAt { get; set; }

    [Column("failures")]
    public int Failures { get; set; }

    [Column("not_before")]
    public DateTimeOffset? NotBefore { get; set; }

    [Column("last_error")]
    public string? LastError { get; set; }
}
