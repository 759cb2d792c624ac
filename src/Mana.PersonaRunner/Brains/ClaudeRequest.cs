using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains;

/// <summary>
/// Renders a request. There are four cache breakpoints, as many as the API allows: after the tools, after the first
/// block of the system prompt (the rules, alike for all personas), after its last (the persona), and at the end of the
/// conversation.
/// </summary>
internal static class ClaudeRequest
{
    // A declaration is immutable and shared by all ticks of a space: it is rendered once.
    private static readonly ConditionalWeakTable<AITool, byte[]> RenderedTools = [];

    public static Dictionary<string, JsonElement> Body(IReadOnlyList<ChatMessage> messages, ChatOptions? options, ClaudeSettings settings)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", options?.ModelId ?? settings.Model);
            json.WriteNumber("max_tokens", options?.MaxOutputTokens ?? settings.MaxTokens);
            if (options?.StopSequences is { Count: > 0 } stops)
            {
                json.WriteStartArray("stop_sequences");
                foreach (var stop in stops)
                {
                    json.WriteStringValue(stop);
                }

                json.WriteEndArray();
            }

            WriteTools(json, options);
            WriteSystem(json, messages, options);
            ClaudeConversation.Write(json, messages);
            json.WriteEndObject();
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone().EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
    }

    public static void WriteCacheControl(Utf8JsonWriter json)
    {
        json.WriteStartObject("cache_control");
        json.WriteString("type", "ephemeral");
        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, ChatOptions? options)
    {
        if (options?.Tools is not { Count: > 0 } tools)
        {
            return;
        }

        json.WriteStartArray("tools");
        for (var i = 0; i < tools.Count; i++)
        {
            var rendered = RenderedTools.GetValue(tools[i], Render);
            if (i < tools.Count - 1)
            {
                json.WriteRawValue(rendered, skipInputValidation: true);
            }
            else
            {
                json.WriteRawValue([.. rendered.AsSpan(0, rendered.Length - 1), .. ",\"cache_control\":{\"type\":\"ephemeral\"}}"u8], skipInputValidation: true);
            }
        }

        json.WriteEndArray();
        WriteToolChoice(json, options);
    }

    private static byte[] Render(AITool tool)
    {
        if (tool is not AIFunctionDeclaration function)
        {
            throw new NotSupportedException($"The Claude brain takes function declarations only, not {tool.GetType().Name}.");
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("name", function.Name);
            if (!string.IsNullOrWhiteSpace(function.Description))
            {
                json.WriteString("description", function.Description);
            }

            json.WritePropertyName("input_schema");
            json.WriteRawValue(JsonMarshal.GetRawUtf8Value(function.JsonSchema), skipInputValidation: true);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteToolChoice(Utf8JsonWriter json, ChatOptions options)
    {
        var (type, name) = options.ToolMode switch
        {
            RequiredChatToolMode { RequiredFunctionName: { } required } => ("tool", required),
            RequiredChatToolMode => ("any", null),
            NoneChatToolMode => ("none", null),
            AutoChatToolMode => ("auto", null),
            _ => (options.AllowMultipleToolCalls is null ? null : "auto", (string?)null),
        };
        if (type is null)
        {
            return;
        }

        json.WriteStartObject("tool_choice");
        json.WriteString("type", type);
        if (name is not null)
        {
            json.WriteString("name", name);
        }

        if (options.AllowMultipleToolCalls == false && type != "none")
        {
            json.WriteBoolean("disable_parallel_tool_use", true);
        }

        json.WriteEndObject();
    }

    private static void WriteSystem(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages, ChatOptions? options)
    {
        var texts = messages.Where(message => message.Role == ChatRole.System).Select(message => message.Text)
            .Prepend(options?.Instructions)
            .Where(text => !string.IsNullOrWhiteSpace(text))
            .ToList();
        if (texts.Count == 0)
        {
            return;
        }

        json.WriteStartArray("system");
        for (var i = 0; i < texts.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("type", "text");
            json.WriteString("text", texts[i]);
            if (i == 0 || i == texts.Count - 1)
            {
                WriteCacheControl(json);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
