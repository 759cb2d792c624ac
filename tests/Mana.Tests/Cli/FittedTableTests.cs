using CsCheck;
using Mana.Cli;
using Mana.Cli.Output;

namespace Mana.Tests.Cli;

public sealed class FittedTableTests
{
    [Fact]
    public void With_room_everything_is_shown_whole()
    {
        var lines = Lines(80);

        lines.Should().Contain(line => line.Contains("name") && line.Contains("when") && line.Contains("host") && line.Contains("why"));
        lines.Should().Contain(line => line.Contains("2026-12-01 13:18:04Z") && line.Contains("mac-mini") && line.Contains("because of the long way round"));
        lines.Should().NotContain(line => line.Contains("Not shown"));
    }

    [Fact]
    public void With_less_room_times_are_shortened_then_columns_go_by_rank_and_are_named()
    {
        Lines(65).Should().Contain(line => line.Contains("12-01 13:18Z") && line.Contains("mac-mini")).And.NotContain(line => line.Contains("Not shown"));

        var narrow = Lines(50);
        narrow.Should().NotContain(line => line.Contains("mac-mini")).And.Contain(line => line.Contains("12-01 13:18Z"));
        narrow.Should().Contain(line => line.StartsWith("Not shown here: host; a wider terminal or"));
        narrow.Should().Contain(line => line.Contains("because of the long way")).And.Contain(line => line.Trim() == "round", "a text may go over several lines");
    }

    [Fact]
    public void What_is_empty_goes_first_and_is_not_missed()
    {
        var table = new FittedTable(new("name"), new("error", 1), new("host", 2));
        table.AddRow("shop", "", "a-very-long-name-of-a-host");

        var lines = Lines(table, 40);

        lines.Should().Contain(line => line.Contains("a-very-long-name-of-a-host")).And.NotContain(line => line.Contains("error") || line.Contains("Not shown"));
    }

    [Fact]
    public void No_line_is_wider_than_the_terminal_and_no_first_column_is_broken() =>
        Gen.Select(Gen.Int[45, 140], Gen.String[Gen.Char["abc-."], 1, 12].Array[1, 5], Gen.String[Gen.Char["abc de"], 0, 60], Gen.Int[0, 6]).Sample((width, names, why, more) =>
        {
            var table = new FittedTable([new("name"), new("why", 9, Wraps: true), .. Enumerable.Range(1, more).Select(i => new FittedColumn($"column {i}", i))]);
            foreach (var name in names)
            {
                table.AddRow([name, why, .. Enumerable.Range(0, more).Select(i => (FittedCell)new string('x', 3 * i))]);
            }

            var lines = Lines(table, width);

            lines.Should().OnlyContain(line => line.TrimEnd().Length <= width);
            names.Should().OnlyContain(name => lines.Any(line => line.TrimStart().StartsWith(name, StringComparison.Ordinal)));
        });

    private static string[] Lines(int width)
    {
        var table = new FittedTable(new("name"), new("when"), new("host", 1), new("why", Wraps: true));
        table.AddRow("shop", Texts.TimeCell(new DateTimeOffset(2026, 12, 1, 13, 18, 4, TimeSpan.Zero)), "mac-mini", "because of the long way round");
        return Lines(table, width);
    }

    private static string[] Lines(FittedTable table, int width)
    {
        using var output = new StringWriter();
        var console = CliEnvironment.ConsoleOn(output, isTerminal: false);
        console.Profile.Width = width;
        table.Write(console);
        return output.ToString().Split('\n');
    }
}
