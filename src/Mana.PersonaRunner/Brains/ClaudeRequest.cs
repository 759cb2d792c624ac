using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
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
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // The tools are nine tenths of a request and the same for every call of every tick: they are rendered once, and all
    // requests share the bytes. The last tool, the one for ratings, is common to all lists; the first belongs to one.
    private static readonly ConditionalWeakTable<AITool, RenderedTools> Rendered = [];

    public static ClaudeBody Body(IReadOnlyList<ChatMessage> messages, ChatOptions? options, ClaudeSettings settings)
    {
        var buffer = new ArrayBufferWriter<byte>(4 * 1024);
        using (var json = new Utf8JsonWriter(buffer, Compact))
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

            if (options?.Tools is { Count: > 0 })
            {
                WriteToolChoice(json, options);
            }

            WriteSystem(json, messages, options);
            ClaudeConversation.Write(json, messages);
            json.WriteEndObject();
        }

        // The tools come last in the text, before the closing brace: where a member stands does not matter to the API.
        return options?.Tools is { Count: > 0 } tools
            ? new ClaudeBody(buffer.WrittenMemory[..^1], LastMember(tools))
            : new ClaudeBody(buffer.WrittenMemory, ReadOnlyMemory<byte>.Empty);
    }

    public static void WriteCacheControl(Utf8JsonWriter json)
    {
        json.WriteStartObject("cache_control");
        json.WriteString("type", "ephemeral");
        json.WriteEndObject();
    }

    private static ReadOnlyMemory<byte> LastMember(IList<AITool> tools)
    {
        if (Rendered.TryGetValue(tools[0], out var known) && known.IsOf(tools))
        {
            return known.LastMember;
        }

        var rendered = new RenderedTools([.. tools], Render(tools));
        Rendered.AddOrUpdate(tools[0], rendered);
        return rendered.LastMember;
    }

    private static byte[] Render(IList<AITool> tools)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write(",\"tools\":"u8);
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartArray();
            for (var i = 0; i < tools.Count; i++)
            {
                Write(json, tools[i], cache: i == tools.Count - 1);
            }

            json.WriteEndArray();
        }

        buffer.Write("}"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, AITool tool, bool cache)
    {
        if (tool is not AIFunctionDeclaration function)
        {
            throw new NotSupportedException($"The Claude brain takes function declarations only, not {tool.GetType().Name}.");
        }

        json.WriteStartObject();
        json.WriteString("name", function.Name);
        if (!string.IsNullOrWhiteSpace(function.Description))
        {
            json.WriteString("description", function.Description);
        }

        json.WritePropertyName("input_schema");
        json.WriteRawValue(JsonMarshal.GetRawUtf8Value(function.JsonSchema), skipInputValidation: true);
        if (cache)
        {
            WriteCacheControl(json);
        }

        json.WriteEndObject();
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

    /// <summary>A list of tools as it ends a body; another list that begins with the same tool is not mistaken for it.</summary>
    private sealed record RenderedTools(AITool[] Tools, byte[] LastMember)
    {
        public bool IsOf(IList<AITool> tools)
        {
            var isSame = Tools.Length == tools.Count;
            for (var i = 0; isSame && i < Tools.Length; i++)
            {
                isSame = ReferenceEquals(Tools[i], tools[i]);
            }

            return isSame;
        }
    }
}
