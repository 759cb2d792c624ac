using CsCheck;
using Mana.Ports.Checks;
using Mana.Ports.Model;

namespace Mana.Tests.Ports;

public sealed class RulesTests
{
    [Fact]
    public void Nothing_is_found_where_nothing_is_wrong() => Schemas.Check(Schemas.Sound).Should().BeEmpty();

    // Each line: services added to the sound schema, and the findings that they bring (rule, severity, subject, port, other).
    [Theory]
    [InlineData("late: { real: { host: one, port: 3001 } }", "PS001 error late 3001 accounts")]
    [InlineData("late: { real: { host: two, port: 3001 } }", "PS002 error late 3001 accounts")]
    [InlineData("late: { planned: { port: 3001 } }", "PS001 error late 3001 accounts")]
    [InlineData("late: { real: { host: one, port: 3001, protocol: udp } }", "")]
    [InlineData("a: { real: { host: one, port: 3004, address: 127.0.0.1 } }\nb: { real: { host: one, port: 3004, address: 127.0.0.2 } }", "")]
    [InlineData("a: { real: { host: one, port: 3004, address: 127.0.0.1 } }\nb: { real: { host: one, port: 3004 } }", "PS001 error b 3004 a")]
    [InlineData("a: { real: { host: one, port: 3004 } }\nb: { real: { port: 3004, status: not-deployed } }", "PS013 info b 3004 ")]
    [InlineData("a: { real: { host: one, port: 3004 } }\nb: { real: { host: two, port: 3004 } }", "")]
    [InlineData("a: { planned: { port: 3004, host: one } }\nb: { planned: { port: 3004, host: two } }", "")]
    [InlineData("a: { planned: { port: 3004, host: one } }\nb: { planned: { port: 3004 } }", "PS001 error b 3004 a")]
    [InlineData("a: { planned: { port: 3001, internal: true } }", "")]
    [InlineData("a: { planned: { port: 4000 } }", "PS003 error a 4000 ")]
    [InlineData("a: { planned: { port: 3004, range: front } }", "PS003 error a 3004 ")]
    [InlineData("a: { real: { host: one, port: 4000 } }", "PS003 error a 4000 ")]
    [InlineData("a: { planned: { port: 3004 }, real: { host: one, port: 3005 } }", "PS004 error a 3005 ")]
    [InlineData("a: { planned: [{ name: x, port: 3004 }, { name: y, port: 3005 }], real: [{ name: x, host: one, port: 3004 }, { name: y, host: one, port: 3006 }] }", "PS004 error a 3006 ")]
    [InlineData("a: { planned: [{ name: x, port: 3004 }], real: [{ name: z, host: one, port: 3007 }] }", "")]
    [InlineData("a: { planned: { port: 3004 } }\na-web: { planned: { port: 5005 }, pair: a }", "PS005 info a-web 5005 a")]
    [InlineData("a: { planned: { port: 3004 }, pair: a-web }\na-web: { planned: { port: 5005 }, pair: a }", "PS005 info a 3004 a-web")]
    [InlineData("a: { real: { host: one, port: 3010 } }", "PS006 error a 3010 ")]
    [InlineData("a: { planned: { port: 3010 }, real: { host: one, port: 3010 } }", "")]
    [InlineData("a: { planned: { port: 3010, range: front } }", "PS003 error a 3010 |PS006 error a 3010 ")]
    [InlineData("a: { real: { host: one, port: 3004 }, expects: [health, metrics] }", "PS011 warning a 3004 |PS011 warning a 3004 ")]
    [InlineData("a: { real: { host: one, port: 3004, health: /h, metrics: /m }, expects: [health, metrics] }", "")]
    [InlineData("a: { planned: { port: 3004 }, expects: [health] }", "")]
    [InlineData("a: { planned: { port: 3004 }, pair: nobody }", "PS012 error a  nobody")]
    [InlineData("a: { planned: { port: 3002, host: one, protocol: udp }, pair: shop-web }", "PS012 warning a  shop-web")]
    [InlineData("a-web: { planned: { port: 5001 }, pair: accounts }", "PS012 warning a-web  accounts")]
    public void A_rule_finds_what_it_is_for_and_nothing_else(string services, string findings) =>
        Schemas.Check(Schemas.With(services)).Select(Show).Should().BeEquivalentTo(findings.Split('|', StringSplitOptions.RemoveEmptyEntries));

