using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Mana.PersonaRunner.Brains.Simulated;
using Microsoft.Extensions.AI;

namespace Mana.Tests.Brains.Simulated;

/// <summary>Whatever a tool's schema is made of, the arguments are valid against it.</summary>
public sealed class SimulatedArgumentTests
{
    private static readonly string[] Names =
        ["title", "content", "dueDate", "startTime", "tags", "level", "limit", "color", "query", "amount", "withWhom", "kind", "isPinned", "x", "year", "email", "foo_bar", "endDate"];

    private static readonly string[] Patterns =
    [
        "^#[0-9a-fA-F]{6}$", @"^\d{4}-\d{2}-\d{2}$", @"^\d{2}:\d{2}$", "^[a-z]{2}$", "^[A-Z]{2}-[0-9]{3,5}$", "^(low|mid|high)$", @"^\+?[0-9 ]{6,20}$",
        @"^[\w.-]+@[\w-]+\.[a-z]{2,4}$", "^(?:ab|cd)+x?$", @"^https?://.+$", "[A-Z]", "^[^a-z]{3}$",
    ];

    private static readonly Gen<JsonNode> Text = Gen.Select(Gen.Int[0, 40], Gen.Int[0, 80], Gen.Bool, (min, extra, isOpen) =>
    {
        var schema = new JsonObject { ["type"] = "string", ["minLength"] = min };
        if (!isOpen)
        {
            schema["maxLength"] = min + extra;
        }

        return (JsonNode)schema;
    });

