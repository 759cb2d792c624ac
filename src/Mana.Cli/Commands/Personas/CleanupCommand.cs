using System.CommandLine;
using Mana.Cli.Catalog;
using Mana.Cli.Clients;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Personas;

/// <summary><c>mana personas cleanup</c></summary>
internal static class CleanupCommand
{
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask" };
    private static readonly Option<bool> All = new("--all") { Description = "Delete personas that are not in the catalog, too" };
    private static readonly Option<bool> Force = new("--force") { Description = "Allow a mana-auth that is not on this machine" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var catalogOptions = new CatalogOptions();
        var command = new Verb(
            "cleanup",
            "Delete the catalog's personas and shared spaces from mana-auth, with their actions and ratings. Asks first.",
            "mana personas cleanup",
            "mana personas cleanup --yes --all");
        catalogOptions.AddTo(command);
        command.Add(Yes);
        command.Add(All);
        command.Add(Force);
        return command.Runs(globals, environment, (context, cancellationToken) => RunAsync(context, catalogOptions, cancellationToken));
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CatalogOptions options, CancellationToken cancellationToken)
    {
        var address = context.Connection.AuthUrl;
        if (!address.IsLoopback && !context.Get(Force))
        {
            throw new CliException(ExitCode.Refused, $"{address.AbsoluteUri.TrimEnd('/')} is not this machine, so nothing was deleted; if you mean it, repeat with --force");
        }

        var catalog = options.Load(context);
        var inCatalog = catalog.Personas.Select(persona => persona.Email).ToHashSet(StringComparer.OrdinalIgnoreCase);
        using var auth = new AuthClient(address);
        var jwt = await context.AdminJwtAsync(auth, cancellationToken);
        var live = (await auth.ListPersonasAsync(jwt, cancellationToken)).OrderBy(persona => persona.Email, StringComparer.Ordinal).ToList();
        var others = live.Where(persona => !inCatalog.Contains(persona.Email)).ToList();
        var doomed = context.Get(All) ? live : [.. live.Except(others)];
        foreach (var other in others)
        {
            context.Warn(context.Get(All)
                ? $"warning: {other.Email} is not in the catalog and will be deleted"
                : $"warning: {other.Email} is not in the catalog and stays; --all deletes it, too");
        }

        var kept = live.Except(doomed).Select(persona => persona.Email).ToList();
        if (doomed.Count == 0)
        {
            context.Say("No personas to delete.");
            Report(context, [], kept, []);
            return ExitCode.Ok;
        }

        if (!context.Get(Yes) && !await ConfirmAsync(context, doomed, address, cancellationToken))
        {
            throw new CliException(ExitCode.Refused, "nothing was deleted; answer y, or pass --yes");
        }

        var results = new List<CleanedPersona>();
        foreach (var persona in doomed)
        {
            results.Add(await DeleteAsync(context, auth, jwt, persona, inCatalog.Contains(persona.Email), cancellationToken));
        }

        var spaces = await DeleteSpacesAsync(context, auth, jwt, catalog, cancellationToken);
        Report(context, results, kept, spaces);
        return results.TrueForAll(result => result.Deleted) ? ExitCode.Ok : ExitCode.Failed;
    }

    private static async Task<CleanedPersona> DeleteAsync(
        CommandContext context, AuthClient auth, string jwt, PersonaSummary persona, bool inCatalog, CancellationToken cancellationToken)
    {
        try
        {
            await auth.DeletePersonaAsync(jwt, persona.UserId, cancellationToken);
            context.Say($"[green]✓[/] {Markup.Escape(persona.Email)} deleted");
            return new CleanedPersona(persona.Email, inCatalog, Deleted: true, null);
        }
        catch (CliException e) when (e.Code != ExitCode.Unreachable)
        {
            context.Warn($"✗ {persona.Email}: {e.Message}");
            return new CleanedPersona(persona.Email, inCatalog, Deleted: false, e.Message);
        }
    }

    /// <summary>The catalog's shared spaces that are left: those that a deleted persona alone owned went with it.</summary>
    private static async Task<IReadOnlyList<string>> DeleteSpacesAsync(
        CommandContext context, AuthClient auth, string jwt, PersonaCatalog catalog, CancellationToken cancellationToken)
    {
        var deleted = new List<string>();
        foreach (var space in catalog.Spaces)
        {
            try
            {
                if (await auth.DeleteSpaceAsync(jwt, space.Slug, cancellationToken))
                {
                    context.Say($"[green]✓[/] {Markup.Escape(space.Slug)} deleted");
                    deleted.Add(space.Slug);
                }
            }
            catch (CliException e) when (e.Code != ExitCode.Unreachable)
            {
                context.Warn($"✗ {space.Slug}: {e.Message}");
            }
        }

        return deleted;
    }

    private static async Task<bool> ConfirmAsync(
        CommandContext context, List<PersonaSummary> doomed, Uri address, CancellationToken cancellationToken)
    {
        foreach (var persona in doomed)
        {
            context.Warn("  " + persona.Email);
        }

        await context.Environment.Error.WriteAsync(
            $"Delete {doomed.Count} personas with everything they own from {address.AbsoluteUri.TrimEnd('/')}? [y/N] ");
        var answer = await context.Environment.In.ReadLineAsync(cancellationToken);
        return answer?.Trim().ToUpperInvariant() is "Y" or "YES";
    }

    private static void Report(CommandContext context, IReadOnlyList<CleanedPersona> results, IReadOnlyList<string> kept, IReadOnlyList<string> spaces)
    {
        if (context.Json)
        {
            context.WriteJson(new CleanupReport(results, kept, spaces), json => json.CleanupReport);
        }
    }
}
