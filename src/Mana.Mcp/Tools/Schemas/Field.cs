using System.Text.Json.Nodes;

namespace Mana.Mcp.Tools.Schemas;

/// <summary>One argument of a tool: its name, its JSON Schema, and whether it must be given.</summary>
internal sealed class Field
{
    /// <summary>What "#6366f1" looks like.</summary>
    public const string ColorPattern = "^#[0-9a-fA-F]{6}$";

    /// <summary>What "07:30" looks like.</summary>
    public const string TimePattern = @"^\d{2}:\d{2}$";

    /// <summary>What "ada@example.org" looks like.</summary>
    public const string EmailPattern = @"^[^@\s]+@[^@\s]+\.[^@\s]+$";

    /// <summary>What "https://example.org/a" looks like.</summary>
    public const string UrlPattern = @"^[hH][tT][tT][pP][sS]?://[^\s/]+(/\S*)?$";

    /// <summary>What "--05-03" looks like: the 3rd of May of some year (ISO 8601, as in vCard).</summary>
    public const string YearlessPattern = @"^--\d{2}-\d{2}$";

    private Field(string name, JsonObject schema)
    {
        Name = name;
        Schema = schema;
    }

    public string Name { get; }

    public JsonObject Schema { get; }

    public bool IsRequired { get; private set; }

    public static Field Text(string name, int? min = null, int? max = null)
    {
        var schema = new JsonObject { ["type"] = "string" };
        Add(schema, "minLength", min);
        Add(schema, "maxLength", max);
        return new Field(name, schema);
    }

    public static Field Id(string name = "id") => new(name, new JsonObject { ["type"] = "string", ["format"] = "uuid" });

    public static Field Matching(string name, string pattern) => new(name, new JsonObject { ["type"] = "string", ["pattern"] = pattern });

    public static Field Color(string name) => Matching(name, ColorPattern);

    public static Field Email(string name) => MatchingText(name, EmailPattern, max: 320);

    /// <summary>The address of a web page.</summary>
    public static Field Url(string name) => MatchingText(name, UrlPattern, max: 2000);

    public static Field OneOf(string name, IEnumerable<string> values) => new(name, Enum(values));

    public static Field Flag(string name) => new(name, new JsonObject { ["type"] = "boolean" });

    public static Field Whole(string name, int? min = null, int? max = null, int? above = null)
    {
        var schema = new JsonObject { ["type"] = "integer" };
        Add(schema, "minimum", min);
        Add(schema, "exclusiveMinimum", above);
        Add(schema, "maximum", max);
        return new Field(name, schema);
    }

    /// <summary>A number that may have decimals.</summary>
    public static Field Number(string name, decimal? min = null, decimal? max = null, decimal? above = null)
    {
        var schema = new JsonObject { ["type"] = "number" };
        Add(schema, "minimum", min);
        Add(schema, "exclusiveMinimum", above);
        Add(schema, "maximum", max);
        return new Field(name, schema);
    }

    public static Field List(string name, Field item, int? max = null, int? min = null)
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = item.Schema.DeepClone() };
        Add(schema, "minItems", min);
        Add(schema, "maxItems", max);
        return new Field(name, schema);
    }

    /// <summary>An object with these fields and no others.</summary>
    public static Field Object(string name, params IEnumerable<Field> fields) => new(name, ObjectSchema([.. fields]));

    /// <summary>A calendar day; a date-time is taken too, and stands for its day.</summary>
    public static Field Day(string name) => Either(
        name,
        new JsonObject { ["type"] = "string", ["pattern"] = @"^\d{4}-\d{2}-\d{2}$", ["format"] = "date" },
        new JsonObject { ["type"] = "string", ["format"] = "date-time" });

    /// <summary>A moment; a date is taken too, and stands for its midnight (UTC).</summary>
    public static Field Moment(string name) => Either(
        name,
        new JsonObject { ["type"] = "string", ["format"] = "date-time" },
        new JsonObject { ["type"] = "string", ["format"] = "date" });

    /// <summary>The number of records to answer with.</summary>
    public static Field Limit(int max, int fallback) =>
        Whole("limit", above: 0, max: max).Default(fallback).About("How many to return at most.");

    /// <summary>Where to go on in a list.</summary>
    public static Field Cursor() =>
        Text("cursor", 1, 500).About("nextCursor of the previous answer, to go on where it ended; leave out to start at the beginning.");

    public Field Required()
    {
        IsRequired = true;
        return this;
    }

    public Field About(string description)
    {
        Schema["description"] = description;
        return this;
    }

    public Field Default(JsonNode? value)
    {
        Schema["default"] = value;
        return this;
    }

    /// <summary>A day of which the year may be unknown.</summary>
    public static Field DayOfYear(string name) => Either(
        name, [.. Day(name).Schema["anyOf"]!.AsArray().Select(alternative => alternative!.DeepClone()), new JsonObject { ["type"] = "string", ["pattern"] = YearlessPattern }]);

    public Field OrNull()
    {
        var alternatives = Schema["anyOf"] as JsonArray ?? [Schema.DeepClone()];
        alternatives.Add(new JsonObject { ["type"] = "null" });
        if (!Schema.ContainsKey("anyOf"))
        {
            Schema.Clear();
            Schema["anyOf"] = alternatives;
        }

        return this;
    }

    /// <summary>The same field for an update: never required, and no default, because what is not given stays as it is.</summary>
    public Field ForUpdate()
    {
        var schema = (JsonObject)Schema.DeepClone();
        schema.Remove("default");
        return new Field(Name, schema);
    }

    internal static JsonObject ObjectSchema(IReadOnlyCollection<Field> fields)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(fields.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Schema.DeepClone()))),
        };
        var required = fields.Where(field => field.IsRequired).Select(field => (JsonNode?)field.Name).ToArray();
        if (required.Length > 0)
        {
            schema["required"] = new JsonArray(required);
        }

        schema["additionalProperties"] = false;
        return schema;
    }

    private static Field MatchingText(string name, string pattern, int max)
    {
        var field = Matching(name, pattern);
        Add<int>(field.Schema, "maxLength", max);
        return field;
    }

    private static Field Either(string name, params JsonNode?[] alternatives) =>
        new(name, new JsonObject { ["anyOf"] = new JsonArray(alternatives) });

    private static JsonObject Enum(IEnumerable<string> values) =>
        new() { ["type"] = "string", ["enum"] = new JsonArray([.. values.Select(value => (JsonNode?)value)]) };

    private static void Add<T>(JsonObject schema, string keyword, T? value)
        where T : struct
    {
        if (value is not null)
        {
            schema[keyword] = JsonValue.Create(value.Value);
        }
    }
}
