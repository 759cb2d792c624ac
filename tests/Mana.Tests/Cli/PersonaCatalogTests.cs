using Mana.Cli.Catalog;

namespace Mana.Tests.Cli;

public sealed class PersonaCatalogTests
{
    private const string Sound = """
        personas:
          - name: Rita
            email: persona.rita@mana.test
            archetype: tester
            systemPrompt: Du bist Rita und testest gern.
            moduleMix: { todo: 1 }
        """;

    public static TheoryData<string, string, string, string> Facts { get; } = new()
    {
        { "Anna", "adhd-student", "daily", "todo .3 journal .3 notes .2 mood .2" },
        { "Ben", "adhd-student", "daily", "todo .4 calendar .3 journal .2 habits .1" },
        { "Marcus", "ceo-busy", "weekdays", "contacts .3 calendar .3 todo .2 articles .2" },
        { "Lena", "ceo-busy", "weekdays", "journal .3 contacts .2 calendar .2 notes .3" },
        { "Sofia", "creative-parent", "daily", "journal .3 notes .3 dreams .2 mood .2" },
        { "Tom", "creative-parent", "daily", "todo .4 calendar .3 notes .2 habits .1" },
        { "Kai", "solo-dev", "daily", "articles .3 notes .3 library .2 goals .2" },
        { "Julia", "researcher", "weekdays", "articles .4 notes .4 newsResearch .2" },
        { "Paul", "freelancer", "weekdays", "invoices .4 contacts .3 calendar .3" },
        { "Maya", "overwhelmed-newbie", "daily", "todo .6 journal .4" },
    };

    [Theory]
    [MemberData(nameof(Facts))]
    public void The_ten_personas_are_those_of_the_contract(string name, string archetype, string cadence, string mix)
    {
        var persona = PersonaCatalog.Embedded().Personas.Should().ContainSingle(p => p.Name == name).Subject;

        persona.Email.Should().Be($"persona.{name.ToLowerInvariant()}@mana.test");
        persona.Archetype.Should().Be(archetype);
        persona.TickCadence.Should().Be(cadence);
        string.Join(' ', persona.ModuleMix.Select(pair => FormattableString.Invariant($"{pair.Key} {pair.Value:.#}"))).Should().Be(mix);
        persona.ModuleMix.Values.Sum().Should().BeApproximately(1, 1e-9);
        persona.Language.Should().Be("de");
        persona.TimeZone.Should().BeNull("the contract's cadences count in UTC");
    }

