using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains;

/// <summary>
/// A model's answer as the journal keeps it, complete enough for the conversation to go on as if it had just come: the
/// texts, the calls with their arguments in the model's order, and Claude's blocks as they were.
/// </summary>
internal static class StoredAnswer
{
    private const string Finish = "finish";
    private const string Claude = "claude";
    private const string Contents = "contents";
    private const string Text = "text";
    private const string Call = "call";
    private const string Name = "name";
    private const string Arguments = "arguments";
    private const string Fault = "fault";

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(ChatResponse response)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            if (response.FinishReason is { } finish)
            {
                json.WriteString(Finish, finish.Value);
            }

            if (response.Messages is [{ RawRepresentation: ClaudeTurn turn }])
            {
                json.WritePropertyName(Claude);
                json.WriteRawValue(turn.Content.GetRawText(), skipInputValidation: true);
            }
            else
            {
                json.WriteStartArray(Contents);
                foreach (var content in response.Messages.SelectMany(message => message.Contents))
                {
                    Write(json, content);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <exception cref="InvalidDataException">The text was not written by <see cref="Write(ChatResponse)"/>.</exception>
    public static ChatResponse Read(string stored)
    {
        try
        {
            var json = JsonElement.Parse(stored);
            var message = json.TryGetProperty(Claude, out var blocks)
                ? ClaudeResponse.Message(blocks)
                : new ChatMessage(ChatRole.Assistant, [.. json.GetProperty(Contents).EnumerateArray().Select(Content)]);
            return new ChatResponse(message)
            {
                FinishReason = json.TryGetProperty(Finish, out var finish) ? new ChatFinishReason(finish.GetString()!) : null,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException("The journal holds an answer that this version of the runner cannot read.", e);
        }
    }

    private static void Write(Utf8JsonWriter json, AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                json.WriteStartObject();
                json.WriteString(Text, text.Text);
                json.WriteEndObject();
                break;
            case FunctionCallContent call:
                json.WriteStartObject();
                json.WriteString(Call, call.CallId);
                json.WriteString(Name, call.Name);
                if (call.Exception is not null)
                {
                    json.WriteBoolean(Fault, true);
                }

                json.WriteStartObject(Arguments);
                foreach (var (name, value) in call.Arguments ?? new Dictionary<string, object?>())
                {
                    json.WritePropertyName(name);

                    // As it came: an argument may hold text that can be read from JSON but not be written anew.
                    json.WriteRawValue(value is JsonElement element ? element.GetRawText() : JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions), skipInputValidation: true);
                }

                json.WriteEndObject();
                json.WriteEndObject();
                break;
        }
    }

    private static AIContent Content(JsonElement json)
    {
        if (json.TryGetProperty(Text, out var text))
        {
            return new TextContent(text.GetString());
        }

        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var argument in json.GetProperty(Arguments).EnumerateObject())
        {
            arguments[argument.Name] = argument.Value;
        }

        return new FunctionCallContent(json.GetProperty(Call).GetString()!, json.GetProperty(Name).GetString()!, arguments)
        {
            Exception = json.TryGetProperty(Fault, out _) ? new FormatException("The arguments were not valid JSON.") : null,
        };
    }
}
