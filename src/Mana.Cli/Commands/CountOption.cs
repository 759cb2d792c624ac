using System.CommandLine;

namespace Mana.Cli.Commands;

/// <summary>An option that says how many.</summary>
internal static class CountOption
{
    /// <summary>A whole number of at least one.</summary>
    public static Option<int> Of(string name, int fallback, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => fallback,
        Validators =
        {
            result =>
            {
                if (result.GetValueOrDefault<int>() < 1)
                {
                    result.AddError($"{name} must be at least 1");
                }
            },
        },
    };
}
