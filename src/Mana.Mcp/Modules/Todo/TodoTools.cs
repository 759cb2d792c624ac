using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Todo;

/// <summary>Tasks with a priority and a due date.</summary>
internal sealed class TodoTools() : ToolModule("todo")
{
    private const string Open = "open";
    private const string Completed = "completed";

    private static readonly RecordShapes<TodoTask> Tasks = new(
        new RecordSet<TodoTask>("todo.tasks", "task", TodoJson.Default.TodoTask)
        {
            FoundBy = "todo.list with includeCompleted true",
            State = task => task.IsCompleted ? Completed : Open,
            Title = task => task.Title,
            Searched = task => string.Join('\n', [task.Title, task.Description, .. task.Subtasks?.Select(step => step.Title) ?? []]),
        },
        "task",
        "tasks");

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "create", "Add a task", ToolEffect.Adds,
            "Adds one task to the list. Use it for something that has to be done, also when the user only mentions it in passing. "
            + "One call per task. Returns the task with its id.",
            InputSchema.Of(Title().Required(), Description(), Priority().Default("medium"), DueDate().Default(null)),
            TodoJson.Default.CreateTask, Tasks.One, CreateAsync),
        Tool(
            "list", "List tasks", ToolEffect.Reads,
            "Lists the tasks of the space, newest first. Use it before planning a day, to find the id of a task, or to see whether a task exists already. "
            + "Open tasks only, unless includeCompleted is true.",
            InputSchema.Of(
                Field.Flag("includeCompleted").Default(false).About("True to see completed tasks as well."),
                Field.Limit(max: 500, fallback: 50)),
            TodoJson.Default.ListTasks, Tasks.List,
            (arguments, call, cancellationToken) => call.Records.ListAsync(
                Tasks.Set, new RecordQuery(arguments.Limit, State: arguments.IncludeCompleted ? null : Open), cancellationToken)),
        Get(Tasks, "Reads one task with all its fields. Use it when the id is known and the list would be too much."),
        Update(
            Tasks,
            "Changes fields of a task: title, description, priority, due date. Only the given fields change; a dueDate of null removes the date. "
            + "To tick a task off use todo.complete.",
            [Title(), Description(), Priority(), DueDate()],
            task => task with { DueDate = task.DueDate is null ? null : Iso.TimeOf(task.DueDate) }),
        ById(
            "complete", "Complete a task", ToolEffect.Changes,
            "Marks a task as done. Use it as soon as the user says that something is finished. Completing it twice changes nothing.",
            "task", Tasks.Changed,
            (id, call, cancellationToken) => call.Records.UpdateAsync(
                Tasks.Set, id,
                task => task.IsCompleted ? task : task with { IsCompleted = true, CompletedAt = Iso.Time(call.Now) },
                cancellationToken)),
        ById(
            "reopen", "Reopen a task", ToolEffect.Changes,
            "Makes a completed task open again, for one that was ticked off too early or has to be done again.",
            "task", Tasks.Changed,
            (id, call, cancellationToken) => call.Records.UpdateAsync(
                Tasks.Set, id, task => task with { IsCompleted = false, CompletedAt = null }, cancellationToken)),
        Delete(
            Tasks,
            "Removes a task for good from every list. Use it only for a task that was a mistake or is no longer wanted; a finished task is completed, not deleted.",
            "mark the task as done with todo.complete, or rename it with todo.update."),
    ];

    private static Field Title() => Field.Text("title", 1, 500).About("What has to be done, in a few words.");

    private static Field Description() => Field.Text("description", max: 10_000).About("Details, if there are any.");

    private static Field Priority() => Field.OneOf("priority", ["low", "medium", "high", "urgent"]).About("How much it matters.");

    private static Field DueDate() => Field.Moment("dueDate").OrNull().About("When it is due: a date, or a date-time with zone.");

    private static Task<Stored<TodoTask>> CreateAsync(CreateTask arguments, ToolCall call, CancellationToken cancellationToken) =>
        call.Records.CreateAsync(
            Tasks.Set,
            order => new TodoTask
            {
                Title = arguments.Title,
                Description = arguments.Description,
                Priority = arguments.Priority,
                IsCompleted = false,
                CompletedAt = null,
                DueDate = arguments.DueDate is null ? null : Iso.TimeOf(arguments.DueDate),
                Order = order,
            },
            cancellationToken);
}
