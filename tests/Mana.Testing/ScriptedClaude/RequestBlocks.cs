using System.Text.Json;

namespace Mana.Testing;

/// <summary>The blocks of a request in the order in which the API's prompt cache sees them: tools, system, messages.</summary>
internal static class RequestBlocks
{
    public static IEnumerable<(JsonElement Block, string Path)> Of(JsonElement request)
    {
        foreach (var name in (string[])["tools", "system"])
        {
            if (request.TryGetProperty(name, out var list))
            {
                foreach (var part in Parts(list, name))
                {
                    yield return part;
                }
            }
        }

        var index = 0;
        foreach (var message in request.GetProperty("messages").EnumerateArray())
        {
            if (message.TryGetProperty("content", out var content))
            {
                foreach (var part in Parts(content, $"messages.{index}.content"))
                {
                    yield return part;
                }
            }

            index++;
        }
    }

    private static IEnumerable<(JsonElement Block, string Path)> Parts(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            yield return (value, path);
            yield break;
        }

        var index = 0;
        foreach (var block in value.EnumerateArray())
        {
            yield return (block, $"{path}.{index++}");
        }
    }
}
