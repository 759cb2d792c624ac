using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Contacts;

/// <summary>A person, or a company, that the user knows.</summary>
internal sealed record Contact
{
    public required string FirstName { get; init; }

    public required string? LastName { get; init; }

    public required string? Email { get; init; }

    public required string? Phone { get; init; }

    public required string? Mobile { get; init; }

    public required string? Company { get; init; }

    public required string? JobTitle { get; init; }

    public required string? Street { get; init; }

    public required string? PostalCode { get; init; }

    public required string? City { get; init; }

    public required string? Country { get; init; }

    public required string? Website { get; init; }

    public required string? Birthday { get; init; }

    public required string? Notes { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required bool IsFavorite { get; init; }

    public required bool IsArchived { get; init; }

    /// <summary>The day of the latest talk, letter or meeting.</summary>
    public required string? LastContactedAt { get; init; }

    /// <summary>The latest ones, latest first.</summary>
    public required IReadOnlyList<ContactLog> ContactLog { get; init; }
}

/// <summary>The user was in touch with a contact.</summary>
internal sealed record ContactLog(string Date, string? Note);

internal sealed record CreateContact(
    string FirstName,
    string? LastName,
    string? Email,
    string? Phone,
    string? Mobile,
    string? Company,
    string? JobTitle,
    string? Street,
    string? PostalCode,
    string? City,
    string? Country,
    string? Website,
    string? Birthday,
    string? Notes,
    IReadOnlyList<string> Tags);

internal sealed record ListContacts(string? Tag, bool FavoritesOnly, bool IncludeArchived, int Limit, string? Cursor);

internal sealed record SearchContacts(string Query, bool IncludeArchived, int Limit);

internal sealed record MarkFavorite(string Id, bool Favorite);

internal sealed record ArchiveContact(string Id, bool Archived);

internal sealed record LogContact(string Id, string? Date, string? Note);

internal sealed record UpcomingBirthdays(int Days, int Limit);

/// <summary>A birthday that comes; the age is null where the year of birth is not known.</summary>
internal sealed record Birthday(string Id, string Name, string Date, int InDays, int? Turns);

internal sealed record BirthdayList(IReadOnlyList<Birthday> Birthdays, bool HasMore);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Contact))]
[JsonSerializable(typeof(CreateContact))]
[JsonSerializable(typeof(ListContacts))]
[JsonSerializable(typeof(SearchContacts))]
[JsonSerializable(typeof(MarkFavorite))]
[JsonSerializable(typeof(ArchiveContact))]
[JsonSerializable(typeof(LogContact))]
[JsonSerializable(typeof(UpcomingBirthdays))]
[JsonSerializable(typeof(BirthdayList))]
internal sealed partial class ContactsJson : JsonSerializerContext;
