using System.Text.Json;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Brains.Simulated;
using Mana.PersonaRunner.Conversation;
using Microsoft.Extensions.AI;

namespace Mana.Tests.Brains.Simulated;

/// <summary>Plays the runner's part of a tick: prompts, carries calls to the product, asks for ratings.</summary>
internal sealed class TickPlay(ProductDouble product, PersonaHints hints)
{
    private const int MaxTurns = 15;
    private static readonly Brain Brain = SimulatedBrain.Create();
    private readonly HashSet<string> _met = [];

    public List<ChatMessage> Messages { get; } = [new(ChatRole.System, "Du bist eine Persona."), new(ChatRole.User, "Heute ist ein guter Tag. Nutze die App.")];

    public List<(ProductAnswer Answer, JsonElement Arguments, int LatencyMs)> Calls { get; } = [];

    public bool UsedIdMetEarlier { get; private set; }

    public bool InventedId { get; private set; }

    public int WidestTurn { get; private set; }

    public string Closing { get; private set; } = "";

    public int LatencyMs { get; init; } = 20;

    public async Task<TickPlay> ActAsync()
    {
        for (var turn = 0; turn < MaxTurns; turn++)
        {
            var response = await AskAsync(ChatToolMode.Auto);
            var calls = response.Messages[0].Contents.OfType<FunctionCallContent>().ToList();
            if (calls.Count == 0)
            {
                Closing = response.Text;
                return this;
            }

            WidestTurn = Math.Max(WidestTurn, calls.Count);
            var results = calls.Select(Carry).ToList();
            Messages.Add(new ChatMessage(ChatRole.Tool, [.. results]));
            foreach (var result in results.OfType<FunctionResultContent>().Where(result => result.Exception is null))
            {
                Meet(JsonElement.Parse((string)result.Result!));
            }
        }

        throw new InvalidOperationException("The brain never came to an end.");
    }

    /// <summary>The ratings, checked against the tool's own schema.</summary>
    public async Task<List<Rating>> RateAsync(bool withEvidence = true)
    {
        var modules = Calls.Index().GroupBy(call => call.Item.Answer.Tool.Split('.')[0]).Select(module => new
        {
            module = module.Key,
            actions = module.Select(call => new
            {
                id = $"a{call.Index}",
                tool = call.Item.Answer.Tool,
                result = call.Item.Answer.IsError ? "error" : "ok",
                latencyMs = call.Item.LatencyMs,
            }),
        });
        var evidence = withEvidence ? "\n" + JsonSerializer.Serialize(new { modules }) : "";
        Messages.Add(new ChatMessage(ChatRole.User, "Bewerte jetzt." + evidence));
        var response = await AskAsync(ChatToolMode.RequireSpecific(RatingTool.Name));
        var call = response.Messages[0].Contents.Should().ContainSingle().Which.Should().BeOfType<FunctionCallContent>().Subject;
        call.Name.Should().Be(RatingTool.Name);
        var arguments = Element(call);
        SchemaValidator.Errors(RatingTool.Declaration.JsonSchema, arguments).Should().BeEmpty();
        return arguments.GetProperty("ratings").Deserialize<List<Rating>>(JsonSerializerOptions.Web)!;
    }

    public static JsonElement Element(FunctionCallContent call)
    {
        call.Arguments!.Values.Should().AllBeOfType<JsonElement>();
        return JsonSerializer.SerializeToElement(call.Arguments);
    }

    public async Task<ChatResponse> AskAsync(ChatToolMode mode)
    {
        var options = new ChatOptions
        {
            Tools = product.Tools,
            ToolMode = mode,
            AdditionalProperties = new AdditionalPropertiesDictionary { [PersonaHints.Key] = hints },
        };
        var response = await Brain.Client.GetResponseAsync(Messages, options, TestContext.Current.CancellationToken);
        Messages.Add(response.Messages.Should().ContainSingle().Subject);
        return response;
    }

    private FunctionResultContent Carry(FunctionCallContent call)
    {
        var arguments = Element(call);
        var answer = product.Call(call.Name, arguments);
        Calls.Add((answer, arguments, LatencyMs));
        foreach (var id in Ids(arguments))
        {
            UsedIdMetEarlier |= _met.Contains(id);
            InventedId |= !_met.Contains(id);
        }

        return new FunctionResultContent(call.CallId, answer.Text) { Exception = answer.IsError ? new InvalidOperationException(answer.Text) : null };
    }

    private static IEnumerable<string> Ids(JsonElement arguments) =>
        arguments.EnumerateObject().Where(argument => argument.Name is "id" or "contactId").Select(argument => argument.Value.ToString());

    private void Meet(JsonElement result)
    {
        switch (result.ValueKind)
        {
            case JsonValueKind.Array:
                result.EnumerateArray().ToList().ForEach(Meet);
                break;
            case JsonValueKind.Object:
                foreach (var property in result.EnumerateObject())
                {
                    if (property.Name is "id" or "contactId")
                    {
                        _met.Add(property.Value.ToString());
                    }

                    Meet(property.Value);
                }

                break;
        }
    }
}

internal sealed record Rating(string Module, string WhatHappened, int? Value, string Note, string[] Actions)
{
    [System.Text.Json.Serialization.JsonPropertyName("rating")]
    public int? Value { get; init; } = Value;
}

/// <summary>The ten of the catalog: archetype and mix.</summary>
internal static class Crew
{
    private static readonly DateTimeOffset Today = new(2026, 11, 22, 17, 45, 0, TimeSpan.FromHours(1));

    public static IReadOnlyList<(string Name, string Archetype, Dictionary<string, double> Mix)> All { get; } =
    [
        ("anna", "adhd-student", new() { ["todo"] = .3, ["journal"] = .3, ["notes"] = .2, ["mood"] = .2 }),
        ("ben", "adhd-student", new() { ["todo"] = .4, ["calendar"] = .3, ["journal"] = .2, ["habits"] = .1 }),
        ("marcus", "ceo-busy", new() { ["contacts"] = .3, ["calendar"] = .3, ["todo"] = .2, ["articles"] = .2 }),
        ("lena", "ceo-busy", new() { ["journal"] = .3, ["contacts"] = .2, ["calendar"] = .2, ["notes"] = .3 }),
        ("sofia", "creative-parent", new() { ["journal"] = .3, ["notes"] = .3, ["dreams"] = .2, ["mood"] = .2 }),
        ("tom", "creative-parent", new() { ["todo"] = .4, ["calendar"] = .3, ["notes"] = .2, ["habits"] = .1 }),
        ("kai", "solo-dev", new() { ["articles"] = .3, ["notes"] = .3, ["library"] = .2, ["goals"] = .2 }),
        ("julia", "researcher", new() { ["articles"] = .4, ["notes"] = .4, ["newsResearch"] = .2 }),
        ("paul", "freelancer", new() { ["invoices"] = .4, ["contacts"] = .3, ["calendar"] = .3 }),
        ("maya", "overwhelmed-newbie", new() { ["todo"] = .6, ["journal"] = .4 }),
    ];

    public static PersonaHints Hints(int persona, int seed, string language = "de") =>
        new($"persona.{All[persona].Name}@mana.test", All[persona].Archetype, All[persona].Mix, language, Today, seed);
}
