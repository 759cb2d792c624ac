using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace Mana.Cli.Output;

/// <summary>Says in one sentence what is wrong with an argument: the library speaks of its types, and over several lines.</summary>
internal static partial class ParseErrors
{
    public static string Text(ParseError error)
    {
        if (NoNumber().Match(error.Message) is { Success: true } number)
        {
            return $"\"{number.Groups["given"].Value}\" is no whole number{For(error)}";
        }

        if (NoneOf().Match(error.Message) is { Success: true } none)
        {
            var known = Quoted().Matches(none.Groups["known"].Value).Select(match => match.Groups[1].Value);
            return $"\"{none.Groups["given"].Value}\" is none of {string.Join(", ", known)}{For(error)}";
        }

        if (Missing().Match(error.Message) is { Success: true } missing)
        {
            return $"{missing.Groups["name"].Value} is missing";
        }

        return error.Message.ReplaceLineEndings(" ").TrimEnd('.');
    }

    private static string For(ParseError error) => error.SymbolResult switch
    {
        OptionResult option => $" for {option.Option.Name}",
        ArgumentResult { Parent: OptionResult option } => $" for {option.Option.Name}",
        ArgumentResult argument => $" for {argument.Argument.HelpName ?? argument.Argument.Name}",
        _ => "",
    };

    [GeneratedRegex(@"^Cannot parse argument '(?<given>.*)' for .* as expected type 'System\.(Nullable`1\[System\.)?Int32\]?'\.?\z", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex NoNumber();

    [GeneratedRegex(@"^Argument '(?<given>.*)' not recognized\. Must be one of:(?<known>.*)\z", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex NoneOf();

    [GeneratedRegex(@"^Required argument '?(?<name>[^']*)'? missing for command:? '.*'\.?\z", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Missing();

    [GeneratedRegex("'([^']*)'", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();
}
