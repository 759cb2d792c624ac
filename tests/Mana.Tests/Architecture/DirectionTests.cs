using ArchUnitNET.Fluent.Syntax.Elements.Types;
using ArchUnitNET.Loader;
using Mana.Auth;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Mcp;
using Mana.PersonaRunner;
using Mana.PersonaRunner.Ticks;
using Mana.Ports.Model;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace Mana.Tests.Architecture;

/// <summary>
/// Who may know whom. A guard that looks at nothing, or for nothing, guards nothing: each one fails unless it inspected
/// types and the types it forbids are in use somewhere.
/// </summary>
public sealed class DirectionTests
{
    private static readonly Assembly Contracts = typeof(Schedule).Assembly;
    private static readonly Assembly Hosting = typeof(ServiceHost).Assembly;
    private static readonly Assembly Auth = typeof(AuthHost).Assembly;
    private static readonly Assembly Mcp = typeof(McpHost).Assembly;
    private static readonly Assembly Runner = typeof(RunnerHost).Assembly;
    private static readonly Assembly Ports = typeof(PortSchema).Assembly;
    private static readonly Assembly[] Ours = [Contracts, Hosting, Auth, Mcp, Runner, Ports];

    private static readonly Lazy<ArchUnitNET.Domain.Architecture> Architecture = new(() => new ArchLoader().LoadAssemblies(Ours).Build());

    /// <summary>Each project and the projects of ours that it may reference.</summary>
    public static TheoryData<string, string[]> Projects => new()
    {
        { "Mana.Contracts", [] },
        { "Mana.Hosting", ["Mana.Contracts"] },
        { "Mana.Auth", ["Mana.Contracts", "Mana.Hosting"] },
        { "Mana.Mcp", ["Mana.Contracts", "Mana.Hosting"] },
        { "Mana.PersonaRunner", ["Mana.Contracts", "Mana.Hosting"] },
        { "Mana.Ports", [] },
    };

    /// <summary>What belongs to one part of an assembly: the namespaces of the foreign types, and those that may use them.</summary>
    public static TheoryData<string, string, string> Homes => new()
    {
        { "Mana.PersonaRunner", "Anthropic", "Brains" },
        { "Mana.PersonaRunner", "ModelContextProtocol", "Platform|Conversation" },
        { "Mana.PersonaRunner", "LinqToDB", "Recording|Storage" },
        { "Mana.PersonaRunner", "Npgsql|Microsoft\\.Data\\.Sqlite|DbUp", "Recording|Storage" },
        { "Mana.Mcp", "LinqToDB", "Records|Storage" },
        { "Mana.Mcp", "Npgsql|Microsoft\\.Data\\.Sqlite|DbUp", "Records|Storage" },
        // The features of mana-auth ask their own questions over linq2db; what depends on the database product is kept in one place.
        { "Mana.Auth", "Npgsql|Microsoft\\.Data\\.Sqlite|DbUp", "Storage" },
        { "Mana.Ports", "YamlDotNet", "Model|Files" },
        { "Mana.Hosting", "LinqToDB|Npgsql|Microsoft\\.Data\\.Sqlite|DbUp", "Storage" },
    };

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_lies_beneath_it(string project, string[] allowed)
    {
        var assembly = Ours.Single(one => one.GetName().Name == project);
        assembly.GetReferencedAssemblies().Select(reference => reference.Name!).Where(name => name.StartsWith("Mana.", StringComparison.Ordinal))
            .Should().BeSubsetOf(allowed);

        var beyond = Ours.Where(one => one != assembly && !allowed.Contains(one.GetName().Name)).ToArray();
        Violations(
            Types().That().ResideInAssembly(assembly),
            Types().That().ResideInAssembly(beyond[0], beyond[1..])).Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Homes))]
    public void Foreign_types_stay_in_their_part(string project, string foreign, string homes)
    {
        var assembly = Ours.Single(one => one.GetName().Name == project);
        Violations(
            Types().That().ResideInAssembly(assembly).And().DoNotResideInNamespaceMatching($@"^{project.Replace(".", "\\.", StringComparison.Ordinal)}\.({homes})(\.|$)"),
            Types(true).That().ResideInNamespaceMatching($@"^({foreign})(\.|$)")).Should().BeEmpty();
    }

    [Fact]
    public void Rows_of_the_database_live_in_the_storage()
    {
        var rows = Architecture.Value.Classes.Where(type => type.Attributes.Any(attribute => attribute.FullName == "LinqToDB.Mapping.TableAttribute")).ToList();
        rows.Should().NotBeEmpty();
        rows.Select(row => row.Namespace.FullName).Should().OnlyContain(name =>
            name.Contains(".Storage", StringComparison.Ordinal) || name.Contains(".Recording", StringComparison.Ordinal) || name.Contains(".Records", StringComparison.Ordinal));
    }

    [Fact]
    public void A_personas_tick_is_free_of_hosting_types() =>
        Violations(
            Types().That().HaveFullNameMatching($@"^{typeof(PersonaTick).FullName!.Replace(".", "\\.", StringComparison.Ordinal)}(\+|$)"),
            Types(true).That().ResideInNamespaceMatching(@"^Microsoft\.(Extensions\.Hosting|AspNetCore)(\.|$)")).Should().BeEmpty();

    [Fact]
    public void Only_the_brains_know_which_brains_there_are_and_the_host_that_chooses() =>
        Violations(
            Types().That().ResideInAssembly(Runner)
                .And().DoNotResideInNamespaceMatching(@"^Mana\.PersonaRunner\.Brains(\.|$)")
                .And().DoNotResideInNamespaceMatching(@"^Mana\.PersonaRunner$"),
            Types().That().ResideInNamespaceMatching(@"^Mana\.PersonaRunner\.Brains\.Simulated$")).Should().BeEmpty();

    [Theory]
    [InlineData(@"^Mana\.PersonaRunner\.Brains$", "^Anthropic")]
    [InlineData(@"^Mana\.PersonaRunner\.Platform$", "^ModelContextProtocol")]
    [InlineData(@"^Mana\.PersonaRunner\.Recording$", "^LinqToDB")]
    [InlineData(@"^Mana\.PersonaRunner$", @"^Microsoft\.AspNetCore")]
    public void A_use_is_found_where_there_is_one(string users, string foreign) =>
        Violations(Types().That().ResideInNamespaceMatching(users), Types(true).That().ResideInNamespaceMatching(foreign)).Should().NotBeEmpty();

    private static List<string> Violations(GivenTypesConjunction inspected, GivenTypesConjunction forbidden)
    {
        inspected.GetObjects(Architecture.Value).Should().NotBeEmpty("a guard must look at something");
        forbidden.GetObjects(Architecture.Value).Should().NotBeEmpty("a guard must look for something that exists");
        return [.. Types().That().Are(inspected).Should().NotDependOnAny(forbidden).Evaluate(Architecture.Value).Where(result => !result.Passed).Select(result => result.Description)];
    }
}
