using CsCheck;
using Mana.Ports.Model;

namespace Mana.Tests.Ports;

public sealed class SchemaWriterTests
{
    private static readonly Gen<string> Words = Gen.OneOf(
        Gen.String[Gen.Char["abzÄß 0-9:#{}[],'\"&*!|>%@`\\\t\n—?"], 1, 20].Where(text => text.Trim().Length > 0),
        Gen.OneOf("true", "null", "~", "3001", "- item", "a: b", " led by a space", "trails ", "multi\nline", "# no comment", "0x1f", "2026-01-01"));

    private static readonly Gen<PortService> Services =
        from name in Gen.String[Gen.Char.AlphaNumeric, 1, 8]
        from description in Words.Null()
        from note in Words.Null()
        from pair in Gen.OneOf<string?>(null, "shop")
        from planned in Gen.Int[1, 65535].List[0, 2]
        from real in Gen.Int[1, 65535].List[0, 2]
        from address in Words.Null()
        from isUdp in Gen.Bool
        select new PortService
        {
            Name = "x-" + name,
            Description = description,
            Note = note,
            Pair = pair,
            Managed = isUdp,
            Expects = isUdp ? ["health"] : [],
            Planned = [.. (planned.Count + real.Count == 0 ? [4000] : planned).Select((port, i) => new PlannedPort { Name = i == 0 ? null : "other", Port = port, Protocol = isUdp ? "udp" : "tcp" })],
            Real = [.. real.Select((port, i) => new RealPort { Name = i == 0 ? null : "other", Host = "two", Port = port, Public = address, Health = "/h", Since = new DateOnly(2026, 1, 2) })],
        };

    [Fact]
    public void What_is_added_is_read_again_and_everything_else_stays_as_it_was() =>
        Gen.Select(Services, Gen.OneOf("\n", "\r\n"), Gen.Bool).Sample((service, newLine, endsWithNewLine) =>
        {
            var text = (Schemas.Sound + (endsWithNewLine ? "\n" : "")).ReplaceLineEndings(newLine);

            var added = SchemaWriter.Add(text, service);

            Plain(Schemas.Read(added).Services.Single(one => one.Name == service.Name)).Should().BeEquivalentTo(Plain(service));
            SchemaWriter.Remove(added, service.Name).Should().Be(text);
        });

    [Fact]
    public void Reading_writing_and_reading_again_gives_the_same_services()
    {
        var seed = Schemas.Seed;
        var schema = Schemas.Read(seed);
        foreach (var service in schema.Services)
        {
            var again = Schemas.Read(SchemaWriter.Add(SchemaWriter.Remove(seed, service.Name), service));

            Plain(again.Services.Single(one => one.Name == service.Name)).Should().BeEquivalentTo(Plain(service));
            again.Services.Should().HaveCount(schema.Services.Count);
        }
    }

    [Fact]
    public void A_service_is_added_beside_the_next_lower_number_of_its_range()
    {
        var added = SchemaWriter.Add(Schemas.Sound, new PortService { Name = "mail", Planned = [new PlannedPort { Port = 3005 }], Real = [new RealPort { Host = "one", Port = 3005 }] });

        added.Should().Be(Schemas.Sound.Replace(
            "# the second\n",
            "# the second\n  mail:\n    planned: { port: 3005 }\n    real: { host: one, port: 3005, status: running }\n",
            StringComparison.Ordinal));
    }

    [Fact]
    public void Only_the_number_changes_when_a_service_moves()
    {
        SchemaWriter.Move(Schemas.Sound, "accounts", 3001, 13001).Should().Be(
            Schemas.Sound.Replace("3001", "13001", StringComparison.Ordinal));

        var apart = Schemas.Sound.Replace("host: one, port: 3001", "host: one, port: 3061", StringComparison.Ordinal);
        SchemaWriter.Move(apart, "accounts", 3061, 3001).Should().Be(Schemas.Sound);
    }

    [Fact]
    public void A_service_is_removed_without_the_comments_above_it()
    {
        SchemaWriter.Remove(Schemas.Sound, "shop").Should().Be(Schemas.Sound.Replace("  shop: { planned: { port: 3002 } } # the second\n", "", StringComparison.Ordinal));
        SchemaWriter.Remove(Schemas.Sound, "accounts").Should().Contain("# The first.\n  shop:");
    }

    [Fact]
    public void Whoever_removes_a_service_removes_the_exceptions_for_it()
    {
        var schema = Schemas.Read(Schemas.Seed);
        foreach (var service in schema.Services)
        {
            var left = Schemas.Read(SchemaWriter.Remove(Schemas.Seed, service.Name));

            left.Exceptions.Select(Without).Should().Equal(schema.Exceptions.Where(one => one.Subject != service.Name).Select(Without));
        }

        static AllowedFinding Without(AllowedFinding exception) => exception with { At = default };
    }