    [Theory]
    [InlineData("first: 5000, last: 5019", "first: 5000, last: 5001", "PS003 error shop-web 5002 ")]
    [InlineData("first: 5000, last: 5019", "first: 5002, last: 5002", "PS008 warning front  ")]
    [InlineData("first: 5000, last: 5019", "first: 3015, last: 5019", "PS009 warning front  back")]
    [InlineData("first: 3000, last: 3019", "first: 3001, last: 3012", "")]
    public void Ranges_hold_their_services_have_room_and_share_nothing(string sound, string broken, string findings) =>
        Schemas.Check(Schemas.Sound.Replace(sound, broken, StringComparison.Ordinal)).Select(Show)
            .Should().BeEquivalentTo(findings.Split('|', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void A_range_that_is_nearly_full_is_found()
    {
        var services = string.Concat(Enumerable.Range(5003, 15).Select(port => $"w{port}: {{ planned: {{ port: {port} }} }}\n"));

        Schemas.Check(Schemas.With(services)).Should().BeEmpty();
        Schemas.Check(Schemas.With(services + "last: { planned: { port: 5018 } }")).Select(Show).Should().Equal("PS008 warning front  ");
    }

    [Fact]
    public void A_policy_asks_for_larger_ranges() =>
        Schemas.Check(Schemas.Sound + "\npolicy: { range-size: 21 }").Select(Show).Should().Equal("PS007 info back  ", "PS007 info front  ");

    [Theory]
    [InlineData("a: { real: { host: one, port: 53, protocol: udp } }", "PS003 error a 53 |PS010 warning a 53 ")]
    [InlineData("a: { real: { host: one, port: 53 } }", "PS003 error a 53 |PS010 error a 53 ")]
    [InlineData("dns: { real: { host: one, port: 53 } }", "PS003 error dns 53 ")]
    [InlineData("mailer: { real: { host: one, port: 587 } }", "PS003 error mailer 587 ")]
    [InlineData("db: { runtime: \"postgres:16\", real: { host: one, port: 5432 } }", "PS003 error db 5432 ")]
    public void A_product_may_have_its_own_number_and_browsers_block_no_datagrams(string services, string findings) =>
        Schemas.Check(Schemas.With(services)).Select(Show).Should().BeEquivalentTo(findings.Split('|'));

    [Fact]
    public void The_ports_that_browsers_block_are_those_of_the_Fetch_standard()
    {
        // 83 of them in the standard of July 2026; those that were added last, and neighbours that are none.
        Enumerable.Range(0, 65536).Count(KnownPorts.IsBlockedByBrowsers).Should().Be(83);
        new[] { 0, 69, 427, 548, 989, 990, 1719, 1720, 1723, 4190, 5060, 5061, 6566, 6679, 10080 }.Should().OnlyContain(port => KnownPorts.IsBlockedByBrowsers(port));
        new[] { 80, 443, 554 + 1, 3000, 5062, 6001, 6664, 6670, 8080, 8443, 10000 }.Should().NotContain(port => KnownPorts.IsBlockedByBrowsers(port));
    }

    [Theory]
    [InlineData("sip", 5060, "error", "*browsers refuse*")]
    [InlineData("x11", 6000, "error", "*browsers refuse*")]
    [InlineData("irc", 6697, "error", "*browsers refuse*")]
    [InlineData("mine", 5432, "warning", "*well-known port of postgres")]
    [InlineData("proxy", 80, "warning", "*below 1024*")]
    [InlineData("late", 40000, "warning", "*outgoing connections*")]
    public void A_number_that_others_have_a_say_in_is_found(string name, int port, string severity, string message)
    {
        var finding = Schemas.Check(Schemas.With($"{name}: {{ planned: {{ port: {port} }} }}")).Should().ContainSingle(one => one.Rule == "PS010").Subject;

        finding.Severity.ToString().ToLowerInvariant().Should().Be(severity);
        finding.Message.Should().Match(message);
    }

    [Fact]
    public void A_product_may_have_its_own_number() =>
        Schemas.Check(Schemas.With("postgres: { planned: { port: 5432 } }\nmy-ollama: { planned: { port: 11434 } }")).Should().NotContain(one => one.Rule == "PS010");

    [Fact]
    public void A_host_that_nobody_looked_at_for_long_is_stale()
    {
        var text = Schemas.Sound.Replace("title: Second host", "title: Second host, reconciled: 2026-04-08", StringComparison.Ordinal) + "\npolicy: { stale-after-days: 365 }";

        Schemas.Check(text, new DateOnly(2027, 4, 8)).Should().BeEmpty();
        Schemas.Check(text, new DateOnly(2027, 4, 9)).Select(Show).Should().Equal("PS013 warning two  ");
    }

    [Fact]
    public void An_exception_allows_a_finding_up_to_its_last_day_and_is_a_warning_after_it()
    {
        var text = Schemas.With("late: { real: { host: one, port: 3001 } }", "exceptions:\n  - { rule: PS001, service: late, port: 3001, reason: moves in spring, until: 2027-03-31 }");

        var allowed = Schemas.Check(text, new DateOnly(2027, 3, 31)).Should().ContainSingle().Subject;
        (allowed.Severity, allowed.Allowed!.Reason).Should().Be((Severity.Error, "moves in spring"));

        var ended = Schemas.Check(text, new DateOnly(2027, 4, 1)).Should().ContainSingle().Subject;
        (ended.Severity, ended.Allowed).Should().Be((Severity.Warning, null));
        ended.Message.Should().EndWith("; its exception ended on 2027-03-31");
    }

    [Theory]
    [InlineData("{ rule: PS001, service: late, port: 3002, reason: why, until: 2027-03-31 }", "PS001 error late 3001 accounts|PS014 warning late 3002 ")]
    [InlineData("{ rule: PS004, service: late, reason: why, until: 2027-03-31 }", "PS001 error late 3001 accounts|PS014 warning late  ")]
    [InlineData("{ rule: PS999, service: late, reason: why, until: 2027-03-31 }", "PS001 error late 3001 accounts|PS014 warning late  ")]
    [InlineData("{ rule: PS015, service: late, reason: about files, until: 2027-03-31 }", "PS001 error late 3001 accounts")]
    public void An_exception_for_another_port_or_rule_allows_nothing_and_is_found(string exception, string findings)
    {
        var found = Schemas.Check(Schemas.With("late: { real: { host: one, port: 3001 } }", $"exceptions:\n  - {exception}"));

        found.Select(Show).Should().BeEquivalentTo(findings.Split('|'));
        found.Should().OnlyContain(one => one.Allowed == null);
    }

    [Fact]
    public void The_order_of_the_schema_does_not_matter() =>
        RandomSchema.Gen.SelectMany(schema => Gen.Shuffle(schema.Services.ToArray()).SelectMany(services => Gen.Shuffle(schema.Ranges.ToArray()).Select(ranges => (schema, services, ranges))))
            .Sample(one =>
            {
                var (schema, services, ranges) = one;
                var before = SchemaCheck.Run(schema, Schemas.Today).Select(Show).Order(StringComparer.Ordinal);
                var after = SchemaCheck.Run(schema with { Services = services, Ranges = ranges }, Schemas.Today).Select(Show).Order(StringComparer.Ordinal);

                after.Should().Equal(before);
            }, iter: 300);

    [Fact]
    public void The_next_number_is_never_one_that_somebody_has() =>
        Gen.Select(RandomSchema.Gen, Gen.Bool).Sample((schema, any) =>
        {
            foreach (var range in schema.Ranges)
            {
                var offered = PortChooser.Next(schema, range.Name, any).ToList();

                offered.Should().BeInAscendingOrder().And.OnlyContain(port => range.Ports.Contains(port));
                offered.Should().NotContain(port => schema.Services.Any(service => service.Planned.Any(one => one.Port == port) || service.Real.Any(one => one.Port == port)));
                offered.Should().NotContain(port => schema.Ranges.Any(other => other.Ports.Count < range.Ports.Count && other.Ports.Contains(port)), "the smaller range has it");
                offered.Should().OnlyContain(port => any || schema.Reserved.Any(reserved => reserved.Contains(port)));
                if (offered is [var first, ..])
                {
                    // Who takes the offer brings no finding about owners, ranges or the reserve.
                    var taken = schema with { Services = [.. schema.Services, new PortService { Name = "newcomer", Planned = [new PlannedPort { Port = first, Range = range.Name }] }] };
                    SchemaCheck.Run(taken, Schemas.Today).Should().NotContain(finding => finding.Subject == "newcomer" || finding.Other == "newcomer");
                }
            }
        }, iter: 300);

    [Theory]
    [InlineData("core", false, 3006)]
    [InlineData("core", true, 3000)]
    [InlineData("infra", false, 3017)]
    [InlineData("ai", false, 3027)]
    [InlineData("web", true, 5001)]
    [InlineData("games", true, 5101)]
    public void The_seed_offers_the_first_reserved_number_or_any(string range, bool any, int expected) =>
        PortChooser.Next(Schemas.Read(Schemas.Seed), range, any).First().Should().Be(expected);

    [Fact]
    public void A_range_without_reserve_offers_nothing_unless_any_number_will_do() =>
        PortChooser.Next(Schemas.Read(Schemas.Seed), "games").Should().BeEmpty();

    private static string Show(Finding finding) => $"{finding.Rule} {finding.Severity.ToString().ToLowerInvariant()} {finding.Subject} {finding.Port} {finding.Other}";
}

/// <summary>Small fleets in a narrow space of numbers, so that much clashes.</summary>
internal static class RandomSchema
{
    private static readonly Gen<string> Hosts = CsCheck.Gen.OneOf("one", "two");
    private static readonly Gen<int> Ports = CsCheck.Gen.Int[4035, 4075];

    private static readonly Gen<PlannedPort> Planned =
        from port in Ports
        from host in Hosts.Null()
        from range in CsCheck.Gen.OneOf<string?>(null, null, "low", "high")
        from isUdp in CsCheck.Gen.Int[0, 9]
        select new PlannedPort { Port = port, Host = host, Range = range, Protocol = isUdp == 0 ? "udp" : "tcp", Internal = isUdp == 1 };

    private static readonly Gen<RealPort> Real =
        from port in Ports
        from host in Hosts
        from address in CsCheck.Gen.OneOf<string?>(null, null, "127.0.0.1", "10.0.0.1")
        from health in CsCheck.Gen.OneOf<string?>(null, "/health")
        from isIdle in CsCheck.Gen.Int[0, 9]
        select new RealPort { Port = port, Host = host, Address = address, Health = health, Status = isIdle == 0 ? ServiceStatus.NotDeployed : ServiceStatus.Running };

    public static Gen<PortSchema> Gen { get; } =
        from services in CsCheck.Gen.Select(Planned.List[0, 2], Real.List[0, 2], CsCheck.Gen.Int[0, 12]).List[1, 12]
        from reserved in CsCheck.Gen.Select(Ports, CsCheck.Gen.Int[0, 5], CsCheck.Gen.OneOf<string?>(null, "low", "high", "inner")).List[0, 3]
        select new PortSchema
        {
            Path = "t.yaml",
            Hosts = [new PortHost("one", null, null, null, null, default), new PortHost("two", null, null, null, null, default)],
            Ranges =
            [
                new PortRange("low", "Low", new PortSpan(4036, 4055), null, null, ["health"], default),
                new PortRange("high", "High", new PortSpan(4050, 4070), null, null, [], default),
                new PortRange("inner", "Inner", new PortSpan(4060, 4064), null, null, [], default),
            ],
            Services = [.. services.Select((one, i) => new PortService
            {
                Name = $"s{i}",
                Planned = [.. one.Item1.Select((port, at) => port with { Name = at == 0 ? null : "b" })],
                Real = [.. one.Item2.Select((port, at) => port with { Name = at == 0 ? null : "b" })],
                Pair = one.Item3 == i ? null : $"s{one.Item3}",
            })],
            Reserved = [.. reserved.Select(one => new ReservedPorts([new PortSpan(one.Item1, one.Item1 + one.Item2)], one.Item3, null, default))],
        };
}