    [Fact]
    public void There_are_exactly_ten_and_each_is_described_in_a_text_of_its_own()
    {
        var personas = PersonaCatalog.Embedded().Personas;

        personas.Should().HaveCount(Facts.Count);
        personas.Should().AllSatisfy(persona => persona.SystemPrompt.Should().StartWith($"Du bist {persona.Name}, "));
        personas.Select(persona => persona.SystemPrompt).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void The_shared_spaces_are_those_of_the_ten_and_every_member_is_one_of_them()
    {
        var catalog = PersonaCatalog.Embedded();

        catalog.Spaces.Select(space => (space.Slug, space.Type)).Should().Equal(
            ("wg-ben-anna", "family"), ("team-marcus-lena", "team"), ("familie-sofia-tom", "family"), ("werkstatt-kai", "practice"), ("fotografie-paul", "brand"));
        catalog.Spaces.SelectMany(space => space.Members).Select(member => member.Email).Should().BeSubsetOf(catalog.Personas.Select(persona => persona.Email));
        catalog.Personas.Select(persona => persona.SystemPrompt).Should().NotContain(prompt => prompt.Contains("solange es den nicht gibt") || prompt.Contains("vorerst liegen sie"));
    }

    [Fact]
    public void A_sound_catalog_is_read_with_defaults()
    {
        var persona = PersonaCatalog.Parse(Sound, "test.yaml").Personas.Should().ContainSingle().Subject;

        persona.TickCadence.Should().Be("daily");
        persona.Language.Should().BeNull();
        persona.ActiveHours.Should().BeNull();
        persona.AllowDestructive.Should().BeEmpty();
        persona.Line.Should().Be(2);
    }

    [Theory]
    [InlineData("archetype: tester", "archetyp: tester", "test.yaml:4: unknown property \"archetyp\"; known are name, email*")]
    [InlineData("archetype: tester", "archetype: tester\n    archetype: other", "test.yaml:5: *uplicate key*")]
    [InlineData("moduleMix: { todo: 1 }", "moduleMix: { todo: 1, todo: 2 }", "test.yaml:6: *uplicate key*")]
    [InlineData("moduleMix: { todo: 1 }", "moduleMix: { todo: much }", "test.yaml:6: *not a sound catalog*")]
    [InlineData("moduleMix: { todo: 1 }", "tickCadence: daily", "test.yaml:2: moduleMix of persona.rita@mana.test is missing; add*")]
    [InlineData("  - name: Rita", "  - [name, Rita]\n  - name: Rita", "test.yaml:2: this is not a sound catalog (properties belong here, such as name: Anna); see catalog/personas.yaml*")]
    [InlineData("personas:", "spaces: { us: {} }\npersonas:", "test.yaml:1: this is not a sound catalog (a list belongs here; begin each entry with -); see catalog/personas.yaml*")]
    [InlineData("name: Rita", "name: \"\"", "test.yaml:2: name is missing; add*")]
    [InlineData("@mana.test", "@example.org", "test.yaml:2: email \"persona.rita@example.org\" does not end with @mana.test; change it, or pass --allow-any-domain*")]
    [InlineData("persona.rita@mana.test", "rita", "test.yaml:2: email \"rita\" of Rita is no e-mail address; write persona.rita@mana.test")]
    [InlineData("Du bist Rita und testest gern.", "Du.", "test.yaml:2: systemPrompt of persona.rita@mana.test has fewer than 20 characters*")]
    [InlineData("archetype: tester", "archetype: tester\n    tickCadence: monthly", "test.yaml:2: persona.rita@mana.test: tickCadence must be*")]
    [InlineData("archetype: tester", "archetype: tester\n    tickCadence: cron:0 12 * * *\n    activeHours: 09:00-11:00", "test.yaml:2: persona.rita@mana.test: *never comes within activeHours*")]
    [InlineData("archetype: tester", "archetype: tester\n    timeZone: Mars/Base", "test.yaml:2: persona.rita@mana.test: *Mars/Base*")]
    [InlineData("archetype: tester", "archetype: tester\n    language: fr", "test.yaml:2: language \"fr\" of persona.rita@mana.test is not spoken; write de or en")]
    [InlineData("personas:", "persons:", "test.yaml:1: unknown property \"persons\"; known are personas, spaces")]
    [InlineData("archetype: tester", "archetype: tester\n    allowDestructive: [todo]", "test.yaml:2: allowDestructive of persona.rita@mana.test: \"todo\" names no tool; write todo.* for every tool of the module")]
    [InlineData("personas:", "spaces: [{ slug: us, type: family, members: { a@b: owner } }]\npersonas:", "test.yaml:1: name of a space is missing*")]
    [InlineData("personas:", "spaces: [{ name: Us, slug: U s, type: family, members: { a@b: owner } }]\npersonas:", "test.yaml:1: slug \"U s\" of Us must be*")]
    [InlineData("personas:", "spaces: [{ name: Us, slug: us, type: gang, members: { a@b: owner } }]\npersonas:", "test.yaml:1: type \"gang\" of Us is no kind of shared space*")]
    [InlineData("personas:", "spaces: [{ name: Us, slug: us, type: family }]\npersonas:", "test.yaml:1: Us has no members*")]
    [InlineData("personas:", "spaces: [{ name: Us, slug: us, type: family, members: { a@b: boss } }]\npersonas:", "test.yaml:1: the role \"boss\" of a@b in Us is none*")]
    [InlineData("personas:", "spaces: [{ name: Us, slug: us, type: family, members: { a@b: viewer } }]\npersonas:", "test.yaml:1: Us has no owner*")]
    [InlineData("personas:", "spaces: [{ name: Us, slag: us }]\npersonas:", "test.yaml:1: unknown property \"slag\"; known are name, slug, type, members")]
    public void A_fault_is_named_with_file_line_and_the_way_out(string sound, string broken, string message)
    {
        var act = () => PersonaCatalog.Parse(Sound.Replace(sound, broken, StringComparison.Ordinal), "test.yaml");

        act.Should().Throw<CatalogException>().WithMessage(message);
    }

    [Fact]
    public void An_empty_catalog_is_refused() =>
        FluentActions.Invoking(() => PersonaCatalog.Parse("personas: []", "test.yaml")).Should().Throw<CatalogException>().WithMessage("test.yaml:1: there are no personas*");

    [Fact]
    public void An_address_is_kept_as_mana_auth_keeps_it_because_the_password_hangs_on_it() =>
        PersonaCatalog.Parse(Sound.Replace("persona.rita@mana.test", "Persona.Rita@Mana.Test", StringComparison.Ordinal), "test.yaml")
            .Personas[0].Email.Should().Be("persona.rita@mana.test");

    [Fact]
    public void Another_domain_is_accepted_on_request() =>
        PersonaCatalog.Parse(Sound.Replace("@mana.test", "@example.org", StringComparison.Ordinal), "test.yaml", allowAnyDomain: true)
            .Personas[0].Email.Should().Be("persona.rita@example.org");
}
