using System.Data.Common;

namespace Mana.PersonaRunner.Ticks;

/// <summary>Where a tick can fail; the label <c>stage</c> of <c>persona_errors_total</c>.</summary>
internal static class TickStages
{
    /// <summary>Asking mana-auth who is due.</summary>
    public const string Due = "due";

    /// <summary>Login, token or personal space.</summary>
    public const string SignIn = "sign-in";

    /// <summary>The MCP session, its tool list or its transport.</summary>
    public const string Mcp = "mcp";

    /// <summary>The language model.</summary>
    public const string Model = "model";

    /// <summary>The runner's own store.</summary>
    public const string Storage = "storage";

    /// <summary>Delivery to mana-auth.</summary>
    public const string Deliver = "deliver";

    /// <summary>An earlier version left the tick open.</summary>
    public const string Stopped = "stopped";

    /// <summary>Somebody cancelled the tick.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>A fault of the runner itself.</summary>
    public const string Internal = "internal";

    /// <summary>Where a fault outside of any tick belongs: to the store, or else to the work that met it.</summary>
    public static string Of(Exception fault, string work) => fault is DbException ? Storage : work;
}
