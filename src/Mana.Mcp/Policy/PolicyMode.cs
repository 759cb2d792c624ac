namespace Mana.Mcp.Policy;

/// <summary>What the policy gate does with its decisions.</summary>
internal enum PolicyMode
{
    /// <summary>Nothing is judged.</summary>
    Off,

    /// <summary>Judged, counted and logged; every call runs.</summary>
    LogOnly,

    /// <summary>A denied call does not run.</summary>
    Enforce,
}

/// <summary>The modes by their names in <c>POLICY_MODE</c> and in metrics.</summary>
internal static class PolicyModes
{
    public const string Off = "off";
    public const string LogOnly = "log-only";
    public const string Enforce = "enforce";

    public static PolicyMode? Parse(string text) => text.ToLowerInvariant() switch
    {
        Off => PolicyMode.Off,
        LogOnly => PolicyMode.LogOnly,
        Enforce => PolicyMode.Enforce,
        _ => null,
    };

    public static string Name(this PolicyMode mode) => mode switch
    {
        PolicyMode.Off => Off,
        PolicyMode.LogOnly => LogOnly,
        _ => Enforce,
    };
}