    private static readonly Gen<JsonNode> Leaf = Gen.OneOf(
        Text,
        Choice(Patterns).Select(pattern => (JsonNode)new JsonObject { ["type"] = "string", ["pattern"] = pattern }),
        Choice("date", "date-time", "email", "uri", "time").Select(format => (JsonNode)new JsonObject { ["type"] = "string", ["format"] = format }),
        Gen.Select(Gen.Int[-1000, 1000], Gen.Int[0, 500], Gen.Bool, Gen.Bool, (min, span, isWhole, isExclusive) => (JsonNode)new JsonObject
        {
            ["type"] = isWhole ? "integer" : "number",
            [isExclusive ? "exclusiveMinimum" : "minimum"] = min,
            [isExclusive ? "exclusiveMaximum" : "maximum"] = min + span + (isExclusive ? 2 : 0),
        }),
        Gen.Select(Gen.Int[0, 100], Gen.Int[2, 12], (min, step) => (JsonNode)new JsonObject { ["type"] = "integer", ["minimum"] = min, ["multipleOf"] = step }),
        Choice("boolean", "integer", "number", "string").Select(type => (JsonNode)new JsonObject { ["type"] = type }),
        Choice("string", "integer").Select(type => (JsonNode)new JsonObject { ["type"] = new JsonArray(type, "null") }),
        Choice<Func<JsonNode>>(
            () => new JsonObject { ["enum"] = new JsonArray("happy", "sad", null, 3) },
            () => new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("low", "high") },
            () => new JsonObject { ["const"] = "EUR" },
            () => new JsonObject { ["const"] = 7 },
            () => new JsonObject { ["$ref"] = "#/$defs/shared" },
            () => new JsonObject { ["allOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, new JsonObject { ["maxLength"] = 5 }) }).Select(make => make()));

    [Fact]
    public void Arguments_are_valid_against_any_schema_of_the_supported_keywords() =>
        Gen.Select(Members(depth: 2), Gen.Int).Sample(
            (members, seed) =>
            {
                var root = Object(members);
                root["$defs"] = new JsonObject { ["shared"] = new JsonObject { ["type"] = "string", ["minLength"] = 3, ["maxLength"] = 9 } };
                var schema = JsonElement.Parse(root.ToJsonString());
                var written = Write(schema, seed);
                written.Should().NotBeNull("{0}", root.ToJsonString());
                SchemaValidator.Errors(schema, written!.Value).Should().BeEmpty("{0}", root.ToJsonString());
            },
            iter: 3000,
            print: sample => Object(sample.Item1).ToJsonString());

    [Fact]
    public void A_pattern_is_written_or_given_up_but_never_missed() =>
        Gen.Select(Choice([.. Patterns, "(?=x)y", @"(a)\1", "[", "^a{2,}b*[c-e]?$"]), Gen.Int).Sample((pattern, seed) =>
        {
            var text = PatternText.Write(pattern, 0, 50, Dice.For(seed, "test"));
            return Patterns.Contains(pattern) ? PatternText.Matches(pattern, text!) : text is null || PatternText.Matches(pattern, text);
        });

    [Fact]
    public void A_match_does_not_hang_on_the_speed_of_the_machine() =>
        PatternText.Matches("^(a?){30}a{30}$", new string('a', 30)).Should().BeTrue("trying all ways one after the other takes a billion steps");

    [Fact]
    public void An_id_is_never_made_up()
    {
        var needs = JsonElement.Parse("""{"type":"object","properties":{"habitId":{"type":"string"},"note":{"type":"string"}},"required":["habitId"]}""");
        var may = JsonElement.Parse("""{"type":"object","properties":{"parentId":{"anyOf":[{"type":"string","format":"uuid"},{"type":"null"}]},"title":{"type":"string"}},"required":["title"]}""");
        for (var seed = 0; seed < 100; seed++)
        {
            Write(needs, seed).Should().BeNull();
            Write(may, seed)!.Value.EnumerateObject().Should().NotContain(argument => argument.Name == "parentId" && argument.Value.ValueKind != JsonValueKind.Null);
        }
    }

    [Fact]
    public void An_end_comes_after_its_start()
    {
        var schema = JsonElement.Parse("""{"type":"object","properties":{"start":{"type":"string","format":"date-time"},"end":{"type":"string","format":"date-time"}},"required":["start","end"]}""");
        for (var seed = 0; seed < 100; seed++)
        {
            var written = Write(schema, seed)!.Value;
            written.GetProperty("end").GetDateTimeOffset().Should().BeAfter(written.GetProperty("start").GetDateTimeOffset());
        }
    }

    private static Gen<JsonNode> Schema(int depth)
    {
        if (depth == 0)
        {
            return Leaf;
        }

        var array = Gen.Select(Schema(depth - 1), Gen.Int[0, 2], Gen.Int[0, 3], (items, min, extra) =>
            (JsonNode)new JsonObject { ["type"] = "array", ["items"] = items.DeepClone(), ["minItems"] = min, ["maxItems"] = min + extra });
        var unique = Text.Select(items => (JsonNode)new JsonObject { ["type"] = "array", ["items"] = items.DeepClone(), ["uniqueItems"] = true });
        var nullable = Gen.Select(Schema(depth - 1), Gen.Bool, (branch, isFirst) =>
            (JsonNode)new JsonObject { ["anyOf"] = isFirst ? new JsonArray(Null(), branch.DeepClone()) : new JsonArray(branch.DeepClone(), Null()) });
        return Gen.Frequency((5, Leaf), (2, array), (1, unique), (2, nullable), (2, Members(depth - 1).Select(members => (JsonNode)Object(members))));
    }

    private static Gen<T> Choice<T>(params T[] choices) => Gen.Int[0, choices.Length - 1].Select(index => choices[index]);

    private static JsonObject Null() => new() { ["type"] = "null" };

    private static Gen<(string Name, bool IsRequired, JsonNode Schema)[]> Members(int depth) =>
        Gen.Select(Choice(Names), Gen.Bool, Schema(depth), (name, isRequired, schema) => (name, isRequired, schema)).Array[0, 5];

    private static JsonObject Object((string Name, bool IsRequired, JsonNode Schema)[] members)
    {
        var distinct = members.DistinctBy(member => member.Name).ToList();
        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(distinct.Select(member => KeyValuePair.Create(member.Name, (JsonNode?)member.Schema.DeepClone()))),
            ["required"] = new JsonArray([.. distinct.Where(member => member.IsRequired).Select(member => (JsonNode)member.Name)]),
            ["additionalProperties"] = false,
        };
    }

    private static JsonElement? Write(JsonElement schema, int seed)
    {
        var tool = SimulatedTool.Of(AIFunctionFactory.CreateDeclaration("things_create", "", schema));
        var hints = Crew.Hints(Math.Abs(seed % 10), seed);
        var dice = Dice.For(seed, "test");
        var transcript = new Transcript([], new Dictionary<string, SimulatedTool>());
        var context = new WritingContext(
            tool, new IdChoice(transcript), new Utterance(Phrasebook.For("de"), hints.Archetype, dice), Temperament.Of(hints.Archetype), hints.Today, dice);
        return new ArgumentWriter(context).Write([]) is { } arguments ? JsonSerializer.SerializeToElement(arguments) : null;
    }
}
