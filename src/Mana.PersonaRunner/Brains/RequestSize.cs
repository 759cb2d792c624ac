using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains;

/// <summary>Estimates the tokens of a request before it is sent: its characters, four to a token.</summary>
internal static class RequestSize
{
    private const int CharactersPerToken = 4;

    // A declaration is immutable and shared by all ticks of a space: it is measured once.
    private static readonly ConditionalWeakTable<AITool, StrongBox<long>> Tools = [];

    public static long Tokens(IReadOnlyList<ChatMessage> messages, ChatOptions? options)
    {
        long characters = options?.Instructions?.Length ?? 0;
        for (var i = 0; i < messages.Count; i++)
        {
            foreach (var content in messages[i].Contents)
            {
                characters += Characters(content);
            }
        }

        foreach (var tool in options?.Tools ?? [])
        {
            characters += Tools.GetValue(tool, static tool => new StrongBox<long>(Characters(tool))).Value;
        }

        return (characters + CharactersPerToken - 1) / CharactersPerToken;
    }

    private static long Characters(AITool tool) =>
        tool.Name.Length + tool.Description.Length + (tool is AIFunctionDeclaration function ? Characters(function.JsonSchema) : 0);

    private static long Characters(AIContent content) => content switch
    {
        TextContent text => text.Text.Length,
        TextReasoningContent thought => thought.Text.Length,
        FunctionCallContent call => call.Name.Length + (call.Arguments?.Sum(argument => argument.Key.Length + Characters(argument.Value)) ?? 0),
        FunctionResultContent result => Characters(result.Result),
        _ => 0,
    };

    private static long Characters(object? value) => value switch
    {
        null => 0,
        string text => text.Length,
        JsonElement { ValueKind: JsonValueKind.Undefined } => 0,
        JsonElement element => JsonMarshal.GetRawUtf8Value(element).Length,
        IEnumerable<AIContent> contents => contents.Sum(Characters),
        _ => 16,
    };
}
