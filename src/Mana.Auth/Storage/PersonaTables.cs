using LinqToDB.Mapping;

namespace Mana.Auth.Storage;

[Table("personas")]
internal class PersonaRow
{
    [PrimaryKey, Column("user_id")]
    public string UserId { get; set; } = "";

    [Column("archetype")]
    public string Archetype { get; set; } = "";

    [Column("system_prompt")]
    public string SystemPrompt { get; set; } = "";

    /// <summary>A JSON object of weights.</summary>
    [Column("module_mix")]
    public string ModuleMix { get; set; } = "{}";

    [Column("tick_cadence")]
    public string TickCadence { get; set; } = "daily";

    [Column("time_zone")]
    public string? TimeZone { get; set; }

    [Column("language")]
    public string? Language { get; set; }

    [Column("active_hours")]
    public string? ActiveHours { get; set; }

    [Column("last_active_at")]
    public DateTimeOffset? LastActiveAt { get; set; }

    /// <summary>What the schedule makes of the last activity, or the end of the rest after a failure; null when it will never be due.</summary>
    [Column("next_due_at")]
    public DateTimeOffset? NextDueAt { get; set; }

    /// <summary>Ticks in a row that failed or timed out.</summary>
    [Column("failures")]
    public int Failures { get; set; }

    /// <summary>The end of the newest of them; null when there is none.</summary>
    [Column("last_failed_at")]
    public DateTimeOffset? LastFailedAt { get; set; }

    /// <summary>What it said.</summary>
    [Column("last_error")]
    public string? LastError { get; set; }

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }

    [Column("updated_at")]
    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>A persona with what the due list shows of its user.</summary>
internal sealed class DueRow : PersonaRow
{
    [Column("email")]
    public string Email { get; set; } = "";

    [Column("name")]
    public string Name { get; set; } = "";

    [Column("deleted_at")]
    public DateTimeOffset? DeletedAt { get; set; }
}

[Table("persona_actions")]
internal sealed class PersonaActionRow
{
    [PrimaryKey(0), Column("persona_id")]
    public string PersonaId { get; set; } = "";

    [PrimaryKey(1), Column("id")]
    public string Id { get; set; } = "";

    [Column("tick_id")]
    public string TickId { get; set; } = "";

    [Column("seq")]
    public int Seq { get; set; }

    [Column("tool_name")]
    public string ToolName { get; set; } = "";

    [Column("input_hash")]
    public string? InputHash { get; set; }

    [Column("result")]
    public string Result { get; set; } = "";

    [Column("error_message")]
    public string? ErrorMessage { get; set; }

    [Column("latency_ms")]
    public int? LatencyMs { get; set; }

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }
}

[Table("persona_feedback")]
internal sealed class PersonaFeedbackRow
{
    [PrimaryKey(0), Column("persona_id")]
    public string PersonaId { get; set; } = "";

    [PrimaryKey(1), Column("id")]
    public string Id { get; set; } = "";

    [Column("tick_id")]
    public string TickId { get; set; } = "";

    [Column("module")]
    public string Module { get; set; } = "";

    [Column("rating")]
    public int Rating { get; set; }

    [Column("notes")]
    public string? Notes { get; set; }

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }
}

[Table("persona_ticks")]
internal sealed class PersonaTickRow
{
    [PrimaryKey(0), Column("persona_id")]
    public string PersonaId { get; set; } = "";

    [PrimaryKey(1), Column("tick_id")]
    public string TickId { get; set; } = "";

    [Column("outcome")]
    public string Outcome { get; set; } = "";

    [Column("started_at")]
    public DateTimeOffset StartedAt { get; set; }

    [Column("ended_at")]
    public DateTimeOffset EndedAt { get; set; }

    [Column("brain")]
    public string Brain { get; set; } = "";

    [Column("tool_calls")]
    public int ToolCalls { get; set; }

    [Column("error")]
    public string? Error { get; set; }

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }
}
