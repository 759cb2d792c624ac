using System.Text.Json.Nodes;
using Mana.Mcp.Modules.Calendar;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Todo;

/// <content>What the tools do.</content>
internal sealed partial class TodoTools
{
    private static async Task<Stored<TodoTask>> CreateAsync(CreateTask arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var project = await ProjectIdAsync(arguments.ProjectId, call, cancellationToken);
        var (due, hasTime) = DueDates.Read(arguments.DueDate);
        var rule = arguments.RecurrenceRule;
        if (rule is not null)
        {
            (rule, due) = DueDates.ReadRule(rule, due, hasTime, call);
        }

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
                HasDueTime = hasTime,
                Order = order,
                Subtasks = arguments.Subtasks.Count == 0
                    ? null
                    : [.. arguments.Subtasks.Select((title, index) => new Subtask(Guid.NewGuid().ToString(), title, false, null, index))],
                ProjectId = project,
                Recurrence = rule is null ? arguments.Recurrence : null,
                RecurrenceRule = rule,
                RecursSince = arguments.Recurrence is null && rule is null ? null : due,
            },
            cancellationToken);
    }

    private static async Task<RecordPage<TodoTask>> ListAsync(ListTasks arguments, ToolCall call, CancellationToken cancellationToken) =>
        await call.Records.ListAsync(
            Tasks.Set,
            new RecordQuery(
                arguments.Limit,
                State: arguments.IncludeCompleted ? null : Open,
                ParentId: await ProjectIdAsync(arguments.ProjectId, call, cancellationToken),
                Cursor: arguments.Cursor),
            task => (arguments.Priority is null || task.Priority == arguments.Priority) && (arguments.Due is null || IsDue(task, arguments.Due, call)),
            cancellationToken);

    private static bool IsDue(TodoTask task, string when, ToolCall call) => task.DueDate is { } due && when switch
    {
        Overdue => DueDates.IsOverdue(due, task.HasDueTime, call),
        Today => DueDates.DayOf(due, task.HasDueTime, call) == call.Today,
        _ => DueDates.DayOf(due, task.HasDueTime, call) is var day && day >= call.Today && day <= call.Today.AddDays(7),
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

    private static TodoTask Changed(TodoTask task, JsonObject given, ToolCall call)
    {
        if (given.ContainsKey("dueDate"))
        {
            var (due, hasTime) = DueDates.Read(task.DueDate);
            task = task with { DueDate = due, HasDueTime = hasTime };
        }

        if ((string?)given["recurrenceRule"] is { } rule)
        {
            var (read, due) = DueDates.ReadRule(rule, task.DueDate, task.HasDueTime, call);
            task = task with { RecurrenceRule = read, DueDate = due, Recurrence = null };
        }
        else if ((string?)given["recurrence"] is not null)
        {
            task = task with { RecurrenceRule = null };
        }
        else if (given.ContainsKey("recurrence") || given.ContainsKey("recurrenceRule"))
        {
            // Of whichever of the two it is said: the task is to come once.
            task = task with { Recurrence = null, RecurrenceRule = null };
        }

        if (task.RecurrenceRule is not null)
        {
            EventTimes.CheckYear("dueDate", task.DueDate);
        }

        // A new date or another rule begins a new series.
        return task is { Recurrence: null, RecurrenceRule: null } ? task with { RecursSince = null }
            : given.ContainsKey("dueDate") || given.ContainsKey("recurrence") || given.ContainsKey("recurrenceRule") ? task with { RecursSince = task.DueDate }
            : task;
    }

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
        if (before.Data.NextTaskId is null && Following(before.Data, call) is { } following)
        {
            next = await call.Records.CreateAsync(Tasks.Set, order => following with { Order = order }, cancellationToken);
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

    // The task that comes after a recurring one; null when none does.
    private static TodoTask? Following(TodoTask task, ToolCall call)
    {
        if (task is { Recurrence: null, RecurrenceRule: null })
        {
            return null;
        }

        var due = task.DueDate ?? Iso.TimeOf(Iso.Date(call.Today));
        var since = task.RecursSince ?? due;
        var next = task.RecurrenceRule is { } rule
            ? DueDates.NextByRule(since, due, task.HasDueTime, rule, call)
            : DueDates.Next(since, due, task.HasDueTime, task.Recurrence!, call);
        return next is null ? null : task with
        {
            DueDate = next,

            // Where the clocks change, a later one may well fall on midnight UTC.
            HasDueTime = DueDates.IsDay(since, task.HasDueTime) ? null : true,
            RecursSince = since,
            Subtasks = task.Subtasks is null ? null : [.. task.Subtasks.Select(step => step with { IsCompleted = false, CompletedAt = null })],
        };
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

    private static Task<Stored<TodoTask>> SetSubtasksAsync(SetSubtasks arguments, ToolCall call, CancellationToken cancellationToken) =>
        call.Records.UpdateAsync(
            Tasks.Set,
            arguments.Id,
            task =>
            {
                var left = task.Subtasks?.ToList() ?? [];
                var steps = new List<Subtask>(arguments.Subtasks.Count);
                foreach (var title in arguments.Subtasks)
                {
                    var step = left.Find(known => known.Title == title) ?? new Subtask(Guid.NewGuid().ToString(), title, false, null, 0);
                    left.Remove(step);
                    steps.Add(step with { Order = steps.Count });
                }

                return task with { Subtasks = steps.Count == 0 ? null : steps };
            },
            cancellationToken);

    private static async Task<string> DeleteProjectAsync(string id, ToolCall call, CancellationToken cancellationToken)
    {
        var project = await call.Records.GetAsync(Projects.Set, id, cancellationToken);
        var done = 0;
        await foreach (var task in call.Records.ReadAllAsync(Tasks.Set, new RecordQuery(ReadAtOnce, ParentId: project.Id), cancellationToken))
        {
            call.ReportProgress(++done, message: "tasks taken out of the project");
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
