using System.Runtime.CompilerServices;
using Mana.PersonaRunner.Platform;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Conversation;

/// <summary>A server's tools as the model sees them. Made once per tool list, so that a brain can keep what it rendered of them.</summary>
internal sealed class ModelTools
{
    private static readonly ConditionalWeakTable<IReadOnlyList<ToolDefinition>, ModelTools> Made = [];

    private ModelTools(IReadOnlyList<ToolDefinition> tools)
    {
        Names = new ToolNames(tools.Select(tool => tool.Name));
        Declarations =
        [
            .. tools.Select(tool => AIFunctionFactory.CreateDeclaration(Names.ToModel(tool.Name), tool.Description, tool.InputSchema)),
            RatingTool.Declaration,
        ];
    }

    /// <summary>The names, both ways.</summary>
    public ToolNames Names { get; }

    /// <summary>The declarations in the server's order, the rating tool last.</summary>
    public IList<AITool> Declarations { get; }

    /// <summary>The same instance for the same list.</summary>
    public static ModelTools For(IReadOnlyList<ToolDefinition> tools) => Made.GetValue(tools, key => new ModelTools(key));
}
