namespace Mana.Tests.Mcp.Generated;

/// <summary>What the tool list cannot tell. Keep it short: a line here is something that a model cannot know either.</summary>
internal static class ToolHints
{
    /// <summary>Settings of the gateway under test, for tools that need something beyond the records.</summary>
    public static readonly (string Key, string? Value)[] Settings = [];

    /// <summary>Fields whose value only an earlier answer can give.</summary>
    public static readonly IReadOnlyList<string> FromAnswers = ["cursor"];

    /// <summary>Values as JSON by "tool.field", where a schema cannot say what fits.</summary>
    public static readonly IReadOnlyDictionary<string, string> Values = new Dictionary<string, string>();

    /// <summary>Tools whose new record is read elsewhere than through the reading tools of their module, with the place.</summary>
    public static readonly IReadOnlyDictionary<string, string> ReadElsewhere = new Dictionary<string, string>();
}
