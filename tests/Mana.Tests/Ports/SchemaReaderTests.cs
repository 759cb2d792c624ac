using CsCheck;
using Mana.Ports.Model;

namespace Mana.Tests.Ports;

public sealed class SchemaReaderTests
{
    [Fact]
    public void A_sound_schema_is_read_with_the_places_of_its_entries()
    {
        var schema = Schemas.Read(Schemas.Sound);

        schema.Services.Select(service => service.Name).Should().Equal("accounts", "shop", "shop-web");
        var accounts = schema.Services[0];
        accounts.At.Should().Be(new SourcePlace(10, 3));
        accounts.Planned.Single().PortAt.Should().Be(new SourcePlace(12, 22));
        accounts.Real.Single().Should().BeEquivalentTo(new { Host = "one", Port = 3001, Status = ServiceStatus.Running, Health = "/health", Protocol = "tcp" });
        accounts.Status.Should().Be(ServiceStatus.Running);
        schema.Services[2].Pair.Should().Be("shop");
        schema.Reserved.Single().Ports.Should().Equal(new PortSpan(3010, 3012));
    }

    [Theory]
    [InlineData("description: Who is who", "descripton: Who is who", "t.yaml:11:5: unknown key \"descripton\" in service accounts; did you mean \"description\"?")]
    [InlineData("health: /health", "helath: /health", "t.yaml:13:36: unknown key \"helath\" in real of service accounts; did you mean \"health\"?")]
    [InlineData("reserved:\n", "reservd:\n", "t.yaml:16:1: unknown key \"reservd\" in the schema; did you mean \"reserved\"?")]
    [InlineData("description: Who is who", "planned: { port: 3009 }", "t.yaml:12:5: duplicate key \"planned\": line 11 has it already; keep one of them")]
    [InlineData("shop-web: {", "shop: {", "t.yaml:15:3: duplicate key \"shop\": line 14 has it already; keep one of them")]
    [InlineData("host: one, port: 3001", "host: one, port: \"3001\"", "t.yaml:13:30: \"port\" of real of service accounts is a text; write 3001 without quotes")]
    [InlineData("host: one, port: 3001", "host: one, port: 03001", "t.yaml:13:30: \"port\" of real of service accounts must be a whole number from 1 to 65535, not \"03001\"; did you mean 3001?")]
    [InlineData("host: one, port: 3001", "host: one, port: 3_001", "t.yaml:13:30: *not \"3_001\"; did you mean 3001?")]
    [InlineData("host: one, port: 3001", "host: one, port: 70000", "t.yaml:13:30: *must be a whole number from 1 to 65535, not \"70000\"")]
    [InlineData("host: one, port: 3001", "host: one, port: 3001-3002", "t.yaml:13:30: *a service's port is one number, a range stands under reserved")]
    [InlineData("host: one, port: 3001", "host: one, port: [3001]", "t.yaml:13:30: *must be a port number, this is a list*")]
    [InlineData("host: one, port: 3001", "host: oen, port: 3001", "t.yaml:13:19: there is no host \"oen\"; did you mean \"one\"?")]
    [InlineData("{ host: one, port: 3001,", "{ port: 3001,", "t.yaml:13:11: a running port has no \"host\"*known hosts are one, two")]
    [InlineData("range: back", "range: bakc", "t.yaml:17:32: there is no range \"bakc\"; did you mean \"back\"?")]
    [InlineData("health: /health", "health: health", "t.yaml:13:44: \"health\" is a path that begins with a slash, not \"health\"; did you mean \"/health\"?")]
    [InlineData("health: /health", "since: yesterday", "t.yaml:13:43: \"since\" of real of service accounts must be a date such as 2027-03-31, not \"yesterday\"")]
    [InlineData("health: /health", "status: runing", "t.yaml:13:44: \"status\" of real of service accounts cannot be \"runing\"; did you mean \"running\"?")]
    [InlineData("planned: { port: 3002 } }", "planned: 3002 }", "t.yaml:14:20: \"planned\" of service shop must be a mapping with a port, or a list of these, this is a text; write { port: 3002 }")]
    [InlineData("shop: { planned: { port: 3002 } }", "shop: { runtime: Go }", "t.yaml:14:3: service shop has no port; add planned*")]
    [InlineData("last: 3019", "last: 2019", "t.yaml:6:48: range back ends before it begins; swap first and last")]
    [InlineData("ports: 3010-3012", "ports: some", "t.yaml:17:14: \"some\" names no ports; write 3017, 3006-3009, or several with commas")]
    [InlineData("schema: 1", "schema: 2", "t.yaml:1:9: \"schema\" of the schema must be a whole number from 1 to 1")]
    [InlineData("{ title: Second host }", "&h { title: Second host }", "t.yaml:4:8: anchors are not allowed*")]
    [InlineData("pair: shop }", "pair: shop-web }", "t.yaml:15:46: service shop-web cannot be its own pair")]
    [InlineData("  two: { title: Second host }", "  two: { title: Second host", "t.yaml:*: this is no sound YAML*")]
    [InlineData("reserved:\n", "\tx: 1\nreserved:\n", "t.yaml:16:1: this is no sound YAML: a tab cannot indent a line; write blanks")]
    public void A_fault_has_a_place_and_a_way_out(string sound, string broken, string fault)
    {
        Schemas.Sound.Should().Contain(sound);

        var read = SchemaReader.Read(Schemas.Sound.Replace(sound, broken, StringComparison.Ordinal), "t.yaml");

        read.Schema.Should().BeNull();
        read.Faults.Should().ContainSingle().Which.ToString().Should().Match(fault);
    }

