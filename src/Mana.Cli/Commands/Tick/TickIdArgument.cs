using System.CommandLine;

namespace Mana.Cli.Commands.Tick;

/// <summary>The tick that a command is about.</summary>
internal static class TickIdArgument
{
    public static Argument<string> Create() => new("ID")
    {
        Description = "The tick's id, as in `mana tick list`",
        Validators =
        {
            result =>
            {
                if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
                {
                    result.AddError("ID must be the id of a tick, as in `mana tick list`");
                }
            },
        },
    };
}
