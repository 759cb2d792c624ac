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

    public required string? DueDate { get; init; }

    public required int Order { get; init; }

    public IReadOnlyList<Subtask>? Subtasks { get; init; }
}

/// <summary>A step of a task.</summary>
internal sealed record Subtask(string Id, string Title, bool IsCompleted, string? CompletedAt, int Order);

internal sealed record CreateTask(string Title, string? Description, string Priority, string? DueDate);

internal sealed record ListTasks(bool IncludeCompleted, int Limit);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TodoTask))]
[JsonSerializable(typeof(CreateTask))]
[JsonSerializable(typeof(ListTasks))]
internal sealed partial class TodoJson : JsonSerializerContext;
