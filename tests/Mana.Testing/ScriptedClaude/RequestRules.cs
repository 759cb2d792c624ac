using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mana.Testing;

/// <summary>What the API demands of a message request outside the conversation. Each violation is a refusal with a text like the API's.</summary>
internal static partial class RequestRules
{
    private const int MaxCacheControls = 4;

    private static readonly HashSet<string> Fields =
    [
        "model", "messages", "max_tokens", "cache_control", "container", "diagnostics", "inference_geo", "metadata", "output_config",
        "service_tier", "speed", "stop_sequences", "stream", "system", "thinking", "tool_choice", "tools", "user_profile_id", "workspace_id",
    ];

    private static readonly HashSet<string> ToolFields =
    [
        "type", "name", "description", "input_schema", "cache_control", "strict", "allowed_callers", "defer_loading",
        "eager_input_streaming", "input_examples",
    ];

    private static readonly HashSet<string> SchemaTypes = ["object", "array", "string", "number", "integer", "boolean", "null"];

    public static void Check(JsonElement request)
    {
        if (request.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.Invalid("Input should be a valid dictionary or object to extract fields from");
        }

        RefuseExtras(request, Fields, "");
        var model = Required(request, "model", JsonValueKind.String, "string");
        var messages = Required(request, "messages", JsonValueKind.Array, "list");
        var maxTokens = Required(request, "max_tokens", JsonValueKind.Number, "integer");
        if (!maxTokens.TryGetInt64(out var tokens))
        {
            throw ApiError.Invalid("max_tokens: Input should be a valid integer");
        }

        if (tokens < 1)
        {
            throw ApiError.Invalid("max_tokens: Input should be greater than or equal to 1");
        }

        if (request.TryGetProperty("stream", out var stream) && stream.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw ApiError.Invalid("stream: Input should be a valid boolean");
        }

        CheckSystem(request);
        var tools = CheckTools(request);
        CheckToolChoice(request, tools);
        ConversationRules.Check(messages, tools.Count > 0);
        CheckCacheControls(request);
        if (!model.GetString()!.StartsWith("claude-", StringComparison.Ordinal))
        {
            throw new ApiError(404, $"model: {model.GetString()}");
        }
    }

    public static void RefuseExtras(JsonElement value, HashSet<string> allowed, string path)
    {
        foreach (var property in value.EnumerateObject())
        {
            if (!allowed.Contains(property.Name))
            {
                throw ApiError.Invalid($"{path}{property.Name}: Extra inputs are not permitted");
            }
        }
    }

    private static JsonElement Required(JsonElement request, string name, JsonValueKind kind, string kindName)
    {
        if (!request.TryGetProperty(name, out var value))
        {
            throw ApiError.Invalid($"{name}: Field required");
        }

        return value.ValueKind == kind ? value : throw ApiError.Invalid($"{name}: Input should be a valid {kindName}");
    }

    private static void CheckSystem(JsonElement request)
    {
        if (!request.TryGetProperty("system", out var system) || system.ValueKind == JsonValueKind.String)
        {
            return;
        }

        if (system.ValueKind != JsonValueKind.Array)
        {
            throw ApiError.Invalid("system: Input should be a valid list");
        }

        var index = 0;
        foreach (var block in system.EnumerateArray())
        {
            ConversationRules.CheckTextBlock(block, $"system.{index++}", "system");
        }
    }

    private static HashSet<string> CheckTools(JsonElement request)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (!request.TryGetProperty("tools", out var tools))
        {
            return names;
        }

        if (tools.ValueKind != JsonValueKind.Array)
        {
            throw ApiError.Invalid("tools: Input should be a valid list");
        }

        var index = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            var path = $"tools.{index++}.custom.";
            if (tool.ValueKind != JsonValueKind.Object)
            {
                throw ApiError.Invalid($"{path}: Input should be a valid dictionary");
            }

            if (tool.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() != "custom")
            {
                throw ApiError.Invalid($"tools.{index - 1}: this server has no tools of its own, got type '{type.GetString()}'");
            }

            RefuseExtras(tool, ToolFields, path);
            if (!tool.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String)
            {
                throw ApiError.Invalid($"{path}name: Field required");
            }

            if (!ToolName().IsMatch(name.GetString()!))
            {
                throw ApiError.Invalid($"{path}name: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'");
            }

            if (!names.Add(name.GetString()!))
            {
                throw ApiError.Invalid("tools: Tool names must be unique.");
            }

