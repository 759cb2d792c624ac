using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Mana.Hosting;

namespace Mana.Cli.Output;

/// <summary>Adds examples and exit codes to the help, and makes <c>--version</c> say the product's name.</summary>
internal static class HelpText
{
    private static readonly (ExitCode Code, string Meaning)[] ExitCodes =
    [
        (ExitCode.Ok, "done, nothing wrong found"),
        (ExitCode.Failed, "the command found a problem, or a part of its work failed"),
        (ExitCode.Usage, "wrong arguments, settings or files; nothing was done"),
        (ExitCode.Unreachable, "a service cannot be reached"),
        (ExitCode.Refused, "a guard refused: key, password, production, not this machine, not confirmed"),
        (ExitCode.Interrupted, "interrupted"),
    ];

    public static void Install(RootCommand root, CliEnvironment environment)
    {
        foreach (var option in root.Options)
        {
            switch (option)
            {
                case HelpOption { Action: HelpAction standard }:
                    option.Action = new PrintHelp(standard, environment.Out);
                    break;
                case VersionOption:
                    option.Action = new PrintVersion(environment.Out);
                    break;
            }
        }
    }

    private sealed class PrintHelp(HelpAction standard, TextWriter output) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            standard.Invoke(parseResult);
            switch (parseResult.CommandResult.Command)
            {
                case Verb { Examples.Count: > 0 } verb:
                    output.WriteLine("Examples:");
                    foreach (var example in verb.Examples)
                    {
                        output.WriteLine("  " + example);
                    }

                    break;
                case RootCommand:
                    output.WriteLine("Exit codes:");
                    foreach (var (code, meaning) in ExitCodes)
                    {
                        output.WriteLine($"  {(int)code,-4} {meaning}");
                    }

                    break;
            }

            return (int)ExitCode.Ok;
        }
    }

    private sealed class PrintVersion(TextWriter output) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            output.WriteLine("mana " + ServiceHost.Version);
            return (int)ExitCode.Ok;
        }
    }
}
