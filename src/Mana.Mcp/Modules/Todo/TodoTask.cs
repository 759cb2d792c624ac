using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Todo;

/// <summary>A task.</summary>
internal sealed record TodoTask
{
    public required string Title { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    public required string Priority { get; init; }

    public required bool IsCompleted { get; init; }

    public required string? CompletedAt { get; init; }

    /// <summary>Midnight UTC of the day, or a moment.</summary>
    public required string? DueDate { get; init; }

    /// <summary>True for a moment; a day has no such field.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? HasDueTime { get; init; }

    public required int Order { get; init; }

    public IReadOnlyList<Subtask>? Subtasks { get; init; }

    public string? ProjectId { get; init; }

    /// <summary>How often it comes again; null when it is done once.</summary>
    public string? Recurrence { get; init; }

    /// <summary>The same as a rule of RFC 5545, for what the words cannot say; without the name: FREQ=WEEKLY;INTERVAL=2.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RecurrenceRule { get; init; }

    /// <summary>The first due date of a recurring task: the 31st of January makes the 28th of February, but then the 31st of March.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RecursSince { get; init; }

    /// <summary>The task that came after this one, so that completing it again makes no second one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextTaskId { get; init; }
}

/// <summary>A step of a task.</summary>
internal sealed record Subtask(string Id, string Title, bool IsCompleted, string? CompletedAt, int Order);

/// <summary>What several tasks are done for.</summary>
internal sealed record Project
{
    public required string Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    public required string Color { get; init; }

    public required bool IsArchived { get; init; }

    public required int Order { get; init; }
}

internal sealed record CreateTask(
    string Title, string? Description, string Priority, string? DueDate, string? ProjectId, string? Recurrence, IReadOnlyList<string> Subtasks, string? RecurrenceRule);

internal sealed record ListTasks(bool IncludeCompleted, int Limit, string? ProjectId, string? Priority, string? Due, string? Cursor);

internal sealed record AddSubtask(string Id, string Title);

internal sealed record UpdateSubtask(string Id, int Number, string? Title, bool? IsCompleted);

internal sealed record SetSubtasks(string Id, IReadOnlyList<string> Subtasks);

internal sealed record CreateProject(string Name, string? Description, string Color);

internal sealed record ListProjects(bool IncludeArchived);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TodoTask))]
[JsonSerializable(typeof(Project))]
[JsonSerializable(typeof(CreateTask))]
[JsonSerializable(typeof(ListTasks))]
[JsonSerializable(typeof(AddSubtask))]
[JsonSerializable(typeof(UpdateSubtask))]
[JsonSerializable(typeof(SetSubtasks))]
[JsonSerializable(typeof(CreateProject))]
[JsonSerializable(typeof(ListProjects))]
internal sealed partial class TodoJson : JsonSerializerContext;