            CheckInputSchema(tool, path);
        }

        return names;
    }

    private static void CheckInputSchema(JsonElement tool, string path)
    {
        if (!tool.TryGetProperty("input_schema", out var schema))
        {
            throw ApiError.Invalid($"{path}input_schema: Field required");
        }

        if (schema.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.Invalid($"{path}input_schema: Input should be a valid dictionary");
        }

        if (!schema.TryGetProperty("type", out var type))
        {
            throw ApiError.Invalid($"{path}input_schema.type: Field required");
        }

        if (type.ValueKind != JsonValueKind.String || type.GetString() != "object")
        {
            throw ApiError.Invalid($"{path}input_schema.type: Input should be 'object'");
        }

        if (schema.TryGetProperty("oneOf", out _) || schema.TryGetProperty("anyOf", out _) || schema.TryGetProperty("allOf", out _))
        {
            throw ApiError.Invalid($"{path}input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level");
        }

        if (!IsSchema(schema, depth: 0))
        {
            throw ApiError.Invalid($"{path}input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12).");
        }
    }

    private static bool IsSchema(JsonElement schema, int depth)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return true;
        }

        if (schema.ValueKind != JsonValueKind.Object || depth > 50)
        {
            return false;
        }

        return schema.EnumerateObject().All(keyword => keyword.Name switch
        {
            "type" => keyword.Value.ValueKind switch
            {
                JsonValueKind.String => SchemaTypes.Contains(keyword.Value.GetString()!),
                JsonValueKind.Array => keyword.Value.EnumerateArray().All(t => t.ValueKind == JsonValueKind.String && SchemaTypes.Contains(t.GetString()!)),
                _ => false,
            },
            "properties" or "$defs" or "patternProperties" =>
                keyword.Value.ValueKind == JsonValueKind.Object && keyword.Value.EnumerateObject().All(p => IsSchema(p.Value, depth + 1)),
            "items" or "additionalProperties" or "not" or "contains" => IsSchema(keyword.Value, depth + 1),
            "anyOf" or "oneOf" or "allOf" =>
                keyword.Value.ValueKind == JsonValueKind.Array && keyword.Value.GetArrayLength() > 0
                && keyword.Value.EnumerateArray().All(s => IsSchema(s, depth + 1)),
            "required" => IsSetOfStrings(keyword.Value),
            "enum" => keyword.Value.ValueKind == JsonValueKind.Array,
            "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf" => keyword.Value.ValueKind == JsonValueKind.Number,
            "minLength" or "maxLength" or "minItems" or "maxItems" => keyword.Value.ValueKind == JsonValueKind.Number && keyword.Value.GetDouble() >= 0,
            "pattern" or "format" or "$ref" or "description" or "title" => keyword.Value.ValueKind == JsonValueKind.String,
            _ => true,
        });
    }

    private static bool IsSetOfStrings(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
        && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
        && value.EnumerateArray().Select(item => item.GetString()).Distinct().Count() == value.GetArrayLength();

    private static void CheckToolChoice(JsonElement request, HashSet<string> tools)
    {
        if (!request.TryGetProperty("tool_choice", out var choice))
        {
            return;
        }

        var type = choice.ValueKind == JsonValueKind.Object && choice.TryGetProperty("type", out var t) && t.ValueKind == JsonValueKind.String ? t.GetString() : null;
        if (type is not ("auto" or "any" or "tool" or "none"))
        {
            throw ApiError.Invalid("tool_choice: Input tag should be one of: 'auto', 'any', 'tool', 'none'");
        }

        RefuseExtras(choice, type == "tool" ? ["type", "name", "disable_parallel_tool_use"] : ["type", "disable_parallel_tool_use"], $"tool_choice.{type}.");
        if (tools.Count == 0)
        {
            throw ApiError.Invalid("tool_choice: tool_choice may only be specified while providing tools.");
        }

        if (type != "tool")
        {
            return;
        }

        if (!choice.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String)
        {
            throw ApiError.Invalid("tool_choice.tool.name: Field required");
        }

        if (!tools.Contains(name.GetString()!))
        {
            throw ApiError.Invalid($"tool_choice: Tool '{name.GetString()}' not found in provided tools");
        }
    }

    private static void CheckCacheControls(JsonElement request)
    {
        var found = 0;
        var sawShort = false;
        foreach (var (block, path) in RequestBlocks.Of(request))
        {
            if (block.ValueKind != JsonValueKind.Object || !block.TryGetProperty("cache_control", out var control) || control.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            found++;
            if (control.ValueKind != JsonValueKind.Object || !control.TryGetProperty("type", out var type) || !type.ValueEquals("ephemeral"))
            {
                throw ApiError.Invalid($"{path}.cache_control: Input tag should be one of: 'ephemeral'");
            }

            RefuseExtras(control, ["type", "ttl"], $"{path}.cache_control.");
            var ttl = control.TryGetProperty("ttl", out var t) && t.ValueKind == JsonValueKind.String ? t.GetString() : "5m";
            if (ttl is not ("5m" or "1h"))
            {
                throw ApiError.Invalid($"{path}.cache_control.ephemeral.ttl: Input should be '5m' or '1h'");
            }

            if (ttl == "1h" && sawShort)
            {
                throw ApiError.Invalid($"{path}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.");
            }

            sawShort |= ttl == "5m";
        }

        if (found > MaxCacheControls)
        {
            throw ApiError.Invalid($"A maximum of {MaxCacheControls} blocks with cache_control may be provided. Found {found}.");
        }
    }

    [GeneratedRegex(@"^[a-zA-Z0-9_-]{1,64}\z")]
    private static partial Regex ToolName();
}
