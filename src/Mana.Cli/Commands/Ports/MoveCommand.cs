using System.CommandLine;
using Mana.Cli.Output;
using Mana.Ports.Model;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports move</c></summary>
internal static class MoveCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The service" };
    private static readonly Argument<int> To = new("PORT") { Description = "Its new port" };
    private static readonly Option<int?> From = new("--from") { Description = "Its old port, where it has several", HelpName = "N" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var (schema, write) = (new SchemaOptions(), new WriteOptions());
        var command = new Verb(
            "move",
            "Give a service another port, in the schema and wherever its old one stands in the files that follow it.",
            "mana ports move mana-example 3007",
            "mana ports move minio 9002 --from 9001 --dry-run");
        command.Add(Name);
        command.Add(To);
        command.Add(From);
        write.AddTo(command);
        schema.AddTo(command);
        return command.Runs(globals, environment, (context, _) => Task.FromResult(Run(context, schema.Load(context), write)));
    }

    private static ExitCode Run(CommandContext context, LoadedSchema loaded, WriteOptions write)
    {
        var (name, to) = (context.Get(Name)!, context.Get(To));
        if (to is < 1 or > PortSpan.Highest)
        {
            throw new CliException(ExitCode.Usage, $"a port is between 1 and {PortSpan.Highest}, not {to}");
        }

        ListCommand.RequireKnown("service", name, loaded.Schema.Services.Select(service => service.Name));
        var service = loaded.Schema.Services.First(one => one.Name == name);
        var ports = service.Real.Select(port => port.Port).Concat(service.Planned.Select(port => port.Port)).Distinct().ToList();

        // A service that moves to where the plan has it has its real port to give up: the new number is none of its old ones.
        var old = ports.Where(port => port != to).ToList();
        var from = context.Get(From) ?? (old is [var only] ? only : ports is [var same] ? same : throw new CliException(
            ExitCode.Usage, $"{name} has the ports {string.Join(", ", ports)}; say with --from which one moves"));
        return write.Write(context, loaded, name, to, change => change.Move(name, from, to));
    }
}