    [Theory]
    [InlineData("  - { rule: PS004, service: shop, reason: why, until: 2027-01-01 }", "")]
    [InlineData("  - rule: PS004\n    service: shop # theirs\n    reason: why\n\n    until: 2027-01-01", "")]
    [InlineData("  # Two.\n  - { rule: PS004, services: { shop: 3002, accounts: 3001 }, reason: why, until: 2027-01-01 } # more", "  # Two.\n  - { rule: PS004, services: { accounts: 3001 }, reason: why, until: 2027-01-01 } # more")]
    [InlineData("  - { rule: PS004, services: { accounts: 3001, shop: 3002 }, reason: why, until: 2027-01-01 }", "  - { rule: PS004, services: { accounts: 3001 }, reason: why, until: 2027-01-01 }")]
    [InlineData("  - { rule: PS004, services: { shop: 3002 }, reason: why, until: 2027-01-01 }", "")]
    [InlineData("  - rule: PS004\n    services:\n      shop: 3002 # here\n      accounts: 3001\n    reason: |\n      why\n    until: 2027-01-01", "  - rule: PS004\n    services:\n      accounts: 3001\n    reason: |\n      why\n    until: 2027-01-01")]
    [InlineData("  - rule: PS004\n    services: { accounts: 3001,\n      shop: 3002 }\n    reason: why\n    until: 2027-01-01", "  - rule: PS004\n    services: { accounts: 3001,\n      shop: 3002 }\n    reason: why\n    until: 2027-01-01")]
    public void An_exception_is_cut_out_and_everything_around_it_stays(string exceptions, string left)
    {
        const string Other = "  - { rule: PS011, service: accounts, reason: why, until: 2027-01-01 }\n";
        var text = $"{Schemas.Sound}\nexceptions:\n{exceptions}\n{Other}";

        var removed = SchemaWriter.Remove(text, "shop");

        removed[removed.IndexOf("exceptions:", StringComparison.Ordinal)..].Should().Be($"exceptions:\n{left}{(left.Length > 0 ? "\n" : "")}{Other}");
        Schemas.Read(removed).Services.Should().NotContain(service => service.Name == "shop");
    }

    [Fact]
    public void An_exception_for_a_range_of_the_same_name_stays()
    {
        var text = Schemas.Sound.Replace("shop: {", "back: {", StringComparison.Ordinal).Replace("pair: shop", "pair: back", StringComparison.Ordinal)
            + "\nexceptions:\n  - { rule: PS008, service: back, reason: why, until: 2027-01-01 }\n";

        Schemas.Read(SchemaWriter.Remove(text, "back")).Exceptions.Should().ContainSingle().Which.Subject.Should().Be("back");
    }

    [Fact]
    public void An_empty_schema_gets_its_first_service()
    {
        const string empty = "schema: 1\nhosts: { one: { note: x } }\n";
        var service = new PortService { Name = "a", Planned = [new PlannedPort { Port = 3000 }] };

        Schemas.Read(SchemaWriter.Add(empty, service)).Services.Single().Name.Should().Be("a");
        Schemas.Read(SchemaWriter.Add(empty + "services:\nreserved: []\n", service)).Services.Single().Name.Should().Be("a");
    }

    [Theory]
    [InlineData("shpo", "there is no service \"shpo\"; did you mean \"shop\"?")]
    [InlineData("quite-another", "there is no service \"quite-another\"; known are *")]
    public void A_service_that_is_not_there_is_said_so(string name, string message)
    {
        var remove = () => SchemaWriter.Remove(Schemas.Sound, name);
        var move = () => SchemaWriter.Move(Schemas.Sound, name, 1, 2);

        remove.Should().Throw<SchemaException>().WithMessage(message);
        move.Should().Throw<SchemaException>().WithMessage(message);
    }

    [Fact]
    public void What_cannot_be_written_is_refused()
    {
        var twice = () => SchemaWriter.Add(Schemas.Sound, Schemas.Read(Schemas.Sound).Services[0]);
        var braces = () => SchemaWriter.Add("schema: 1\nservices: { a: { planned: { port: 1 } } }\n", new PortService { Name = "b", Planned = [new PlannedPort { Port = 2 }] });
        var other = () => SchemaWriter.Move(Schemas.Sound, "accounts", 3002, 3003);

        twice.Should().Throw<SchemaException>().WithMessage("accounts is in the schema already*");
        braces.Should().Throw<SchemaException>().WithMessage("*written in braces*");
        other.Should().Throw<SchemaException>().WithMessage("accounts does not have port 3002; it has 3001");
    }

    /// <summary>A service without the places of the text it stands in.</summary>
    private static PortService Plain(PortService service) => service with
    {
        At = default,
        PairAt = default,
        Planned = [.. service.Planned.Select(port => port with { At = default, PortAt = default })],
        Real = [.. service.Real.Select(port => port with { At = default, PortAt = default })],
    };
}
