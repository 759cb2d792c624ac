using System.Numerics;
using CsCheck;
using Mana.Mcp.Modules.Invoices;

namespace Mana.Tests.Mcp.Modules;

public sealed class InvoiceMathTests
{
    private static readonly Gen<InvoiceLine> Lines = Gen.Select(
        Gen.Int[1, 1_000_000], Gen.Int[0, 100_000_000], Gen.OneOf(0m, 2.6m, 3.8m, 7m, 8.1m, 19m, 20m, 25.5m), Gen.Int[-5, 100])
        .Select((quantity, price, rate, discount) => new InvoiceLine
        {
            Title = "x",
            Quantity = quantity / 1000m,
            UnitPrice = price / 10_000m,
            VatRate = rate,
            Discount = discount < 0 ? null : discount,
        });

    [Theory]
    [InlineData("1", "0.005", "8.1", "0.01", "0")]
    [InlineData("3", "33.335", "8.1", "100.01", "8.10")]
    [InlineData("0.5", "0.01", "20", "0.01", "0.00")]
    [InlineData("12.25", "150", "8.1", "1837.50", "148.84")]
    public void Half_a_cent_goes_away_from_zero(string quantity, string price, string rate, string net, string vat)
    {
        var totals = InvoiceMath.Totals([Line(quantity, price, rate)], "CHF");

        totals.Net.Should().Be(decimal.Parse(net, System.Globalization.CultureInfo.InvariantCulture));
        totals.Vat.Single().Vat.Should().Be(decimal.Parse(vat, System.Globalization.CultureInfo.InvariantCulture));
        totals.Gross.Should().Be(totals.Net + totals.Vat.Single().Vat);
    }

    [Fact]
    public void Tax_is_rounded_once_per_rate_and_a_currency_without_cents_has_none()
    {
        var lines = Enumerable.Repeat(Line("1", "0.06", "8.1"), 10).ToList();

        InvoiceMath.Totals(lines, "CHF").Vat.Single().Vat.Should().Be(0.05m, "0.60 at 8.1 % is 0.0486; each line by itself would be 0");
        InvoiceMath.Totals([Line("3", "33.5", "10")], "JPY").Should().BeEquivalentTo(new { Net = 101m, Gross = 111m });
    }

    [Fact]
    public void What_is_printed_adds_up_whatever_the_order_of_the_lines()
    {
        Lines.List[1, 30].Sample(lines =>
        {
            var totals = InvoiceMath.Totals(lines, "EUR");

            totals.Gross.Should().Be(totals.Net + totals.Vat.Sum(vat => vat.Vat));
            totals.Net.Should().Be(totals.Vat.Sum(vat => vat.Net));
            totals.Vat.Select(vat => vat.Rate).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
            foreach (var amount in totals.Vat.SelectMany(vat => new[] { vat.Net, vat.Vat }).Append(totals.Gross))
            {
                (amount * 100).Should().Be(decimal.Truncate(amount * 100), "there are no parts of a cent");
            }

            InvoiceMath.Totals(Enumerable.Reverse(lines), "EUR").Should().BeEquivalentTo(totals);
        });
    }

    [Fact]
    public void The_amounts_are_those_of_exact_arithmetic()
    {
        Lines.List[1, 20].Sample(lines =>
        {
            var totals = InvoiceMath.Totals(lines, "CHF");

            // In whole numbers: quantity in thousandths, price in ten-thousandths, rate in tenths of a percent.
            BigInteger Cents(InvoiceLine line) => Round(
                new BigInteger(line.Quantity * 1000) * new BigInteger(line.UnitPrice * 10_000) * new BigInteger(100 - (line.Discount ?? 0)),
                new BigInteger(1000) * 10_000 * 100 / 100);
            var net = lines.GroupBy(line => line.VatRate).ToDictionary(rate => rate.Key, rate => rate.Select(Cents).Aggregate(BigInteger.Add));
            var vat = net.Select(rate => Round(rate.Value * new BigInteger(rate.Key * 10), 1000)).Aggregate(BigInteger.Add);

            ((BigInteger)(totals.Net * 100)).Should().Be(net.Values.Aggregate(BigInteger.Add));
            ((BigInteger)(totals.Gross * 100)).Should().Be(net.Values.Aggregate(BigInteger.Add) + vat);
        });

        static BigInteger Round(BigInteger numerator, BigInteger denominator) => ((2 * numerator) + denominator) / (2 * denominator);
    }

    private static InvoiceLine Line(string quantity, string price, string rate) => new()
    {
        Title = "x",
        Quantity = Parse(quantity),
        UnitPrice = Parse(price),
        VatRate = Parse(rate),
    };

    private static decimal Parse(string number) => decimal.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
}
