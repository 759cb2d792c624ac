using System.Text.Json;
using Mana.Cli;
using Mana.Cli.Catalog;
using Mana.Contracts;
using Mana.Testing;

namespace Mana.Tests.Cli;

public sealed class PersonasCommandsTests : IDisposable
{
    private static readonly Dictionary<string, string> Admin = new()
    {
        ["MANA_ADMIN_EMAIL"] = "admin@mana.test",
        ["MANA_ADMIN_PASSWORD"] = "admin-password",
    };

    private readonly TemporaryDirectory _data = new();
    private readonly FakeAuth _auth = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Lint_names_exactly_the_missing_modules_and_the_personas_they_concern()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());
        var mcpModules = new FakeMcp("todo.create", "todo.list", "notes.create", "journal.add", "mood.log", "habits.create", "spaces.list");
        await using var mcp = await HostUnderTest.StartAsync(mcpModules.Create, new Dictionary<string, string?>());
        _auth.Seed("persona.anna@mana.test");

        var run = await RunAsync(auth, "personas", "lint", "--mcp-url", mcp.Address.AbsoluteUri);

        run.Lines.Should().Equal(
            "missing module articles: Marcus, Kai, Julia",
            "missing module calendar: Ben, Marcus, Lena, Tom, Paul",
            "missing module contacts: Marcus, Lena, Paul",
            "missing module dreams: Sofia",
            "missing module goals: Kai",
            "missing module invoices: Paul",
            "missing module library: Kai",
            "missing module news-research: Julia");
        run.ExitCode.Should().Be(ExitCode.Failed);
    }

    [Fact]
    public async Task Lint_finds_duplicates_and_mixes_that_are_no_mix_and_is_content_otherwise()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());
        await using var mcp = await HostUnderTest.StartAsync(new FakeMcp("todo.create", "news-research.find").Create, new Dictionary<string, string?>());
        _auth.Seed("a@mana.test");
        var bad = CatalogFile(("Ada", "a@mana.test", "{ todo: 1 }"), ("Bea", "A@mana.test", "{ }"), ("Cem", "c@mana.test", "{ todo: 0 }"),
            ("Dan", "d@mana.test", "{ todo: -1 }"), ("Eva", "e@mana.test", "{ newsResearch: 1, news-research: 1 }"));
        var good = CatalogFile(("Ada", "a@mana.test", "{ todo: 1, newsResearch: 0.5 }"));

        var refused = await RunAsync(auth, "personas", "lint", "--mcp-url", mcp.Address.AbsoluteUri, "--catalog", bad);
        var accepted = await RunAsync(auth, "personas", "lint", "--mcp-url", mcp.Address.AbsoluteUri, "--catalog", good, "--json");

        refused.Lines.Should().Equal(
            "duplicate e-mail a@mana.test: Ada, Bea (lines 2, 7)",
            "no mix: Bea (it is empty)",
            "no mix: Cem (its weights sum to 0)",
            "no mix: Dan (the weight of todo must be a number from 0, not -1)",
            "no mix: Eva (newsResearch and news-research are the same module)");
        refused.ExitCode.Should().Be(ExitCode.Failed);
        accepted.ExitCode.Should().Be(ExitCode.Ok);
        accepted.Json.GetProperty("ok").GetBoolean().Should().BeTrue();
        accepted.Json.GetProperty("liveModules").EnumerateArray().Select(e => e.GetString()).Should().Equal("news-research", "todo");
    }

    [Fact]
    public async Task List_as_json_is_an_array_of_objects_with_the_documented_members()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());
        _auth.Seed("b@mana.test", "a@mana.test");

        var run = await RunAsync(auth, "personas", "list", "--json");

        run.ExitCode.Should().Be(ExitCode.Ok);
        run.Json.ValueKind.Should().Be(JsonValueKind.Array);
        run.Json.EnumerateArray().Select(p => p.GetProperty("email").GetString()).Should().Equal("a@mana.test", "b@mana.test");
        run.Json[0].EnumerateObject().Select(p => p.Name).Should().BeEquivalentTo(
            "userId", "email", "name", "archetype", "tickCadence", "lastActiveAt", "createdAt", "actions7d", "nextDueAt", "failures", "lastFailedAt", "lastError");
    }

    [Fact]
    public async Task List_and_show_say_why_a_persona_rests_and_until_when()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());
        _auth.Seed("a@mana.test");
        (await RunAsync(auth, "personas", "show", "a@mana.test")).Out.Should().NotContain("last failure");

        _auth.LastError = "model: overloaded [529]";
        var listed = await RunAsync(auth, "personas", "list", "--json");
        listed.Out.Should().Contain("\"lastError\"").And.Contain("model: overloaded [529]").And.Contain("\"lastFailedAt\"");
        var shown = await RunAsync(auth, "personas", "show", "a@mana.test");
        shown.Out.Should().MatchRegex("due [0-9-]+ [0-9:]+Z, 3 failures in a row").And.MatchRegex(@"last failure [0-9-]+ [0-9:]+Z: model: overloaded \[529\]");
    }

    [Fact]
    public async Task Seeding_creates_all_ten_with_derived_passwords()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());

        var run = await RunAsync(auth, "seed");

        run.ExitCode.Should().Be(ExitCode.Ok);
        _auth.Personas.Keys.Should().BeEquivalentTo(PersonaCatalog.Embedded().Personas.Select(persona => persona.Email));
        _auth.Personas.Values.Should().AllSatisfy(persona =>
            persona.Password.Should().Be(PersonaPassword.Derive(persona.Email, PersonaPassword.DevelopmentSeedSecret)));
        run.Out.Should().Contain("✓ persona.anna@mana.test (adhd-student)").And.Contain("Done: 10 personas, 5 shared spaces.");
    }

    [Fact]
    public async Task Seeding_brings_the_shared_spaces_too_and_cleanup_takes_them_away()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());

        var seeded = await RunAsync(auth, "seed", "--json");
        var spaces = _auth.Spaces.Values.OrderBy(space => space.Slug, StringComparer.Ordinal).ToList();
        var cleaned = await RunAsync(auth, "personas", "cleanup", "--yes", "--json");

        seeded.Json.GetProperty("spaces").EnumerateArray().Should().HaveCount(5).And.AllSatisfy(space => space.GetProperty("ok").GetBoolean().Should().BeTrue());
        spaces.Select(space => (space.Slug, space.Type)).Should().Equal(
            ("familie-sofia-tom", "family"), ("fotografie-paul", "brand"), ("team-marcus-lena", "team"), ("werkstatt-kai", "practice"), ("wg-ben-anna", "family"));
        spaces[4].Members.Should().Equal(new CatalogSpaceMember("persona.ben@mana.test", "owner"), new CatalogSpaceMember("persona.anna@mana.test", "member"));
        cleaned.Json.GetProperty("spaces").GetArrayLength().Should().Be(5);
        _auth.Spaces.Should().BeEmpty();
    }

    [Fact]
    public async Task A_space_that_cannot_be_seeded_is_named_and_the_exit_code_says_so()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());
        _auth.Refused.Add("wg-ben-anna");

        var run = await RunAsync(auth, "seed");

        run.ExitCode.Should().Be(ExitCode.Failed);
        run.Error.Should().Contain("✗ wg-ben-anna: mana-auth refused PUT /api/v1/admin/spaces/wg-ben-anna with 409: NotACatalogSpace: The space was made by a user");
        run.Out.Should().Contain("1 of 5 shared spaces failed.");
    }

    [Fact]
    public async Task Lint_fails_on_members_nobody_knows_and_notes_what_stays_in_personal_spaces()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());
        await using var mcp = await HostUnderTest.StartAsync(new FakeMcp("todo.create", "journal.add").Create, new Dictionary<string, string?>());
        _auth.Seed("a@mana.test");
        var file = CatalogFile(("Ada", "a@mana.test", "{ todo: 1, journal: 1 }"));
        File.AppendAllText(file, "spaces:\n  - { name: Us, slug: us, type: family, members: { a@mana.test: owner, b@mana.test: viewer } }\n");

        var run = await RunAsync(auth, "personas", "lint", "--mcp-url", mcp.Address.AbsoluteUri, "--catalog", file);
        File.WriteAllText(file, File.ReadAllText(file).Replace(", b@mana.test: viewer", "", StringComparison.Ordinal));
        var mended = await RunAsync(auth, "personas", "lint", "--mcp-url", mcp.Address.AbsoluteUri, "--catalog", file);

        run.Lines.Should().Equal("unknown member of us: b@mana.test (no persona of this catalog)");
        run.ExitCode.Should().Be(ExitCode.Failed);
        mended.ExitCode.Should().Be(ExitCode.Ok, "a note is no fault");
        mended.Error.Should().Be("note: us is a family, which has no journal (Ada); it stays in their own spaces\n");
    }

    [Fact]
    public async Task Seeding_goes_on_after_a_failure_and_exits_1()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());
        _auth.Refused.Add("persona.ben@mana.test");

        var run = await RunAsync(auth, "seed");

        run.ExitCode.Should().Be(ExitCode.Failed);
        run.Error.Should().Contain("✗ persona.ben@mana.test: mana-auth refused POST /api/v1/admin/personas with 400: ValidationError: archetype required");
        _auth.Personas.Should().HaveCount(9);
    }

    [Fact]
    public async Task A_dry_run_needs_no_service_and_no_credentials()
    {
        var run = await CliRun.RunAsync(_data.Path, "seed", "--dry-run", "--json", "--auth-url", "http://127.0.0.1:9");

        run.ExitCode.Should().Be(ExitCode.Ok);
        run.Json.GetProperty("dryRun").GetBoolean().Should().BeTrue();
        run.Json.GetProperty("personas").GetArrayLength().Should().Be(10);
    }

    [Fact]
    public async Task Production_refuses_the_development_seed_secret_before_anything_is_sent()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());

        var run = await RunAsync(auth, new Dictionary<string, string> { ["NODE_ENV"] = "production" }, "", "seed");

        run.ExitCode.Should().Be(ExitCode.Refused);
        run.Error.Should().Contain("PERSONA_SEED_SECRET");
        _auth.Personas.Should().BeEmpty();
    }

    [Fact]
    public async Task An_empty_seed_secret_is_refused()
    {
        var run = await CliRun.RunAsync(_data.Path, new Dictionary<string, string> { ["PERSONA_SEED_SECRET"] = "" }, "", null, "seed", "--dry-run");

        run.ExitCode.Should().Be(ExitCode.Usage);
        run.Error.Should().Be("mana: PERSONA_SEED_SECRET is set but empty; give it a secret, or unset it\n");
    }

    [Fact]
    public async Task Cleanup_refuses_another_machine_without_force()
    {
        var run = await CliRun.RunAsync(_data.Path, Admin, "y\n", null, "personas", "cleanup", "--auth-url", "http://auth.example.org", "--yes");

        run.ExitCode.Should().Be(ExitCode.Refused);
        run.Error.Should().Contain("http://auth.example.org is not this machine").And.Contain("--force");
    }

    [Theory]
    [InlineData("n\n")]
    [InlineData("")]
    public async Task Cleanup_deletes_nothing_without_a_yes(string answer)
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());
        _auth.Seed("persona.anna@mana.test");

        var run = await RunAsync(auth, [], answer, "personas", "cleanup");

        run.ExitCode.Should().Be(ExitCode.Refused);
        run.Error.Should().Contain("nothing was deleted");
        _auth.Personas.Should().ContainKey("persona.anna@mana.test");
    }

    [Fact]
    public async Task Cleanup_keeps_strangers_unless_all_is_asked_for()
    {
        await using var auth = await HostUnderTest.StartAsync(_auth.Create, new Dictionary<string, string?>());
        _auth.Seed("persona.anna@mana.test", "stranger@mana.test");

        var first = await RunAsync(auth, [], "y\n", "personas", "cleanup");
        var kept = _auth.Personas.Keys.ToList();
        var second = await RunAsync(auth, "personas", "cleanup", "--yes", "--all");

        first.ExitCode.Should().Be(ExitCode.Ok);
        first.Error.Should().Contain("stranger@mana.test is not in the catalog and stays");
        kept.Should().Equal("stranger@mana.test");
        second.Error.Should().Contain("stranger@mana.test is not in the catalog and will be deleted");
        _auth.Personas.Should().BeEmpty();
    }

    private Task<CliRun> RunAsync(HostUnderTest auth, params string[] args) => RunAsync(auth, [], "", args);

    private Task<CliRun> RunAsync(HostUnderTest auth, Dictionary<string, string> variables, string input, params string[] args) =>
        CliRun.RunAsync(
            _data.Path,
            variables.Concat(Admin).ToDictionary(),
            input,
            null,
            [.. args, "--auth-url", auth.Address.AbsoluteUri, .. args.Contains("--mcp-url") ? Array.Empty<string>() : ["--mcp-url", "http://127.0.0.1:9"]]);

    private string CatalogFile(params (string Name, string Email, string Mix)[] personas)
    {
        var file = Path.Combine(_data.Path, Guid.NewGuid().ToString("N") + ".yaml");
        var entries = personas.Select(p =>
            $"  - name: {p.Name}\n    email: {p.Email}\n    archetype: tester\n    systemPrompt: Du testest hier die ganze Zeit.\n    moduleMix: {p.Mix}\n");
        File.WriteAllText(file, "personas:\n" + string.Concat(entries));
        return file;
    }
}
