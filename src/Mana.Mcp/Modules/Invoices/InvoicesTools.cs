using System.Globalization;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Invoices;

/// <summary>Invoices from draft to payment.</summary>
internal sealed class InvoicesTools() : ToolModule("invoices")
{
    private const string Draft = "draft";
    private const string Sent = "sent";
    private const string Overdue = "overdue";
    private const string Paid = "paid";
    private const string Void = "void";

    private const int DaysToPay = 30;
    private const int ReadAtOnce = 500;

    private static readonly RecordShapes<Invoice> Invoices = new(
        new RecordSet<Invoice>("invoices.invoices", "invoice", InvoicesJson.Default.Invoice)
        {
            FoundBy = "invoices.list",
            State = invoice => invoice.Status,
            Seen = SeenOn,
            OrderKey = (invoice, _) => invoice.IssueDate,
            Title = invoice => $"{invoice.Number ?? "Draft"} {invoice.ClientSnapshot.Name}{(invoice.Subject is null ? "" : ": " + invoice.Subject)}",
            Searched = invoice => string.Join(
                '\n',
                [
                    invoice.Number, invoice.ClientSnapshot.Name, invoice.ClientSnapshot.Address, invoice.ClientSnapshot.Email,
                    invoice.Subject, invoice.Notes, .. invoice.Lines.Select(line => line.Title),
                ]),
        },
        "invoice",
        "invoices");

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "create", "Draft an invoice", ToolEffect.Adds,
            "Drafts an invoice and returns it with its totals (net, VAT per rate, gross). Use it when work or goods are to be charged. "
            + "The draft can still be changed and has no number; invoices.send gives it one. Each line is rounded to cents, VAT once per rate, half away from zero.",
            InputSchema.Of(
                Client().Required(), Lines().Required(), Currency().Default("CHF"), IssueDate(),
                Field.Day("dueDate").About("When it has to be paid; 30 days after the issue date by default."),
                Subject().Default(null), Notes().Default(null), Terms().Default(null)),
            InvoicesJson.Default.CreateInvoice, Invoices.One, CreateAsync),
        Tool(
            "list", "List invoices", ToolEffect.Reads,
            "Lists invoices, latest issue date first, page by page. Use it to see what is open or overdue, or to find the id of an invoice.",
            InputSchema.Of(
                Field.OneOf("status", [Draft, Sent, Overdue, Paid, Void]).OrNull().Default(null)
                    .About("Only invoices of this status: sent is open and not yet due, overdue is open and past its due date. Null for all."),
                Field.Text("client", max: 200).OrNull().Default(null).About("Only invoices whose client's name contains this, whatever the case."),
                Field.Limit(max: 200, fallback: 50),
                Field.Cursor()),
            InvoicesJson.Default.ListInvoices, Invoices.ListPage, ListAsync),
        ById(
            "get", "Show an invoice", ToolEffect.Reads,
            "Reads one invoice with its lines and totals. Use it when the id is known.",
            "invoice", Invoices.One,
            async (id, call, cancellationToken) => Seen(await call.Records.GetAsync(Invoices.Set, id, cancellationToken), call)),
        Update(
            Invoices,
            "Changes fields of a draft: clientSnapshot, lines, currency, issueDate, dueDate, subject, notes, terms. Only the given fields change; lines and client are replaced "
            + "as a whole, and the totals follow. A sent invoice cannot be changed: void it and write a new one.",
            [Client(), Lines(), Currency(), IssueDate(), Field.Day("dueDate").About("When it has to be paid."), Subject(), Notes(), Terms()],
            invoice => Tidy(Only(invoice, [Draft], "be changed; void it with invoices.void and create a new one"))),
        ById(
            "delete", "Delete a draft", ToolEffect.Deletes,
            "Removes a draft. Use it only for one that is not wanted; an invoice that was sent keeps its number and can only be voided.",
            "invoice", Invoices.Deleted, DeleteAsync) with
        {
            InsteadOfDeleting = "change the draft with invoices.update, or void a sent invoice with invoices.void.",
        },
        ById(
            "send", "Send an invoice", ToolEffect.Changes,
            "Marks a draft as sent and gives it the next number of its year (2026-0001), for good. Use it when the invoice goes out to the client; it does not send an e-mail.",
            "invoice", Invoices.Changed, SendAsync),
        Tool(
            "markPaid", "Mark an invoice as paid", ToolEffect.Changes,
            "Notes that a sent or overdue invoice was paid, today unless a day is given. Use it when the payment has arrived, and with paidOn to correct the day of a payment.",
            InputSchema.Of(Id(), Field.Day("paidOn").About("The day of the payment, if it was not today.")),
            InvoicesJson.Default.MarkInvoicePaid, Invoices.Changed,
            async (arguments, call, cancellationToken) => Seen(
                await call.Records.UpdateAsync(Invoices.Set, arguments.Id, invoice => Settled(invoice, arguments.PaidOn, call), cancellationToken), call)),
        ById(
            "void", "Void an invoice", ToolEffect.Changes,
            "Cancels an invoice that was sent, also a paid one, and keeps it with its number. Use it for an invoice that was wrong or is not owed any more; a draft is deleted or changed instead.",
            "invoice", Invoices.Changed,
            async (id, call, cancellationToken) => Seen(
                await call.Records.UpdateAsync(
                    Invoices.Set,
                    id,
                    invoice => invoice.Status == Void
                        ? invoice
                        : Only(invoice, [Sent, Paid], "be voided; change it with invoices.update") with { Status = Void, VoidedAt = Iso.Time(call.Now) },
                    cancellationToken),
                call)),
        Tool(
            "stats", "Sums of a year", ToolEffect.Reads,
            "Counts and sums the invoices issued in a year by status (net, VAT and gross), for each currency by itself. Use it to say what was earned, what is open and what is overdue.",
            InputSchema.Of(Field.Whole("year", 2000, 2100).About("The year of the issue date; this year by default.")),
            InvoicesJson.Default.InvoiceYear, OutputShape.Of(InvoicesJson.Default.InvoiceStats), StatsAsync),
    ];

    private static Field Id() => Field.Id().Required().About("The id of the invoice, as another tool returned it.");

    private static Field Client() => Field.Object(
        "clientSnapshot",
        Field.Text("name", 1, 200).Required().About("The person or company."),
        Field.Text("address", max: 500).About("The postal address, line by line."),
        Field.Text("email", max: 320).About("The e-mail address."))
        .About("Who has to pay, as it stands on the invoice.");

    private static Field Lines() => Field.List(
        "lines",
        Field.Object(
            "line",
            Field.Text("id", 1, 40).About("The id of the line as it was returned; leave it out for a new line."),
            Field.Text("title", 1, 500).Required().About("What is charged."),
            Field.Number("quantity", above: 0, max: 100_000).Required().About("How many: hours, pieces."),
            Field.Number("unitPrice", min: 0, max: 1_000_000).Required().About("The price of one, without VAT."),
            Field.Number("vatRate", min: 0, max: 100).Required().About("VAT in percent, such as 8.1; 0 for none."),
            Field.Number("discount", min: 0, max: 100).About("Discount on this line in percent.")),
        max: 100,
        min: 1)
        .About("What is charged.");

    private static Field Currency() => Field.OneOf("currency", InvoiceMath.Currencies).About("The currency of all prices.");

    private static Field IssueDate() => Field.Day("issueDate").About("The date of the invoice; today by default.");

    private static Field Subject() => Field.Text("subject", max: 500).OrNull().About("What it is about, in a few words.");

    private static Field Notes() => Field.Text("notes", max: 5000).OrNull().About("A text for the client.");

    private static Field Terms() => Field.Text("terms", max: 2000).OrNull().About("The terms of payment.");

    private static Task<Stored<Invoice>> CreateAsync(CreateInvoice arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var issued = arguments.IssueDate is null ? Iso.Date(call.Today) : Iso.DateOf(arguments.IssueDate);
        return call.Records.CreateAsync(
            Invoices.Set,
            _ => Tidy(new Invoice
            {
                Number = null,
                Status = Draft,
                ClientSnapshot = arguments.ClientSnapshot,
                Currency = arguments.Currency,
                IssueDate = issued,
                DueDate = arguments.DueDate ?? Iso.Date(DateOnly.ParseExact(issued, "yyyy-MM-dd", CultureInfo.InvariantCulture).AddDays(DaysToPay)),
                Lines = arguments.Lines,
                Subject = arguments.Subject,
                Notes = arguments.Notes,
                Terms = arguments.Terms,
                Totals = new InvoiceTotals(0, [], 0),
                SentAt = null,
                PaidOn = null,
                VoidedAt = null,
            }),
            cancellationToken);
    }

    private static async Task<RecordPage<Invoice>> ListAsync(ListInvoices arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var state = arguments.Status == Overdue ? Sent : arguments.Status;
        var client = SearchText.Fold(arguments.Client ?? "");
        var page = await call.Records.ListAsync(
            Invoices.Set,
            new RecordQuery(arguments.Limit, State: state, Cursor: arguments.Cursor),
            invoice => (arguments.Status is null || arguments.Status == SeenOn(invoice, call.Today).Status)
                && SearchText.Fold(invoice.ClientSnapshot.Name).Contains(client, StringComparison.Ordinal),
            cancellationToken);
        return page with { Items = [.. page.Items.Select(invoice => Seen(invoice, call))] };
    }

    private static async Task<Stored<Invoice>> SendAsync(string id, ToolCall call, CancellationToken cancellationToken)
    {
        var draft = await call.Records.GetAsync(Invoices.Set, id, cancellationToken);
        if (draft.Data.Status == Sent)
        {
            return Seen(draft, call);
        }

        Only(draft.Data, [Draft], "be sent");

        // In the transaction: whoever fails afterwards gives the number back, and nobody else has it meanwhile.
        var year = draft.Data.IssueDate[..4];
        var number = await call.Records.NextNumberAsync($"invoices.numbers.{year}", cancellationToken);
        var sent = await call.Records.UpdateAsync(
            Invoices.Set,
            id,
            invoice => Only(invoice, [Draft], "be sent") with
            {
                Status = Sent,
                Number = string.Create(CultureInfo.InvariantCulture, $"{year}-{number:0000}"),
                SentAt = Iso.Time(call.Now),
            },
            cancellationToken);
        return Seen(sent, call);
    }

    private static Invoice Settled(Invoice invoice, string? paidOn, ToolCall call)
    {
        if (invoice.Status == Paid && paidOn is null)
        {
            return invoice;
        }

        // Somewhere it is tomorrow already.
        var day = paidOn is null ? Iso.Date(call.Today) : Iso.DateOf(paidOn);
        return string.CompareOrdinal(day, Iso.Date(call.Today.AddDays(1))) <= 0
            ? Only(invoice, [Sent, Paid], "be paid; a draft is sent first, with invoices.send") with { Status = Paid, PaidOn = day }
            : throw new ToolInputException($"\"paidOn\" must be the day on which the payment arrived, today at the latest; you sent \"{paidOn}\".");
    }

    private static async Task<string> DeleteAsync(string id, ToolCall call, CancellationToken cancellationToken)
    {
        var invoice = await call.Records.GetAsync(Invoices.Set, id, cancellationToken);
        Only(invoice.Data, [Draft], "be deleted; void it with invoices.void");
        await call.Records.DeleteAsync(Invoices.Set, id, cancellationToken);
        return invoice.Id;
    }

    private static async Task<InvoiceStats> StatsAsync(InvoiceYear arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var year = arguments.Year ?? call.Today.Year;
        var currencies = new SortedDictionary<string, Dictionary<string, AmountOf>>(StringComparer.Ordinal);
        var query = new RecordQuery(
            ReadAtOnce, From: string.Create(CultureInfo.InvariantCulture, $"{year}-01-01"), Before: string.Create(CultureInfo.InvariantCulture, $"{year + 1}-01-01"));
        await foreach (var invoice in call.Records.ReadAllAsync(Invoices.Set, query, cancellationToken))
        {
            var data = Seen(invoice, call).Data;
            if (!currencies.TryGetValue(data.Currency, out var sums))
            {
                currencies.Add(data.Currency, sums = []);
            }

            sums[data.Status] = Sum(sums, data.Status).With(data.Totals);
        }

        return new InvoiceStats(year, [.. currencies.Select(currency => new CurrencyStats(
            currency.Key, Sum(currency.Value, Draft), Sum(currency.Value, Sent), Sum(currency.Value, Overdue), Sum(currency.Value, Paid), Sum(currency.Value, Void)))]);

        static AmountOf Sum(Dictionary<string, AmountOf> sums, string status) => sums.GetValueOrDefault(status, AmountOf.Nothing);
    }

    private static Stored<Invoice> Seen(Stored<Invoice> invoice, ToolCall call) => invoice with { Data = SeenOn(invoice.Data, call.Today) };

    // Nobody writes to an invoice when its day passes; it is overdue in the eye of the reader.
    private static Invoice SeenOn(Invoice invoice, DateOnly today) =>
        invoice.Status == Sent && string.CompareOrdinal(invoice.DueDate, Iso.Date(today)) < 0 ? invoice with { Status = Overdue } : invoice;

    private static Invoice Only(Invoice invoice, string[] statuses, string whatElse) =>
        statuses.Contains(invoice.Status) ? invoice
            : invoice.Status == Void ? throw new ToolInputException($"The invoice {invoice.Number} is void and stays as it is; what is still owed goes on a new one, with invoices.create.")
            : throw new ToolInputException($"The invoice {invoice.Number ?? "without number"} is {invoice.Status} and cannot {whatElse}.");

    private static Invoice Tidy(Invoice invoice)
    {
        var issued = Iso.DateOf(invoice.IssueDate);
        var due = Iso.DateOf(invoice.DueDate);
        return string.CompareOrdinal(due, issued) < 0
            ? throw new ToolInputException($"\"dueDate\" must not be before the issue date {issued}; it is {due}.")
            : invoice with
            {
                IssueDate = issued,
                DueDate = due,
                Lines = [.. invoice.Lines.Select(line => line with { Id = line.Id ?? Guid.NewGuid().ToString() })],
                Totals = InvoiceMath.Totals(invoice.Lines, invoice.Currency),
            };
    }
}
