using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Todo;

/// <summary>Tasks with a priority and a due date, in projects if wanted, with steps, and coming again if they recur.</summary>
internal sealed partial class TodoTools() : ToolModule("todo")
{
    private const string Open = "open";
    private const string Completed = "completed";
    private const string Active = "active";
    private const string Archived = "archived";
    private const string Overdue = "overdue";
    private const string Today = "today";
    private const string Week = "week";
    private const string ProjectId = "projectId";

    private const int MaxSubtasks = 100;
    private const int MaxProjects = 500;
    private const int ReadAtOnce = 500;

    private static readonly string[] Priorities = ["low", "medium", "high", "urgent"];

    private static readonly RecordShapes<TodoTask> Tasks = new(
        new RecordSet<TodoTask>("todo.tasks", "task", TodoJson.Default.TodoTask)
        {
            FoundBy = "todo.list with includeCompleted true",
            State = task => task.IsCompleted ? Completed : Open,
            Parent = task => task.ProjectId,
            Title = task => task.Title,
            Searched = task => string.Join('\n', [task.Title, task.Description, .. task.Subtasks?.Select(step => step.Title) ?? []]),
        },
        "task",
        "tasks");

    private static readonly RecordShapes<Project> Projects = new(
        new RecordSet<Project>("todo.projects", "project", TodoJson.Default.Project)
        {
            FoundBy = "todo.listProjects with includeArchived true",
            State = project => project.IsArchived ? Archived : Active,
            Title = project => project.Name,
            Searched = project => $"{project.Name}\n{project.Description}",
        },
        "project",
        "projects");

    private static readonly OutputShape<Completion> Done = OutputShape.Of<Completion>(
        [new("ok", new JsonObject { ["type"] = "boolean" }), new("task", Tasks.RecordSchema), new("next", Tasks.RecordSchema)],
        completion =>
        {
            var result = new JsonObject { ["ok"] = true, ["task"] = Tasks.View(completion.Task) };
            if (completion.Next is { } next)
            {
                result["next"] = Tasks.View(next);
            }

            return result;
        },
        "next");

