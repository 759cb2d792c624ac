using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Conversation;

/// <summary>
/// The forced schema of the ratings. It is offered from the first turn on (so that the cached prefix of tools stays
/// the same) but counts only when the runner asks for it with a required tool choice.
/// </summary>
public static class RatingTool
{
    /// <summary>The name as the model sees it. No MCP tool may take it.</summary>
    public const string Name = "rate_modules";

    private const string Schema = """
        {
          "type": "object",
          "properties": {
            "ratings": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "module": { "type": "string" },
                  "whatHappened": { "type": "string", "maxLength": 1000 },
                  "rating": { "anyOf": [ { "type": "integer", "minimum": 1, "maximum": 5 }, { "type": "null" } ] },
                  "note": { "type": "string", "maxLength": 1000 },
                  "actions": { "type": "array", "items": { "type": "string" } }
                },
                "required": ["module", "whatHappened", "rating", "note", "actions"],
                "additionalProperties": false
              }
            }
          },
          "required": ["ratings"],
          "additionalProperties": false
        }
        """;

    /// <summary>The declaration handed to the model.</summary>
    public static AIFunctionDeclaration Declaration { get; } = AIFunctionFactory.CreateDeclaration(
        Name,
        "Only at the end, when you are asked for it: one entry per module that you used. whatHappened: what you did and what came of it. "
        + "rating: 1 (hurt) to 5 (helped a lot), or null if you cannot tell. note: what helped or what hurt. "
        + "actions: the ids of the calls behind your judgement, such as a0.",
        JsonDocument.Parse(Schema).RootElement);
}