    [Theory]
    [InlineData("- { rule: PS4, service: shop, reason: why, until: 2027-01-01 }", "*: a rule's id is PS and three digits, such as PS004, not \"PS4\"*")]
    [InlineData("- { rule: PS004, service: shop, until: 2027-01-01 }", "*: an exception has no \"reason\"; add reason: …")]
    [InlineData("- { rule: PS004, service: shop, reason: why }", "*: an exception has no \"until\"; add until: …")]
    [InlineData("- { rule: PS004, services: [shop], reason: why, until: 2027-01-01 }", "*: \"services\" of an exception is a mapping of services and ports*")]
    public void An_exception_without_reason_or_end_is_a_fault(string exception, string fault) =>
        SchemaReader.Read($"{Schemas.Sound}\nexceptions:\n  {exception}").Faults.Should().ContainSingle().Which.ToString().Should().Match(fault);

    [Fact]
    public void All_faults_are_reported_at_once_in_the_order_of_the_text()
    {
        var broken = Schemas.Sound.Replace("title: First host", "titel: First host", StringComparison.Ordinal)
            .Replace("port: 3002", "port: x", StringComparison.Ordinal).Replace("range: back", "range: nowhere", StringComparison.Ordinal);

        SchemaReader.Read(broken).Faults.Select(fault => fault.Line).Should().Equal(3, 14, 17);
    }

    [Theory]
    [InlineData("")]
    [InlineData("- a\n- b")]
    [InlineData("just words")]
    [InlineData("schema: 1\n---\nschema: 1")]
    [InlineData("services: 3")]
    public void What_is_no_schema_is_a_fault_and_never_an_exception(string text) => SchemaReader.Read(text).Faults.Should().NotBeEmpty();

    [Theory]
    [InlineData("[", "")]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    [InlineData("- ", "")]
    public void However_deep_a_text_is_nested_it_is_a_fault_and_no_end_of_the_process(string open, string close)
    {
        const int Deep = 200_000;
        var value = string.Concat(Enumerable.Repeat(open, Deep)) + string.Concat(Enumerable.Repeat(close, Deep));

        SchemaReader.Read($"schema: 1\nservices:\n  {value}\n", "t.yaml").Faults.Should().ContainSingle().Which.ToString().Should().Match("t.yaml:3:*: nested deeper than 64 levels*");
    }

    [Fact]
    public void A_file_may_not_leave_the_schemas_directory() =>
        SchemaReader.Read($"{Schemas.Sound}\nfiles:\n  - {{ kind: env, path: ../secrets.env }}").Faults.Should().ContainSingle().Which.Message.Should().Contain("leaves the schema's directory");

    [Fact]
    public void No_text_however_damaged_makes_the_reader_throw() =>
        Gen.Select(Gen.Int[0, Schemas.Sound.Length - 1], Gen.Int[0, 6], Gen.String[Gen.Char["{}[]:,-#&*!|>'\"%@` \n\t?a1"], 0, 4]).Sample((at, removed, put) =>
        {
            var text = string.Concat(Schemas.Sound.AsSpan(0, at), put, Schemas.Sound.AsSpan(Math.Min(Schemas.Sound.Length, at + removed)));

            var read = SchemaReader.Read(text);

            (read.Schema is null).Should().Be(read.Faults.Count > 0);
            read.Faults.Should().OnlyContain(fault => fault.Line >= 1 && fault.Column >= 1);
        }, iter: 3000);
}
