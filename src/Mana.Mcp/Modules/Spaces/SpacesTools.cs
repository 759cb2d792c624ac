using System.Text.Json.Serialization;
using Mana.Contracts;
using Mana.Mcp.Access;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Mcp.Modules.Spaces;

/// <summary>The spaces of the caller, from mana-auth.</summary>
internal sealed class SpacesTools(UserSpaces spaces, Memberships memberships, IServiceProvider services) : ToolModule("spaces")
{
    // The catalog is made of the modules, this one among them: it is asked for when there is a call.
    private IReadOnlyList<string> Modules => field ??= [.. services.GetRequiredService<ToolCatalog>().Modules.Where(module => module != Name)];

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "list", "List spaces", ToolEffect.Reads,
            "Lists the spaces that the user belongs to (personal, family, team …) with the user's role and the modules of each, and says which one is active. "
            + "Use it to explain where things are stored, or before working in another space than the active one: every other tool takes the id or slug of a space as its argument space. "
            + "A viewer may only read.",
            InputSchema.Of(),
            ToolJson.Default.NoArguments, OutputShape.Of(SpacesJson.Default.SpaceList), ListAsync),
    ];

    private async Task<SpaceList> ListAsync(NoArguments arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var listed = await spaces.NowAsync(call.Caller, cancellationToken);
        return new SpaceList
        {
            Spaces = await Task.WhenAll(listed.Select(space => DescribeAsync(space, call.Caller, cancellationToken))),
            ActiveSpaceId = call.Caller.Space.Value,
        };
    }

    private async Task<ListedSpace> DescribeAsync(SpaceView space, Caller caller, CancellationToken cancellationToken)
    {
        // The list of another mana-auth knows no roles.
        var role = space.Role ?? (await memberships.FindAsync(space.Id, caller.User, cancellationToken)).Role;
        var type = space.SpaceType();
        return new ListedSpace
        {
            Id = space.Id.Value,
            Name = space.Name,
            Slug = space.Slug,
            Type = type,
            Role = role,
            Modules = [.. Modules.Where(module => SpaceTypes.Allows(type, module))],
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

    public required IReadOnlyList<string> Modules { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SpaceList))]
internal sealed partial class SpacesJson : JsonSerializerContext;
