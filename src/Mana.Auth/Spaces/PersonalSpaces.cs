using System.Text;
using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.SignIn;
using Mana.Auth.Storage;
using Mana.Contracts;

namespace Mana.Auth.Spaces;

/// <summary>The space that every user has from the first moment on.</summary>
internal static class PersonalSpaces
{
    private const int SlugLength = 30;

    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "me", "admin", "api", "auth", "login", "logout", "signup", "signin", "register", "settings", "new", "app", "www",
        "support", "help", "billing", "invite",
    };

    /// <summary>Adds the user's space and membership within the transaction that adds the user.</summary>
    public static async Task CreateAsync(DataConnection db, UserRow user, CancellationToken cancellationToken)
    {
        var space = new OrganizationRow
        {
            Id = RandomId.Nano(),
            Name = SpaceName(user),
            Slug = await FreeSlugAsync(db, SlugOf(user.Email), cancellationToken),
            Metadata = $$"""{"tier":{{JsonSerializer.Serialize(user.AccessTier)}},"type":"personal"}""",
            CreatedAt = user.CreatedAt,
        };
        await db.InsertAsync(space, token: cancellationToken);
        await db.InsertAsync(
            new MemberRow { Id = RandomId.Nano(), OrganizationId = space.Id, UserId = user.Id, Role = SpaceRoles.Owner, CreatedAt = user.CreatedAt },
            token: cancellationToken);
    }

    /// <summary>Whether paths of the product use the word.</summary>
    public static bool IsReserved(string slug) => Reserved.Contains(slug);

    /// <summary>The slug that an address asks for: persona.anna@mana.test gives persona-anna.</summary>
    public static string SlugOf(string email)
    {
        var slug = new StringBuilder();
        foreach (var c in EmailAddress.LocalPart(email))
        {
            if (char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c))
            {
                slug.Append(c);
            }
            else if (slug.Length == 0 || slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        var text = slug.ToString();
        text = text.StartsWith('-') ? text[1..] : text;
        text = text.EndsWith('-') ? text[..^1] : text;
        text = text.Length > SlugLength ? text[..SlugLength] : text;
        return text.Length > 0 ? text : "user-" + RandomId.SlugSuffix();
    }

    private static string SpaceName(UserRow user)
    {
        if (user.Name.Trim() is { Length: > 0 } name)
        {
            return name;
        }

        return EmailAddress.LocalPart(user.Email) is { Length: > 0 } local ? local : "Personal";
    }

    private static async Task<string> FreeSlugAsync(DataConnection db, string wanted, CancellationToken cancellationToken)
    {
        await db.LockSlugAsync(wanted, cancellationToken);
        var prefix = wanted + "-";
        var similar = await db.GetTable<OrganizationRow>()
            .Where(space => space.Slug == wanted || space.Slug.StartsWith(prefix))
            .Select(space => space.Slug)
            .ToListAsync(cancellationToken);
        var taken = similar.ToHashSet(StringComparer.Ordinal);
        if (!taken.Contains(wanted) && !IsReserved(wanted))
        {
            return wanted;
        }

        for (var number = 2; number <= 999; number++)
        {
            if (prefix + number is var candidate && !taken.Contains(candidate))
            {
                return candidate;
            }
        }

        return prefix + RandomId.SlugSuffix();
    }
}
