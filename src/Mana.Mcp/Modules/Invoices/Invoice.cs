using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Invoices;

/// <summary>An invoice, with the client as it was when it was written.</summary>
internal sealed record Invoice
{
    /// <summary>Null for a draft: a number that could be thrown away again would leave a gap.</summary>
    public required string? Number { get; init; }

    /// <summary>Stored as draft, sent, paid or void; a sent one past its due date is shown as overdue.</summary>
    public required string Status { get; init; }

    public required InvoiceClient ClientSnapshot { get; init; }

    public required string Currency { get; init; }

    public required string IssueDate { get; init; }

    public required string DueDate { get; init; }

    public required IReadOnlyList<InvoiceLine> Lines { get; init; }

    public required string? Subject { get; init; }

    public required string? Notes { get; init; }

    public required string? Terms { get; init; }

    public required InvoiceTotals Totals { get; init; }

    public required string? SentAt { get; init; }

    public required string? PaidOn { get; init; }

    public required string? VoidedAt { get; init; }
}

internal sealed record InvoiceClient
{
    public required string Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Address { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Email { get; init; }
}

internal sealed record InvoiceLine
{
    public string? Id { get; init; }

    public required string Title { get; init; }

    public required decimal Quantity { get; init; }

    public required decimal UnitPrice { get; init; }

    /// <summary>In percent.</summary>
    public required decimal VatRate { get; init; }

    /// <summary>In percent of the line.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Discount { get; init; }
}

internal sealed record InvoiceTotals(decimal Net, IReadOnlyList<VatTotal> Vat, decimal Gross);

/// <summary>The tax of one rate.</summary>
internal sealed record VatTotal(decimal Rate, decimal Net, decimal Vat);

internal sealed record CreateInvoice(
    InvoiceClient ClientSnapshot,
    IReadOnlyList<InvoiceLine> Lines,
    string Currency,
    string? IssueDate,
    string? DueDate,
    string? Subject,
    string? Notes,
    string? Terms);

internal sealed record ListInvoices(string? Status, string? Client, int Limit, string? Cursor);

internal sealed record MarkInvoicePaid(string Id, string? PaidOn);

internal sealed record InvoiceYear(int? Year);

/// <summary>How a year stands, one entry for each currency: amounts of different ones cannot be added.</summary>
internal sealed record InvoiceStats(int Year, IReadOnlyList<CurrencyStats> Currencies);

internal sealed record CurrencyStats(string Currency, AmountOf Draft, AmountOf Sent, AmountOf Overdue, AmountOf Paid, AmountOf Void);

/// <summary>So many invoices, and their amounts together: without VAT, the VAT, and with it.</summary>
internal sealed record AmountOf(int Count, decimal Net, decimal Vat, decimal Gross)
{
    public static readonly AmountOf Nothing = new(0, 0, 0, 0);

    public AmountOf With(InvoiceTotals totals) => new(Count + 1, Net + totals.Net, Vat + totals.Gross - totals.Net, Gross + totals.Gross);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Invoice))]
[JsonSerializable(typeof(CreateInvoice))]
[JsonSerializable(typeof(ListInvoices))]
[JsonSerializable(typeof(MarkInvoicePaid))]
[JsonSerializable(typeof(InvoiceYear))]
[JsonSerializable(typeof(InvoiceStats))]
internal sealed partial class InvoicesJson : JsonSerializerContext;
