using System.CommandLine;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports</c></summary>
internal static class PortsCommands
{
    public static Command Create(GlobalOptions globals, CliEnvironment environment) =>
        new("ports", "Where every service listens: one schema, and everything else follows it.")
        {
            ListCommand.Create(globals, environment),
            CheckCommand.Create(globals, environment),
            ExplainCommand.Create(globals, environment),
            NextCommand.Create(globals, environment),
            WhyCommand.Create(globals, environment),
            DiffCommand.Create(globals, environment),
            RenderCommand.Create(globals, environment),
            AddCommand.Create(globals, environment),
            MoveCommand.Create(globals, environment),
            RemoveCommand.Create(globals, environment),
            ImportCommand.Create(globals, environment),
            ScanCommand.Create(globals, environment),
        };
}