    private static readonly OutputShape<Day> Agenda = OutputShape.Of<Day>(
        [
            new(Overdue, new JsonObject { ["type"] = "array", ["items"] = Tasks.RecordSchema.DeepClone() }),
            new(Today, new JsonObject { ["type"] = "array", ["items"] = Tasks.RecordSchema.DeepClone() }),
        ],
        day => new JsonObject { [Overdue] = Tasks.Views(day.Overdue), [Today] = Tasks.Views(day.Today) });

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "create", "Add a task", ToolEffect.Adds,
            "Adds one task to the list. Use it for something that has to be done, also when the user only mentions it in passing. "
            + "One call per task. Returns the task with its id.",
            InputSchema.Of(
                Title().Required(), Description(), Priority().Default("medium"), DueDate().Default(null), Project().Default(null), Recurrence().Default(null),
                Field.List("subtasks", Field.Text("step", 1, 500), max: MaxSubtasks).Default(new JsonArray()).About("The steps, if the task has several."),
                RecurrenceRule().Default(null)),
            TodoJson.Default.CreateTask, Tasks.One, CreateAsync),
        Tool(
            "list", "List tasks", ToolEffect.Reads,
            "Lists the tasks of the space, newest first, page by page. Use it before planning, to find the id of a task, or to see whether a task exists already. "
            + "Open tasks only, unless includeCompleted is true. For the tasks of a day use todo.today.",
            InputSchema.Of(
                Field.Flag("includeCompleted").Default(false).About("True to see completed tasks as well."),
                Field.Limit(max: 500, fallback: 50),
                Project().Default(null).About("Only tasks of this project."),
                Field.OneOf("priority", Priorities).OrNull().Default(null).About("Only tasks of this priority."),
                Field.OneOf("due", [Overdue, Today, Week]).OrNull().Default(null)
                    .About("Only tasks that are overdue, due today, or due within a week from today (overdue days not included)."),
                Field.Cursor()),
            TodoJson.Default.ListTasks, Tasks.ListPage, ListAsync),
        Tool(
            "today", "Tasks of today", ToolEffect.Reads,
            "Lists the open tasks that are overdue and those due today, earliest first, then by priority. Use it to plan a day or to remind the user.",
            InputSchema.Of(),
            ToolJson.Default.NoArguments, Agenda, TodayAsync),
        Get(Tasks, "Reads one task with all its fields. Use it when the id is known and the list would be too much."),
        Update(
            Tasks,
            "Changes fields of a task: title, description, priority, dueDate, projectId, recurrence, recurrenceRule. Only the given fields change; null removes a date, a project or a recurrence. "
            + "To tick a task off use todo.complete.",
            [Title(), Description(), Priority(), DueDate(), Project(), Recurrence(), RecurrenceRule()],
            (_, task, given, call) => Changed(task, given, call)) is var update
            ? update with { RunAsync = async (given, call, cancellationToken) => await CheckProjectAsync(given, call, update.RunAsync, cancellationToken) }
            : update,
        ById(
            "complete", "Complete a task", ToolEffect.Changes,
            "Marks a task as done. Use it as soon as the user says that something is finished. A recurring task comes again, unless its series is over: the answer holds the next one. "
            + "Completing it twice changes nothing.",
            "task", Done, CompleteAsync),
        ById(
            "reopen", "Reopen a task", ToolEffect.Changes,
            "Makes a completed task open again, for one that was ticked off too early or has to be done again.",
            "task", Tasks.Changed,
            (id, call, cancellationToken) => call.Records.UpdateAsync(
                Tasks.Set, id, task => task with { IsCompleted = false, CompletedAt = null }, cancellationToken)),
        Tool(
            "addSubtask", "Add a step", ToolEffect.Adds,
            "Adds a step to a task. Use it to break a task down; something that stands by itself is a task of its own.",
            InputSchema.Of(TaskId(), Field.Text("title", 1, 500).Required().About("What has to be done in this step.")),
            TodoJson.Default.AddSubtask, Tasks.Changed, AddSubtaskAsync),
        Tool(
            "updateSubtask", "Change a step", ToolEffect.Changes,
            "Ticks a step of a task off, opens it again, or rewords it. Use it when a part of a task is done; the task itself is completed with todo.complete.",
            InputSchema.Of(
                TaskId(),
                Field.Whole("number", 1, MaxSubtasks).Required().About("Which step: 1 for the first."),
                Field.Text("title", 1, 500).About("Other words for the step."),
                Field.Flag("isCompleted").About("True when it is done.")),
            TodoJson.Default.UpdateSubtask, Tasks.Changed, UpdateSubtaskAsync),
        Tool(
            "setSubtasks", "Put the steps in order", ToolEffect.Changes,
            "Makes these the steps of a task, in this order: a step that is worded as before keeps its state, new ones are added, and those that are left out are taken off. "
            + "Use it to take a step off or to order them anew; to tick one off use todo.updateSubtask.",
            InputSchema.Of(
                TaskId(),
                Field.List("subtasks", Field.Text("step", 1, 500), max: MaxSubtasks).Required().About("All steps that the task shall have; none to take all off.")),
            TodoJson.Default.SetSubtasks, Tasks.Changed, SetSubtasksAsync),
        Delete(
            Tasks,
            "Removes a task from every list. Use it only for a task that was a mistake or is no longer wanted; a finished task is completed, not deleted.",
            "mark the task as done with todo.complete, or rename it with todo.update."),
        Tool(
            "createProject", "Start a project", ToolEffect.Adds,
            "Creates a project, to which tasks can belong. Use it for something that takes several tasks; look at todo.listProjects first.",
            InputSchema.Of(ProjectName().Required(), ProjectDescription(), Color().Default("#6366f1")),
            TodoJson.Default.CreateProject, Projects.One,
            (arguments, call, cancellationToken) => call.Records.CreateAsync(
                Projects.Set,
                order => new Project { Name = arguments.Name, Description = arguments.Description, Color = arguments.Color, IsArchived = false, Order = order },
                cancellationToken)),
        Tool(
            "listProjects", "List projects", ToolEffect.Reads,
            "Lists the projects, newest first. Use it to find the id of a project; its tasks are listed by todo.list with projectId.",
            InputSchema.Of(Field.Flag("includeArchived").Default(false).About("True to see archived projects as well.")),
            TodoJson.Default.ListProjects, Projects.List,
            (arguments, call, cancellationToken) => call.Records.ListAsync(
                Projects.Set, new RecordQuery(MaxProjects, State: arguments.IncludeArchived ? null : Active), cancellationToken)),
        Update(
            Projects,
            "Changes fields of a project: name, description, color, isArchived. Only the given fields change. Archive a project that is finished.",
            [ProjectName(), ProjectDescription(), Color(), Field.Flag("isArchived").About("True puts the project away; its tasks stay.")],
            verb: "updateProject", idName: ProjectId),
        ById(
            "deleteProject", "Delete a project", ToolEffect.Deletes,
            "Removes a project; its tasks stay, without a project. Use it only for one that was a mistake; a finished project is archived with todo.updateProject.",
            "project", Projects.Deleted, DeleteProjectAsync, ProjectId) with
        {
            InsteadOfDeleting = "put the project away with todo.updateProject and isArchived true.",
        },
    ];

    private static Field TaskId() => Field.Id().Required().About("The id of the task, as another tool returned it.");

    private static Field Title() => Field.Text("title", 1, 500).About("What has to be done, in a few words.");

    private static Field Description() => Field.Text("description", max: 10_000).About("Details, if there are any.");

    private static Field Priority() => Field.OneOf("priority", Priorities).About("How much it matters.");

    private static Field DueDate() => Field.Moment("dueDate").OrNull().About("When it is due: a date, or a date-time with zone.");

    private static Field Project() => Field.Id(ProjectId).OrNull().About("The project that it belongs to, as todo.listProjects returns it; null for none.");

    private static Field Recurrence() => Field.OneOf("recurrence", DueDates.Recurrences).OrNull()
        .About("How often it comes again once it is completed, counted from its due date; null for once. For any other rhythm use recurrenceRule.");

    private static Field RecurrenceRule() => Field.Text("recurrenceRule", 10, 300).OrNull().About(
        "In place of recurrence, how it comes again as in iCalendar (RFC 5545): FREQ=WEEKLY;INTERVAL=2 for every other week, FREQ=WEEKLY;BYDAY=TU,FR, FREQ=MONTHLY;BYDAY=-1FR, FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=10. "
        + "Without a dueDate the first one is the next day that fits. Null for once.");

    private static Field ProjectName() => Field.Text("name", 1, 200).About("What the project is called.");

    private static Field ProjectDescription() => Field.Text("description", max: 5000).About("What it is for.");

    private static Field Color() => Field.Color("color").About("A color such as #6366f1.");
}
