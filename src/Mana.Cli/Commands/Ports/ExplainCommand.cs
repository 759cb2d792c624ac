using System.CommandLine;
using Mana.Cli.Output;
using Mana.Ports.Checks;
using Mana.Ports.Model;
using Spectre.Console;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports explain</c></summary>
internal static class ExplainCommand
{
    private static readonly Argument<string?> Rule = new("rule") { Description = "A rule's id; all rules where it is left out", HelpName = "PSnnn", Arity = ArgumentArity.ZeroOrOne };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb("explain", "Say what a rule of `ports check` means and what to do about its findings.", "mana ports explain", "mana ports explain PS004");
        command.Add(Rule);
        return command.Runs(globals, environment, (context, _) => Task.FromResult(Run(context)));
    }

    private static ExitCode Run(CommandContext context)
    {
        var rules = PortRules.All;
        if (context.Get(Rule) is { } id)
        {
            rules = PortRules.Find(id) is { } found
                ? [found]
                : throw new CliException(ExitCode.Usage, $"there is no rule \"{id}\"; {(Suggestions.Nearest(id, PortRules.All.Select(rule => rule.Id)) is { } nearest ? $"did you mean {nearest}?" : "mana ports explain lists them")}");
        }

        if (context.Json)
        {
            PortsJson.Write(context, [.. rules.Select(rule => new RuleRow(rule.Id, rule.Name, Word(rule), rule.Summary, rule.Explanation.Trim()))], json => json.IReadOnlyListRuleRow);
        }
        else if (rules is [var only])
        {
            context.Say($"[bold]{only.Id} {only.Name}[/] ({Word(only)})");
            context.Say(Markup.Escape(only.Summary));
            context.Say("");
            context.Say(Markup.Escape(only.Explanation.Trim()));
            context.Say("");
            context.Say("To allow one finding for a while, add to exceptions of the schema:");
            context.Say(Markup.Escape($"  - {{ rule: {only.Id}, service: NAME, port: NUMBER, reason: …, until: 2027-03-31 }}"));
            context.Say("From the day after, it is reported again, as a warning.");
        }
        else
        {
            var table = new FittedTable(new("rule"), new("severity"), new("what should be", Wraps: true));
            foreach (var rule in rules)
            {
                table.AddRow(rule.Id, Word(rule), Markup.Escape(rule.Summary));
            }

            table.Write(context.Console);
        }

        return ExitCode.Ok;
    }

    private static string Word(PortRule rule) => rule.Severity.ToString().ToLowerInvariant();
}
