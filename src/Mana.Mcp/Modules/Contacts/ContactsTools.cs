using System.Globalization;
using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Contacts;

/// <summary>The address book, with who was spoken to when.</summary>
internal sealed class ContactsTools() : ToolModule("contacts")
{
    private const string Active = "active";
    private const string Archived = "archived";
    private const int KeptLogs = 50;
    private const int FirstYear = 1900;

    // One that has a 29th of February.
    private const string AnyYear = "2000";

    private const int Batch = 500;

    private static readonly RecordShapes<Contact> Contacts = new(
        new RecordSet<Contact>("contacts.contacts", "contact", ContactsJson.Default.Contact)
        {
            FoundBy = "contacts.list with includeArchived true, or contacts.search",
            OrderKey = (contact, _) => SortKey($"{contact.LastName ?? contact.FirstName} {contact.FirstName}"),
            State = contact => contact.IsArchived ? Archived : Active,
            Searched = contact => string.Join('\n', NameOf(contact), contact.Company, contact.JobTitle, contact.Email, contact.Phone, contact.Mobile,
                contact.City, contact.Notes, string.Join(' ', contact.Tags)),
        },
        "contact",
        "contacts");

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "create", "Add a contact", ToolEffect.Adds,
            "Adds a person, or a company, to the address book. Use it when the user meets somebody or gets their details. Look with contacts.search first: the contact may exist. "
            + "Only the first name is needed; give what is known and leave out the rest. Returns the contact with its id.",
            InputSchema.Of(
                FirstName().Required(), LastName().Default(null), Email().Default(null), Phone().Default(null), Mobile().Default(null),
                Company().Default(null), JobTitle().Default(null), Street().Default(null), PostalCode().Default(null), City().Default(null),
                Country().Default(null), Website().Default(null), Birthday().Default(null), Notes().Default(null), Tags().Default(new JsonArray())),
            ContactsJson.Default.CreateContact, Contacts.One, CreateAsync),
        Tool(
            "list", "List contacts", ToolEffect.Reads,
            "Lists the contacts by last name, page by page. Use it to look around, or to see all contacts with a tag; to find one by name use contacts.search.",
            InputSchema.Of(
                Field.Text("tag", 1, 60).About("Only contacts with this tag."),
                Field.Flag("favoritesOnly").Default(false).About("True to see favorites only."),
                IncludeArchived(),
                Field.Limit(max: 200, fallback: 50),
                Field.Cursor()),
            ContactsJson.Default.ListContacts, Contacts.Page,
            (arguments, call, cancellationToken) => call.Records.ListAsync(
                Contacts.Set,
                new RecordQuery(arguments.Limit, State: arguments.IncludeArchived ? null : Active, Cursor: arguments.Cursor, IsAscending: true),
                contact => (contact.IsFavorite || !arguments.FavoritesOnly) && Words.Has(contact.Tags, arguments.Tag),
                cancellationToken)),
        Tool(
            "search", "Search contacts", ToolEffect.Reads,
            "Finds contacts by a part of their name, company, job, e-mail, phone, city, tags or notes, whatever its case. Use it to get the id or the details of somebody, and before adding a contact.",
            InputSchema.Of(
                Field.Text("query", 1, 200).Required().About("A part of what is looked for, such as a last name."),
                IncludeArchived(),
                Field.Limit(max: 100, fallback: 20)),
            ContactsJson.Default.SearchContacts, Contacts.List,
            (arguments, call, cancellationToken) => call.Records.ListAsync(
                Contacts.Set,
                new RecordQuery(arguments.Limit, State: arguments.IncludeArchived ? null : Active, Search: arguments.Query, IsAscending: true),
                cancellationToken)),
        Get(Contacts, "Reads one contact with all details and the latest talks. Use it when the id is known."),
        Update(
            Contacts,
            "Changes the details of a contact. Only the given fields change; null removes one, and tags are replaced as a whole. "
            + "That the user spoke to somebody is not a change of details: use contacts.logContact.",
            [
                FirstName(), LastName(), Email(), Phone(), Mobile(), Company(), JobTitle(), Street(), PostalCode(), City(), Country(), Website(),
                Birthday(), Notes(), Tags(),
            ],
            (_, merged, given, call) => merged with
            {
                Birthday = given.ContainsKey("birthday") ? CheckedBirthday(merged.Birthday, call) : merged.Birthday,
                Tags = Words.Distinct(merged.Tags),
            }),
        Tool(
            "favorite", "Mark a contact as favorite", ToolEffect.Changes,
            "Marks a contact as a favorite, or as none with favorite false. Use it for the people that matter most to the user.",
            InputSchema.Of(ContactId(), Field.Flag("favorite").Default(true).About("False takes the mark off.")),
            ContactsJson.Default.MarkFavorite, Contacts.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Contacts.Set, arguments.Id, contact => contact with { IsFavorite = arguments.Favorite }, cancellationToken)),
        Tool(
            "archive", "Archive a contact", ToolEffect.Changes,
            "Puts a contact away without losing anything, or brings it back with archived false. Use it for people that the user has nothing to do with any more.",
            InputSchema.Of(ContactId(), Field.Flag("archived").Default(true).About("False brings the contact back.")),
            ContactsJson.Default.ArchiveContact, Contacts.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Contacts.Set, arguments.Id, contact => contact with { IsArchived = arguments.Archived }, cancellationToken)),
        Tool(
            "logContact", "Note that the user was in touch", ToolEffect.Adds,
            "Notes that the user spoke to a contact, wrote or met; today unless a date is given. Use it each time the user reports it: the contact's lastContactedAt moves, and the note is kept.",
            InputSchema.Of(
                ContactId(),
                Field.Day("date").About("Another day than today."),
                Field.Text("note", 1, 1000).About("What it was about, if there is something to say.")),
            ContactsJson.Default.LogContact, Contacts.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Contacts.Set, arguments.Id, contact => Logged(contact, arguments, call), cancellationToken)),
        Tool(
            "upcomingBirthdays", "Birthdays that come", ToolEffect.Reads,
            "Lists the birthdays of the next days, today's first, with the age that each contact reaches where the year of birth is known. Use it to remind the user in time.",
            InputSchema.Of(Field.Whole("days", 1, 366).Default(30).About("How many days to look ahead."), Field.Limit(max: 200, fallback: 50)),
            ContactsJson.Default.UpcomingBirthdays, OutputShape.Of(ContactsJson.Default.BirthdayList), BirthdaysAsync),
        Delete(
            Contacts,
            "Removes a contact from the address book with all its details. Use it only for one that was a mistake or that the user asks to forget; else use contacts.archive.",
            "put the contact away with contacts.archive."),
    ];

    private static Field ContactId() => Field.Id().Required().About("The id of the contact, as contacts.search or contacts.list returns it.");

    private static Field FirstName() => Field.Text("firstName", 1, 120).About("The first name; for a company its name.");

    private static Field LastName() => Field.Text("lastName", max: 120).OrNull().About("The last name.");

    private static Field Email() => Field.Email("email").OrNull().About("An e-mail address.");

    private static Field Phone() => Field.Text("phone", max: 60).OrNull().About("A phone number.");

    private static Field Mobile() => Field.Text("mobile", max: 60).OrNull().About("A mobile phone number.");

    private static Field Company() => Field.Text("company", max: 200).OrNull().About("Where the person works.");

    private static Field JobTitle() => Field.Text("jobTitle", max: 200).OrNull().About("What the person does there.");

    private static Field Street() => Field.Text("street", max: 200).OrNull().About("Street and number.");

    private static Field PostalCode() => Field.Text("postalCode", max: 20).OrNull().About("The postal code.");

    private static Field City() => Field.Text("city", max: 120).OrNull().About("The city.");

    private static Field Country() => Field.Text("country", max: 120).OrNull().About("The country.");

    private static Field Website() => Field.Url("website").OrNull().About("The address of a web page.");

    private static Field Birthday() => Field.DayOfYear("birthday").OrNull().About("The day of birth; --05-03 for the 3rd of May where the year is not known, and never a year that was made up.");

    private static Field Notes() => Field.Text("notes", max: 10_000).OrNull().About("Whatever is worth remembering about the contact.");

    private static Field Tags() => Field.List("tags", Field.Text("tag", 1, 60), max: 20).About("Groups that the contact belongs to, such as client or family.");

    private static Field IncludeArchived() => Field.Flag("includeArchived").Default(false).About("True to see archived contacts as well.");

    // As in a telephone book, where Özil stands among those with oe; what has no letters comes as it is written.
    private static string SortKey(string name) =>
        string.Join(' ', SearchText.Words(name).Select(word => word.Folded)) is { Length: > 0 } key ? key : SearchText.Fold(name);

    private static string NameOf(Contact contact) => contact.LastName is null ? contact.FirstName : $"{contact.FirstName} {contact.LastName}";

    private static Task<Stored<Contact>> CreateAsync(CreateContact arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var birthday = CheckedBirthday(arguments.Birthday, call);
        return call.Records.CreateAsync(
            Contacts.Set,
            _ => new Contact
            {
                FirstName = arguments.FirstName,
                LastName = arguments.LastName,
                Email = arguments.Email,
                Phone = arguments.Phone,
                Mobile = arguments.Mobile,
                Company = arguments.Company,
                JobTitle = arguments.JobTitle,
                Street = arguments.Street,
                PostalCode = arguments.PostalCode,
                City = arguments.City,
                Country = arguments.Country,
                Website = arguments.Website,
                Birthday = birthday,
                Notes = arguments.Notes,
                Tags = Words.Distinct(arguments.Tags),
                IsFavorite = false,
                IsArchived = false,
                LastContactedAt = null,
                ContactLog = [],
            },
            cancellationToken);
    }

    private static string? CheckedBirthday(string? birthday, ToolCall call)
    {
        if (birthday is null)
        {
            return null;
        }

        if (IsYearless(birthday))
        {
            return DateOnly.TryParseExact(AnyYear + birthday[1..], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
                ? birthday
                : throw new ToolInputException($"\"birthday\" must be a day of the calendar, such as --05-03; you sent \"{birthday}\".");
        }

        // Somewhere it is tomorrow already.
        var day = DayOf(Iso.DateOf(birthday));
        return day.Year >= FirstYear && day <= call.Today.AddDays(1)
            ? Iso.Date(day)
            : throw new ToolInputException($"\"birthday\" must be a day from {FirstYear} to today; you sent \"{birthday}\".");
    }

    private static Contact Logged(Contact contact, LogContact arguments, ToolCall call)
    {
        var date = arguments.Date is null ? Iso.Date(call.Today) : Iso.DateOf(arguments.Date);
        if (string.CompareOrdinal(date, Iso.Date(call.Today.AddDays(1))) > 0)
        {
            throw new ToolInputException($"\"date\" must be the day on which the user was in touch, today at the latest; you sent \"{arguments.Date}\".");
        }

        var log = contact.ContactLog.Prepend(new ContactLog(date, arguments.Note)).OrderByDescending(entry => entry.Date, StringComparer.Ordinal).Take(KeptLogs).ToList();
        return contact with { ContactLog = log, LastContactedAt = log[0].Date };
    }

    private static async Task<BirthdayList> BirthdaysAsync(UpcomingBirthdays arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var birthdays = new List<Birthday>();
        await foreach (var contact in call.Records.ReadAllAsync(Contacts.Set, new RecordQuery(Batch, State: Active, IsAscending: true), cancellationToken))
        {
            if (contact.Data.Birthday is { } text && Next(DayOf(text), call.Today) is var next && next.DayNumber - call.Today.DayNumber is var inDays && inDays <= arguments.Days)
            {
                birthdays.Add(new Birthday(contact.Id, NameOf(contact.Data), Iso.Date(next), inDays, IsYearless(text) ? null : next.Year - DayOf(text).Year));
            }
        }

        return new BirthdayList([.. birthdays.OrderBy(birthday => birthday.InDays).Take(arguments.Limit)], birthdays.Count > arguments.Limit);
    }

    // Who was born on the 29th of February celebrates on the 28th of other years.
    private static DateOnly Next(DateOnly birthday, DateOnly today)
    {
        var thisYear = birthday.AddYears(today.Year - birthday.Year);
        return thisYear >= today ? thisYear : birthday.AddYears(today.Year + 1 - birthday.Year);
    }

    private static bool IsYearless(string birthday) => birthday.StartsWith("--", StringComparison.Ordinal);

    private static DateOnly DayOf(string birthday) =>
        DateOnly.ParseExact(IsYearless(birthday) ? AnyYear + birthday[1..] : birthday, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
