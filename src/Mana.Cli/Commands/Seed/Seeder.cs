using Mana.Cli.Catalog;
using Mana.Cli.Clients;
using Mana.Cli.Output;
using Mana.Contracts;

namespace Mana.Cli.Commands.Seed;

/// <summary>Brings a catalog into mana-auth: one persona after the other, then the spaces that they share; a failing one does not stop the rest.</summary>
internal static class Seeder
{
    public static async Task<IReadOnlyList<SeededPersona>> SeedAsync(
        AuthClient auth, string jwt, PersonaCatalog catalog, string seedSecret, Action<SeededPersona> progress, CancellationToken cancellationToken)
    {
        var results = new List<SeededPersona>();
        foreach (var persona in catalog.Personas)
        {
            var result = await SeedAsync(auth, jwt, persona, seedSecret, cancellationToken);
            progress(result);
            results.Add(result);
        }

        return results;
    }

    /// <summary>The shared spaces; once the personas are there.</summary>
    public static async Task<IReadOnlyList<SeededSpace>> SeedSpacesAsync(
        AuthClient auth, string jwt, PersonaCatalog catalog, Action<SeededSpace> progress, CancellationToken cancellationToken)
    {
        var results = new List<SeededSpace>();
        foreach (var space in catalog.Spaces)
        {
            var result = await SeedAsync(auth, jwt, space, cancellationToken);
            progress(result);
            results.Add(result);
        }

        return results;
    }

    private static async Task<SeededSpace> SeedAsync(AuthClient auth, string jwt, CatalogSharedSpace space, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await auth.PutSpaceAsync(jwt, space.ToRequest(), cancellationToken);
            return new SeededSpace(space.Slug, space.Name, space.Type, Ok: true, answer.Id?.Value, null);
        }
        catch (CliException e) when (e.Code != ExitCode.Unreachable)
        {
            return new SeededSpace(space.Slug, space.Name, space.Type, Ok: false, null, e.Message);
        }
    }

    private static async Task<SeededPersona> SeedAsync(
        AuthClient auth, string jwt, CatalogPersona persona, string seedSecret, CancellationToken cancellationToken)
    {
        try
        {
            var password = PersonaPassword.Derive(persona.Email, seedSecret);
            var answer = await auth.UpsertPersonaAsync(jwt, persona.ToUpsert(password), cancellationToken);
            return new SeededPersona(persona.Email, persona.Name, persona.Archetype, Ok: true, answer.UserId.Value, null);
        }
        catch (CliException e) when (e.Code != ExitCode.Unreachable)
        {
            return new SeededPersona(persona.Email, persona.Name, persona.Archetype, Ok: false, null, e.Message);
        }
    }
}
