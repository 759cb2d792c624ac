using Mana.Ports.Model;
using Mana.Ports.Rendering;

namespace Mana.Tests.Ports;

public sealed class RenderingTests
{
    private static readonly PortSchema Seed = Schemas.Read(Schemas.Seed);

    [Fact]
    public void The_document_has_both_layers_and_the_drifts()
    {
        var document = Render("document", Seed);

        foreach (var row in Schemas.Table("source-facts.tsv").Where(row => row[0] is "planned" or "real"))
        {
            document.Should().Contain($"| {row[1]} | {row[2]}");
        }

        document.Should().Contain("### 3006-3009".Replace("### ", "| ", StringComparison.Ordinal)).And.Contain("| PS004 | mana-sync | mana-sync listens on 3050, the plan says 3010 | 2027-03-31 |");
        document.Should().Contain("| 3069 | mana-mcp | none |");
        document.Should().NotContain("(line ", "a line number changes with every line above it");
    }

    [Fact]
    public void A_service_that_draws_on_the_reserve_makes_it_smaller_in_the_document()
    {
        var grown = Seed with { Services = [.. Seed.Services, new PortService { Name = "newcomer", Planned = [new PlannedPort { Port = 3007 }] }] };

        Render("document", grown).Should().Contain("| 3006, 3008-3009 | (reserved) |");
    }

    [Fact]
    public void The_document_changes_only_in_what_concerns_a_new_service()
    {
        var grown = Schemas.Read(SchemaWriter.Add(Schemas.Seed, new PortService { Name = "newcomer", Planned = [new PlannedPort { Port = 3006 }], Real = [new RealPort { Host = "mac-mini", Port = 3006 }] }));
        var before = Render("document", Seed).Split('\n').ToHashSet();

        Render("document", grown).Split('\n').Where(line => !before.Contains(line))
            .Should().OnlyContain(line => line.Contains("newcomer") || line.StartsWith("| 3007-3009 | (reserved)"));
    }

    [Fact]
    public void Text_cannot_break_the_document_or_the_picture()
    {
        var wild = Seed with
        {
            Title = "<script>alert(1)</script>",
            Services = [new PortService { Name = "a", Description = "one | two\n<b>", Note = "\"quoted\"", Planned = [new PlannedPort { Port = 3001, Name = "<i>" }] }],
        };

        Render("document", wild).Should().Contain("| 3001 | a (&lt;i>) |  | one \\| two &lt;b>.");
        Render("picture", wild).Should().NotContain("<script").And.NotContain("<i>a").And.Contain("&lt;script&gt;");
    }

    [Fact]
    public void Without_a_plan_nothing_contradicts_it_and_no_table_is_empty()
    {
        var adopted = Schemas.Read("schema: 1\nhosts:\n  one: {}\nranges:\n  all: { first: 3000, last: 3009 }\nservices:\n  a: { real: { host: one, port: 3001 } }\n  b: { planned: { port: 80, internal: true } }\n");
        Render("picture", adopted).Should().Contain("<li class=\"match\"><b>3001</b>").And.NotContain("not planned").And.NotContain("class=\"drift\" title");
        Render("document", adopted).Should().Contain("Nothing is planned here.").And.NotContain("| Status |\n|---|---|---|---|---|\n\n");
    }

    [Fact]
    public void The_picture_needs_nothing_from_elsewhere_and_shows_every_number_that_is_used()
    {
        var picture = Render("picture", Seed);

        picture.Should().NotContain("<script").And.NotContain("http://").And.NotContain("https://").And.NotContain("@import").And.NotContain("url(");
        picture.Should().Contain("prefers-color-scheme: dark");
        foreach (var port in Seed.Services.SelectMany(service => service.Planned.Select(one => one.Port).Concat(service.Real.Select(one => one.Port))))
        {
            picture.Should().Contain($"<b>{port}</b>");
        }

        picture.Should().Contain("<li class=\"drift\" title=\"3015 mana-landing-builder: planned; mana-media: runs on mac-mini\">");
        picture.Should().Contain("<li class=\"reserved\" title=\"3006 reserved\">").And.Contain("<li class=\"gap\">5110–5199 free</li>");
    }

    [Fact]
    public void A_constant_is_named_after_its_file()
    {
        var text = PortRenderers.Render(Seed, new FollowingFile("constants", "src/Mana.Auth/GeneratedPort.cs", "mana-auth", default));

        text.Should().Contain("namespace Mana.Auth;").And.Contain("static class GeneratedPort").And.Contain("const int Default = 3001;");
    }

    [Theory]
    [InlineData("src/Mana.Auth/GeneratedPort.cs", "mana-atuh", "there is no service \"mana-atuh\"; did you mean \"mana-auth\"?")]
    [InlineData("src/1st/GeneratedPort.cs", "mana-auth", "*gives no C# names*")]
    [InlineData("src/Mana.Auth/GeneratedPort.cs", null, "*has no service*")]
    public void A_constant_that_cannot_be_is_refused(string path, string? service, string message)
    {
        var render = () => PortRenderers.Render(Seed, new FollowingFile("constants", path, service, default));

        render.Should().Throw<SchemaException>().WithMessage(message);
    }

    private static string Render(string kind, PortSchema schema) => PortRenderers.Render(schema, new FollowingFile(kind, "x", null, default));
}
