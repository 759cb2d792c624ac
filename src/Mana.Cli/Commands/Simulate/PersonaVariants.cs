using System.Globalization;
using Mana.Cli.Catalog;

namespace Mana.Cli.Commands.Simulate;

/// <summary>As many personas as are wanted: those of the catalog, then variants of them that live elsewhere and come at other times.</summary>
internal static class PersonaVariants
{
    /// <summary>How often each kind comes among twenty variants.</summary>
    private static readonly string[] Cadences =
    [
        "daily", "daily", "daily", "daily", "daily", "daily", "daily", "daily", "daily", "daily",
        "weekdays", "weekdays", "weekdays", "weekdays", "weekdays",
        "hourly", "hourly",
        "cron:0 11 * * 1,4", "cron:30 12 * * *", "cron:15 18 * * 1-5",
    ];

    /// <summary>No hours begin in the two hours before midnight UTC: a play that ends there then ends between two visits of each.</summary>
    private static readonly (string Zone, string Hours)[] Places =
    [
        ("Europe/Berlin", "08:00-22:00"),
        ("Europe/London", "07:00-21:00"),
        ("Europe/Helsinki", "09:00-20:00"),
        ("America/New_York", "07:00-22:00"),
        ("America/Los_Angeles", "08:00-21:00"),
        ("America/Sao_Paulo", "09:00-23:00"),
        ("Africa/Johannesburg", "06:00-20:00"),
        ("Asia/Kolkata", "08:00-22:00"),
        ("Asia/Singapore", "09:00-21:00"),
        ("Australia/Brisbane", "11:00-21:00"),
    ];

    /// <summary>The personas; the same for the same arguments.</summary>
    public static PersonaCatalog Of(PersonaCatalog catalog, int count, int seed)
    {
        var personas = catalog.Personas.Take(count).ToList();
        var taken = catalog.Personas.Select(persona => persona.Email).ToHashSet(StringComparer.Ordinal);
        for (var number = personas.Count; number < count; number++)
        {
            var persona = Variant(catalog.Personas[number % catalog.Personas.Count], number, seed);
            if (!taken.Add(persona.Email))
            {
                throw new CatalogException($"{catalog.Source}:{persona.Line}: {persona.Email} is the address of a variant of this persona, too; rename the one in the catalog");
            }

            personas.Add(persona);
        }

        return new PersonaCatalog(personas, [], catalog.Source);
    }

    private static CatalogPersona Variant(CatalogPersona original, int number, int seed)
    {
        // Each variant has dice of its own: one persona more changes none of the others.
        var dice = new Random(unchecked((seed * 1_000_003) + number));
        var cadence = Cadences[dice.Next(Cadences.Length)];
        var (zone, hours) = Places[dice.Next(Places.Length)];
        var suffix = number.ToString("0000", CultureInfo.InvariantCulture);
        var at = original.Email.LastIndexOf('@');
        return original with
        {
            Name = $"{original.Name} {suffix}",
            Email = $"{original.Email[..at]}.{suffix}{original.Email[at..]}",
            TickCadence = cadence,
            TimeZone = zone,
            ActiveHours = hours,
        };
    }
}
