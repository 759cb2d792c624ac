using System.CommandLine;
using Mana.Cli.Catalog;
using Mana.Cli.Output;

namespace Mana.Cli.Commands;

/// <summary>The options of the commands that read a catalog.</summary>
internal sealed class CatalogOptions
{
    private readonly Option<string?> _file = new("--catalog")
    {
        Description = "Catalog of personas (default: the ten that come with mana)",
        HelpName = "FILE",
    };

    private readonly Option<bool> _anyDomain = new("--allow-any-domain")
    {
        Description = $"Accept e-mail addresses that do not end with {PersonaCatalog.Domain}",
    };

    public void AddTo(Command command)
    {
        command.Add(_file);
        command.Add(_anyDomain);
    }

    public PersonaCatalog Load(CommandContext context) =>
        context.Get(_file) is { } file ? PersonaCatalog.Load(file, context.Get(_anyDomain)) : PersonaCatalog.Embedded();
}
