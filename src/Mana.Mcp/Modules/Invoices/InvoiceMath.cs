namespace Mana.Mcp.Modules.Invoices;

/// <summary>
/// The amounts of an invoice. Each line is rounded to the smallest unit of its currency, the tax once per rate over the
/// rounded lines, both half away from zero; net and gross are sums of rounded amounts, so what is printed adds up.
/// </summary>
internal static class InvoiceMath
{
    /// <summary>The currencies that an invoice may be in.</summary>
    public static readonly string[] Currencies = ["CHF", "EUR", "USD", "GBP", "SEK", "NOK", "DKK", "PLN", "CZK", "CAD", "AUD", "JPY"];

    public static InvoiceTotals Totals(IEnumerable<InvoiceLine> lines, string currency)
    {
        var decimals = Decimals(currency);
        var rates = lines
            .GroupBy(line => line.VatRate, line => Net(line, decimals))
            .OrderBy(rate => rate.Key)
            .Select(rate => (Rate: rate.Key, Net: rate.Sum()))
            .Select(rate => new VatTotal(rate.Rate, rate.Net, Round(rate.Net * rate.Rate / 100, decimals)))
            .ToList();
        var net = rates.Sum(rate => rate.Net);
        return new InvoiceTotals(net, rates, net + rates.Sum(rate => rate.Vat));
    }

    private static decimal Net(InvoiceLine line, int decimals) =>
        Round(line.Quantity * line.UnitPrice * (100 - (line.Discount ?? 0)) / 100, decimals);

    // With all its digits: 0.10, as it is printed.
    private static decimal Round(decimal amount, int decimals) =>
        decimal.Round(amount, decimals, MidpointRounding.AwayFromZero) + new decimal(0, 0, 0, false, (byte)decimals);

    private static int Decimals(string currency) => currency == "JPY" ? 0 : 2;
}
