using System.Text.Json.Serialization;
using Mana.Mcp.Access;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Spaces;

/// <summary>The spaces of the caller, from mana-auth.</summary>
internal sealed class SpacesTools(AuthClient auth) : ToolModule("spaces")
{
    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "list", "List spaces", ToolEffect.Reads,
            "Lists the spaces that the user belongs to (personal, family, team …) and says which one is active. "
            + "Use it to explain where things are stored; every other tool works in the active space only.",
            InputSchema.Of(),
            ToolJson.Default.NoArguments, OutputShape.Of(SpacesJson.Default.SpaceList), ListAsync),
    ];

    private async Task<SpaceList> ListAsync(NoArguments arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var spaces = await auth.ListSpacesAsync(call.Caller.Jwt, cancellationToken);
        return new SpaceList
        {
            Spaces =
            [
                .. spaces.Select(space => new ListedSpace
                {
                    Id = space.Id.Value,
                    Name = space.Name,
                    Slug = space.Slug,
                    Type = space.SpaceType(),
                    // mana-auth's list knows no roles; the one in the active space is known from the membership.
                    Role = space.Id == call.Caller.Space ? call.Caller.Role : null,
                }),
            ],
            ActiveSpaceId = call.Caller.Space.Value,
        };
    }
}

internal sealed record SpaceList
{
    public required IReadOnlyList<ListedSpace> Spaces { get; init; }

    public required string ActiveSpaceId { get; init; }
}

internal sealed record ListedSpace
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string? Slug { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SpaceList))]
internal sealed partial class SpacesJson : JsonSerializerContext;
