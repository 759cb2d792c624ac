using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Todo;

/// <content>What the tools do.</content>
internal sealed partial class TodoTools
{
    private static async Task<Stored<TodoTask>> CreateAsync(CreateTask arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var project = await ProjectIdAsync(arguments.ProjectId, call, cancellationToken);
        var due = arguments.DueDate is null ? null : Iso.TimeOf(arguments.DueDate);
        return await call.Records.CreateAsync(
            Tasks.Set,
            order => new TodoTask
            {
                Title = arguments.Title,
                Description = arguments.Description,
                Priority = arguments.Priority,
                IsCompleted = false,
                CompletedAt = null,
                DueDate = due,
                Order = order,
                Subtasks = arguments.Subtasks.Count == 0
                    ? null
                    : [.. arguments.Subtasks.Select((title, index) => new Subtask(Guid.NewGuid().ToString(), title, false, null, index))],
                ProjectId = project,
                Recurrence = arguments.Recurrence,
                RecursSince = arguments.Recurrence is null ? null : due,
            },
            cancellationToken);
    }

    private static async Task<RecordPage<TodoTask>> ListAsync(ListTasks arguments, ToolCall call, CancellationToken cancellationToken) =>
        await call.Records.ListAsync(
            Tasks.Set,
            new RecordQuery(
                arguments.Limit,
                State: arguments.IncludeCompleted ? null : Open,
                ParentId: await ProjectIdAsync(arguments.ProjectId, call, cancellationToken)),
            task => (arguments.Priority is null || task.Priority == arguments.Priority) && (arguments.Due is null || IsDue(task, arguments.Due, call)),
            cancellationToken);

    private static bool IsDue(TodoTask task, string when, ToolCall call) => task.DueDate is { } due && when switch
    {
        Overdue => DueDates.IsOverdue(due, call),
        Today => DueDates.DayOf(due, call) == call.Today,
        _ => DueDates.DayOf(due, call) >= call.Today && DueDates.DayOf(due, call) <= call.Today.AddDays(7),
    };

    private static async Task<Day> TodayAsync(NoArguments arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var overdue = new List<Stored<TodoTask>>();
        var today = new List<Stored<TodoTask>>();
        await foreach (var task in call.Records.ReadAllAsync(Tasks.Set, new RecordQuery(ReadAtOnce, State: Open), cancellationToken))
        {
            if (IsDue(task.Data, Overdue, call))
            {
                overdue.Add(task);
            }
            else if (IsDue(task.Data, Today, call))
            {
                today.Add(task);
            }
        }

        return new Day(Sorted(overdue), Sorted(today));

        static IEnumerable<Stored<TodoTask>> Sorted(List<Stored<TodoTask>> tasks) => tasks
            .OrderBy(task => task.Data.DueDate, StringComparer.Ordinal)
            .ThenByDescending(task => Array.IndexOf(Priorities, task.Data.Priority));
    }

    // A new date or another rule begins a new series.
    private static TodoTask Series(TodoTask task, JsonObject given) =>
        task.Recurrence is null ? task with { RecursSince = null }
        : given.ContainsKey("dueDate") || given.ContainsKey("recurrence") ? task with { RecursSince = task.DueDate }
        : task;

    private static async Task<JsonObject> CheckProjectAsync(
        JsonObject given, ToolCall call, Func<JsonObject, ToolCall, CancellationToken, Task<JsonObject>> update, CancellationToken cancellationToken)
    {
        if ((string?)given[ProjectId] is { } project)
        {
            given[ProjectId] = await ProjectIdAsync(project, call, cancellationToken);
        }

        return await update(given, call, cancellationToken);
    }

    private static async Task<Completion> CompleteAsync(string id, ToolCall call, CancellationToken cancellationToken)
    {
        var before = await call.Records.GetAsync(Tasks.Set, id, cancellationToken);
        if (before.Data.IsCompleted)
        {
            return new Completion(before, null);
        }

        Stored<TodoTask>? next = null;
        if (before.Data is { Recurrence: { } recurrence, NextTaskId: null } task)
        {
            var due = task.DueDate ?? Iso.TimeOf(Iso.Date(call.Today));
            next = await call.Records.CreateAsync(
                Tasks.Set,
                order => task with
                {
                    Order = order,
                    DueDate = DueDates.Next(task.RecursSince ?? due, due, recurrence, call),
                    RecursSince = task.RecursSince ?? due,
                    Subtasks = task.Subtasks is null ? null : [.. task.Subtasks.Select(step => step with { IsCompleted = false, CompletedAt = null })],
                },
                cancellationToken);
        }

        var completed = await call.Records.UpdateAsync(
            Tasks.Set,
            id,
            current => current.IsCompleted
                ? throw new ToolInputException("The task was completed by somebody else at this moment; read it with todo.get.")
                : current with { IsCompleted = true, CompletedAt = Iso.Time(call.Now), NextTaskId = next?.Id ?? current.NextTaskId },
            cancellationToken);
        return new Completion(completed, next);
    }

    private static Task<Stored<TodoTask>> AddSubtaskAsync(AddSubtask arguments, ToolCall call, CancellationToken cancellationToken) =>
        call.Records.UpdateAsync(
            Tasks.Set,
            arguments.Id,
            task => task.Subtasks is { Count: >= MaxSubtasks }
                ? throw new ToolInputException($"The task has {MaxSubtasks} steps already; make a task of its own with todo.create.")
                : task with
                {
                    Subtasks = [.. task.Subtasks ?? [], new Subtask(Guid.NewGuid().ToString(), arguments.Title, false, null, task.Subtasks?.Count ?? 0)],
                },
            cancellationToken);

    private static Task<Stored<TodoTask>> UpdateSubtaskAsync(UpdateSubtask arguments, ToolCall call, CancellationToken cancellationToken) =>
        call.Records.UpdateAsync(
            Tasks.Set,
            arguments.Id,
            task =>
            {
                var steps = task.Subtasks?.ToList() ?? [];
                if (arguments.Number > steps.Count)
                {
                    throw new ToolInputException($"\"number\" must be one of the {steps.Count} steps of the task; you sent {arguments.Number}.");
                }

                var step = steps[arguments.Number - 1];
                var isCompleted = arguments.IsCompleted ?? step.IsCompleted;
                steps[arguments.Number - 1] = step with
                {
                    Title = arguments.Title ?? step.Title,
                    IsCompleted = isCompleted,
                    CompletedAt = isCompleted ? step.CompletedAt ?? Iso.Time(call.Now) : null,
                };
                return task with { Subtasks = steps };
            },
            cancellationToken);

    private static async Task<string> DeleteProjectAsync(string id, ToolCall call, CancellationToken cancellationToken)
    {
        var project = await call.Records.GetAsync(Projects.Set, id, cancellationToken);
        await foreach (var task in call.Records.ReadAllAsync(Tasks.Set, new RecordQuery(ReadAtOnce, ParentId: project.Id), cancellationToken))
        {
            await call.Records.UpdateAsync(Tasks.Set, task.Id, current => current with { ProjectId = null }, cancellationToken);
        }

        await call.Records.DeleteAsync(Projects.Set, project.Id, cancellationToken);
        return project.Id;
    }

    private static async Task<string?> ProjectIdAsync(string? id, ToolCall call, CancellationToken cancellationToken) =>
        id is null ? null : (await call.Records.GetAsync(Projects.Set, id, cancellationToken)).Id;

    private sealed record Completion(Stored<TodoTask> Task, Stored<TodoTask>? Next);

    private sealed record Day(IEnumerable<Stored<TodoTask>> Overdue, IEnumerable<Stored<TodoTask>> Today);
}
