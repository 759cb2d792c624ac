using System.CommandLine;
using System.Globalization;
using Mana.Cli.Output;
using Mana.Ports.Checks;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports next</c></summary>
internal static class NextCommand
{
    private static readonly Option<string> Range = new("--range") { Description = "The range to look in", HelpName = "NAME", Required = true };
    private static readonly Option<bool> Any = new("--any") { Description = "Also numbers that no row of the schema names, not only reserved ones" };
    private static readonly Option<int> Count = CountOption.Of("--count", 1, "How many numbers");

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var schema = new SchemaOptions();
        var command = new Verb(
            "next",
            "Say the next free port of a range: the first of those that are reserved for its growth. Exits 1 when there is none.",
            "mana ports next --range core",
            "mana ports next --range games --any --count 3");
        schema.AddTo(command);
        foreach (var option in new Option[] { Range, Any, Count })
        {
            command.Add(option);
        }

        return command.Runs(globals, environment, (context, _) => Task.FromResult(Run(context, schema.Load(context))));
    }

    private static ExitCode Run(CommandContext context, LoadedSchema loaded)
    {
        var range = context.Get(Range)!;
        ListCommand.RequireKnown("range", range, loaded.Schema.Ranges.Select(one => one.Name));
        var ports = PortChooser.Next(loaded.Schema, range, context.Get(Any)).Take(context.Get(Count)).ToList();
        if (context.Json)
        {
            PortsJson.Write(context, new NextReport(range, ports), json => json.NextReport);
        }
        else
        {
            foreach (var port in ports)
            {
                context.Environment.Out.WriteLine(port.ToString(CultureInfo.InvariantCulture));
            }
        }

        if (ports.Count == context.Get(Count))
        {
            return ExitCode.Ok;
        }

        var others = context.Get(Any) ? [] : PortChooser.Next(loaded.Schema, range, any: true).Except(ports).Take(1).ToList();
        context.Warn(others is [var other]
            ? string.Create(CultureInfo.InvariantCulture, $"mana: range {range} has no {(ports.Count > 0 ? "further " : "")}reserved number left; --any offers {other}")
            : $"mana: range {range} has no {(ports.Count > 0 ? "further " : "")}free number; widen it in {loaded.Shown(loaded.Schema.Path)}");
        return ExitCode.Failed;
    }
}
