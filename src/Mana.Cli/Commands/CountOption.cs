using System.CommandLine;
using System.Globalization;

namespace Mana.Cli.Commands;

/// <summary>Options that are whole numbers.</summary>
internal static class CountOption
{
    /// <summary>A whole number of at least one.</summary>
    public static Option<int> Of(string name, int fallback, string description) => Between(name, fallback, 1, int.MaxValue, description);

    /// <summary>A whole number between two others.</summary>
    public static Option<int> Between(string name, int fallback, int least, int most, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => fallback,
        Validators =
        {
            result =>
            {
                // What is no number at all is said by the parser; asking it for the value would throw.
                if (result.Tokens is [var token, ..]
                    && int.TryParse(token.Value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) && (value < least || value > most))
                {
                    result.AddError(most == int.MaxValue ? $"{name} must be at least {least}" : $"{name} must be {least} to {most}");
                }
            },
        },
    };
}
