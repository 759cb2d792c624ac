using System.CommandLine;
using Mana.Cli.Catalog;
using Mana.Cli.Clients;
using Mana.Cli.Commands.Personas;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Seed;

/// <summary><c>mana seed</c></summary>
internal static class SeedCommand
{
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would happen; needs no credentials and changes nothing" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var catalogOptions = new CatalogOptions();
        var command = new Verb(
            "seed",
            "Create or update the catalog's personas and their shared spaces in mana-auth. Passwords follow from PERSONA_SEED_SECRET.",
            "mana seed",
            "mana seed --dry-run --catalog my-personas.yaml",
            "PERSONA_SEED_SECRET=… MANA_ADMIN_EMAIL=… MANA_ADMIN_PASSWORD=… mana seed --auth-url https://auth.example.org");
        catalogOptions.AddTo(command);
        command.Add(DryRun);
        return command.Runs(globals, environment, (context, cancellationToken) => RunAsync(context, catalogOptions, cancellationToken));
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CatalogOptions options, CancellationToken cancellationToken)
    {
        var catalog = options.Load(context);
        var connection = context.Connection;
        var dryRun = context.Get(DryRun);
        context.Say($"{catalog.Personas.Count} personas of {Markup.Escape(catalog.Source)} → {Markup.Escape(connection.AuthUrl.AbsoluteUri.TrimEnd('/'))}{(dryRun ? "  (dry run: nothing is changed)" : "")}");
        IReadOnlyList<SeededPersona> results;
        IReadOnlyList<SeededSpace> spaces;
        if (dryRun)
        {
            results = [.. catalog.Personas.Select(persona => new SeededPersona(persona.Email, persona.Name, persona.Archetype, Ok: true, null, null))];
            foreach (var result in results)
            {
                context.Say($"  · would create or update {Markup.Escape(result.Email)} ({Markup.Escape(result.Archetype)})");
            }

            spaces = [.. catalog.Spaces.Select(space => new SeededSpace(space.Slug, space.Name, space.Type, Ok: true, null, null))];
            foreach (var space in catalog.Spaces)
            {
                context.Say($"  · would create or update the {space.Type} {space.Slug} ({Texts.Count(space.Members.Count, "member")})");
            }
        }
        else
        {
            RefuseDevelopmentSecret(connection);
            using var auth = new AuthClient(connection.AuthUrl);
            var jwt = await context.AdminJwtAsync(auth, cancellationToken);
            results = await Seeder.SeedAsync(auth, jwt, catalog, connection.SeedSecret, result => Print(context, result), cancellationToken);
            spaces = await Seeder.SeedSpacesAsync(auth, jwt, catalog, space => Print(context, space), cancellationToken);
        }

        var warnings = await WarningsAsync(connection, catalog, dryRun, cancellationToken);
        foreach (var warning in warnings)
        {
            context.Warn("warning: " + warning);
        }

        var failed = results.Count(result => !result.Ok);
        var failedSpaces = spaces.Count(space => !space.Ok);
        if (context.Json)
        {
            context.WriteJson(new SeedReport(connection.AuthUrl.AbsoluteUri.TrimEnd('/'), dryRun, results, spaces, warnings), json => json.SeedReport);
        }
        else if (!dryRun)
        {
            context.Say(failed > 0 ? $"[red]{failed} of {results.Count} personas failed.[/]"
                : failedSpaces > 0 ? $"[red]{failedSpaces} of {spaces.Count} shared spaces failed.[/]"
                : $"Done: {results.Count} personas{(spaces.Count > 0 ? ", " + Texts.Count(spaces.Count, "shared space") : "")}.");
        }

        return failed + failedSpaces == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    /// <summary>Everybody knows the development secret, so with it everybody could sign in as a persona.</summary>
    private static void RefuseDevelopmentSecret(Connection.Connection connection)
    {
        if (connection.Environment is { IsProduction: true } && connection.SeedSecret == PersonaPassword.DevelopmentSeedSecret)
        {
            throw new CliException(
                ExitCode.Refused, "PERSONA_SEED_SECRET is unset or the development value, which production refuses; set a secret of your own, the same that the runner has");
        }
    }

    private static void Print(CommandContext context, SeededPersona result)
    {
        if (result.Ok)
        {
            context.Say($"  [green]✓[/] {Markup.Escape(result.Email)} ({Markup.Escape(result.Archetype)})");
        }
        else
        {
            context.Warn($"  ✗ {result.Email}: {result.Error}");
        }
    }

    private static void Print(CommandContext context, SeededSpace space)
    {
        if (space.Ok)
        {
            context.Say($"  [green]✓[/] {Markup.Escape(space.Slug)} ({Markup.Escape(space.Type)})");
        }
        else
        {
            context.Warn($"  ✗ {space.Slug}: {space.Error}");
        }
    }

    /// <summary>Seeding only warns of what <c>lint</c> fails on; without a reachable mana-mcp the mixes are checked by themselves.</summary>
    private static async Task<IReadOnlyList<string>> WarningsAsync(
        Connection.Connection connection, PersonaCatalog catalog, bool dryRun, CancellationToken cancellationToken)
    {
        IReadOnlySet<string>? modules = null;
        if (!dryRun)
        {
            try
            {
                modules = ToolCatalog.Modules(await ToolCatalog.ListAsync(connection, catalog.Personas[0].Email, cancellationToken));
            }
            catch (CliException)
            {
                // The tools are not part of seeding.
            }
        }

        return [.. MixLint.Check(catalog, modules).Select(finding => finding.Message)];
    }
}
