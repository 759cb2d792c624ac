using System.CommandLine;
using Mana.Cli.Output;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports remove</c></summary>
internal static class RemoveCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The service" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var (schema, write) = (new SchemaOptions(), new WriteOptions());
        var command = new Verb(
            "remove",
            "Take a service out of the schema, with the exceptions for it, and out of every file that follows it.",
            "mana ports remove mana-example",
            "mana ports remove mana-example --dry-run");
        command.Add(Name);
        write.AddTo(command);
        schema.AddTo(command);
        return command.Runs(globals, environment, (context, _) => Task.FromResult(Run(context, schema.Load(context), write)));
    }

    private static ExitCode Run(CommandContext context, LoadedSchema loaded, WriteOptions write)
    {
        var name = context.Get(Name)!;
        ListCommand.RequireKnown("service", name, loaded.Schema.Services.Select(service => service.Name));
        return write.Write(context, loaded, name, null, change => change.Remove(name));
    }
}
