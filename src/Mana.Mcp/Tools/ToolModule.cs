using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Mana.Mcp.Records;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Tools;

/// <summary>
/// A module: a folder with one class that derives from this one. It is found by its type, so a new module touches its
/// own folder only. Constructor arguments come from the container.
/// </summary>
internal abstract class ToolModule(string name)
{
    /// <summary>The part before the dot in the names of its tools.</summary>
    public string Name { get; } = name;

    /// <summary>The tools, in the order in which clients see them.</summary>
    public abstract IEnumerable<ToolDefinition> Tools();

    /// <summary>A tool with arguments bound to a record.</summary>
    /// <exception cref="InvalidOperationException">The schema and the record do not have the same fields.</exception>
    protected ToolDefinition Tool<TArguments, TResult>(
        string verb,
        string title,
        ToolEffect effect,
        string description,
        InputSchema input,
        JsonTypeInfo<TArguments> arguments,
        OutputShape<TResult> output,
        Func<TArguments, ToolCall, CancellationToken, Task<TResult>> run)
    {
        var toolName = $"{Name}.{verb}";
        if (!input.FieldNames.ToHashSet().SetEquals(arguments.Properties.Select(property => property.Name)))
        {
            throw new InvalidOperationException($"The input schema of {toolName} and {typeof(TArguments).Name} differ in their fields.");
        }

        return new ToolDefinition(toolName, title, description, effect, input, output.Schema, async (given, call, cancellationToken) =>
            output.Write(await run(given.Deserialize(arguments)!, call, cancellationToken)));
    }

    /// <summary>A tool whose only argument is the id of a record.</summary>
    /// <param name="verb">The part of the name after the dot.</param>
    /// <param name="title">For people.</param>
    /// <param name="effect">What it does.</param>
    /// <param name="description">For the model.</param>
    /// <param name="noun">What the record is called.</param>
    /// <param name="output">The shape of the answer.</param>
    /// <param name="run">Runs on the id.</param>
    /// <param name="idName">The name of the argument; another one than id where a module has several kinds of records.</param>
    protected ToolDefinition ById<TResult>(
        string verb,
        string title,
        ToolEffect effect,
        string description,
        string noun,
        OutputShape<TResult> output,
        Func<string, ToolCall, CancellationToken, Task<TResult>> run,
        string idName = "id") =>
        new(
            $"{Name}.{verb}", title, description, effect, InputSchema.Of(IdOf(noun, idName)), output.Schema,
            async (given, call, cancellationToken) => output.Write(await run((string)given[idName]!, call, cancellationToken)));

    /// <summary><c>get</c>: reads one record.</summary>
    protected ToolDefinition Get<T>(RecordShapes<T> shapes, string description, string verb = "get", string idName = "id")
        where T : class =>
        ById(
            verb, $"Show a {shapes.Set.Noun}", ToolEffect.Reads, description, shapes.Set.Noun, shapes.One,
            (id, call, cancellationToken) => call.Records.GetAsync(shapes.Set, id, cancellationToken), idName);

    /// <summary><c>update</c>: changes the given fields and leaves the others.</summary>
    /// <param name="shapes">The kind of record.</param>
    /// <param name="description">For the model.</param>
    /// <param name="fields">What may be changed; named as in the record.</param>
    /// <param name="tidy">Puts the record in order after the change, null when there is nothing to do.</param>
    /// <param name="verb">The part of the name after the dot.</param>
    /// <param name="idName">The name of the argument that says which record.</param>
    /// <exception cref="InvalidOperationException">A field is not part of the record.</exception>
    protected ToolDefinition Update<T>(
        RecordShapes<T> shapes, string description, IEnumerable<Field> fields, Func<T, T>? tidy = null, string verb = "update", string idName = "id")
        where T : class =>
        Update(shapes, description, fields, (_, merged, _, _) => tidy is null ? merged : tidy(merged), verb, idName);

    /// <summary><c>update</c> of a kind of record whose fields hang together.</summary>
    /// <param name="shapes">The kind of record.</param>
    /// <param name="description">For the model.</param>
    /// <param name="fields">What may be changed; named as in the record.</param>
    /// <param name="tidy">Puts the record in order: from what it was, what it is with the given fields, and these fields.</param>
    /// <param name="verb">The part of the name after the dot.</param>
    /// <param name="idName">The name of the argument that says which record.</param>
    /// <exception cref="InvalidOperationException">A field is not part of the record.</exception>
    protected ToolDefinition Update<T>(
        RecordShapes<T> shapes,
        string description,
        IEnumerable<Field> fields,
        Func<T, T, JsonObject, ToolCall, T> tidy,
        string verb = "update",
        string idName = "id")
        where T : class
    {
        var set = shapes.Set;
        var input = InputSchema.Of([IdOf(set.Noun, idName), .. fields.Select(field => field.ForUpdate())]);
        if (input.FieldNames.Except([idName, .. set.Json.Properties.Select(property => property.Name)]).FirstOrDefault() is { } stranger)
        {
            throw new InvalidOperationException($"{Name}.{verb} takes {stranger}, which no {set.Noun} has.");
        }

        return new ToolDefinition(
            $"{Name}.{verb}", $"Change a {set.Noun}", description, ToolEffect.Changes, input, shapes.Changed.Schema,
            async (given, call, cancellationToken) =>
            {
                var id = (string)given[idName]!;
                var record = await call.Records.UpdateAsync(
                    set, id, current => tidy(current, Merge(current, given, idName, set.Json), given, call), cancellationToken);
                return shapes.Changed.Write(record);
            });
    }

    /// <summary><c>delete</c>: removes one record softly.</summary>
    protected ToolDefinition Delete<T>(RecordShapes<T> shapes, string description, string instead, string verb = "delete", string idName = "id")
        where T : class =>
        ById(
            verb, $"Delete a {shapes.Set.Noun}", ToolEffect.Deletes, description, shapes.Set.Noun, shapes.Deleted,
            async (id, call, cancellationToken) =>
            {
                await call.Records.DeleteAsync(shapes.Set, id, cancellationToken);
                return id.ToLowerInvariant();
            },
            idName) with
        {
            InsteadOfDeleting = instead,
        };

    /// <summary><c>delete</c>: removes one record softly, with the records of another kind that belong to it.</summary>
    protected ToolDefinition DeleteWithParts<T, TPart>(RecordShapes<T> shapes, RecordSet<TPart> parts, string description, string instead)
        where T : class
        where TPart : class
    {
        var delete = Delete(shapes, description, instead);
        return delete with
        {
            RunAsync = async (given, call, cancellationToken) =>
            {
                var answer = await delete.RunAsync(given, call, cancellationToken);
                await call.Records.DeletePartsAsync(parts, ((string)given["id"]!).ToLowerInvariant(), cancellationToken);
                return answer;
            },
        };
    }

    private static Field IdOf(string noun, string name) => Field.Id(name).Required().About($"The id of the {noun}, as another tool returned it.");

    private static T Merge<T>(T current, JsonObject given, string idName, JsonTypeInfo<T> json)
    {
        var merged = (JsonObject)JsonSerializer.SerializeToNode(current, json)!;
        foreach (var (name, value) in given)
        {
            if (name != idName)
            {
                merged[name] = value?.DeepClone();
            }
        }

        return merged.Deserialize(json)!;
    }
}
