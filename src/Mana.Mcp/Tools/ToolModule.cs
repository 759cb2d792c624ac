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
    protected ToolDefinition ById<TResult>(
        string verb,
        string title,
        ToolEffect effect,
        string description,
        string noun,
        OutputShape<TResult> output,
        Func<string, ToolCall, CancellationToken, Task<TResult>> run) =>
        Tool(
            verb, title, effect, description, InputSchema.Of(IdOf(noun)), ToolJson.Default.RecordId, output,
            (arguments, call, cancellationToken) => run(arguments.Id, call, cancellationToken));

    /// <summary><c>get</c>: reads one record.</summary>
    protected ToolDefinition Get<T>(RecordShapes<T> shapes, string description)
        where T : class =>
        ById(
            "get", $"Show a {shapes.Set.Noun}", ToolEffect.Reads, description, shapes.Set.Noun, shapes.One,
            (id, call, cancellationToken) => call.Records.GetAsync(shapes.Set, id, cancellationToken));

    /// <summary><c>update</c>: changes the given fields and leaves the others.</summary>
    /// <param name="shapes">The kind of record.</param>
    /// <param name="description">For the model.</param>
    /// <param name="fields">What may be changed; named as in the record.</param>
    /// <param name="tidy">Puts the record in order after the change, null when there is nothing to do.</param>
    /// <exception cref="InvalidOperationException">A field is not part of the record.</exception>
    protected ToolDefinition Update<T>(RecordShapes<T> shapes, string description, IEnumerable<Field> fields, Func<T, T>? tidy = null)
        where T : class =>
        Update(shapes, description, fields, (_, merged, _, _) => tidy is null ? merged : tidy(merged));

    /// <summary><c>update</c> of a kind of record whose fields hang together.</summary>
    /// <param name="shapes">The kind of record.</param>
    /// <param name="description">For the model.</param>
    /// <param name="fields">What may be changed; named as in the record.</param>
    /// <param name="tidy">Puts the record in order: from what it was, what it is with the given fields, and these fields.</param>
    /// <exception cref="InvalidOperationException">A field is not part of the record.</exception>
    protected ToolDefinition Update<T>(RecordShapes<T> shapes, string description, IEnumerable<Field> fields, Func<T, T, JsonObject, ToolCall, T> tidy)
        where T : class
    {
        var set = shapes.Set;
        var input = InputSchema.Of([IdOf(set.Noun), .. fields.Select(field => field.ForUpdate())]);
        if (input.FieldNames.Except(["id", .. set.Json.Properties.Select(property => property.Name)]).FirstOrDefault() is { } stranger)
        {
            throw new InvalidOperationException($"{Name}.update takes {stranger}, which no {set.Noun} has.");
        }

        return new ToolDefinition(
            $"{Name}.update", $"Change a {set.Noun}", description, ToolEffect.Changes, input, shapes.Changed.Schema,
            async (given, call, cancellationToken) =>
            {
                var id = (string)given["id"]!;
                var record = await call.Records.UpdateAsync(
                    set, id, current => tidy(current, Merge(current, given, set.Json), given, call), cancellationToken);
                return shapes.Changed.Write(record);
            });
    }

    /// <summary><c>delete</c>: removes one record softly.</summary>
    protected ToolDefinition Delete<T>(RecordShapes<T> shapes, string description, string instead)
        where T : class =>
        ById(
            "delete", $"Delete a {shapes.Set.Noun}", ToolEffect.Deletes, description, shapes.Set.Noun, shapes.Deleted,
            async (id, call, cancellationToken) =>
            {
                await call.Records.DeleteAsync(shapes.Set, id, cancellationToken);
                return id.ToLowerInvariant();
            }) with
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

    private static Field IdOf(string noun) => Field.Id().Required().About($"The id of the {noun}, as another tool returned it.");

    private static T Merge<T>(T current, JsonObject given, JsonTypeInfo<T> json)
    {
        var merged = (JsonObject)JsonSerializer.SerializeToNode(current, json)!;
        foreach (var (name, value) in given)
        {
            if (name != "id")
            {
                merged[name] = value?.DeepClone();
            }
        }

        return merged.Deserialize(json)!;
    }
}
