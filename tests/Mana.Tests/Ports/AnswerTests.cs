using Mana.Cli;

namespace Mana.Tests.Ports;

/// <summary>What the commands answer to the person in front of them.</summary>
public sealed class AnswerTests : IDisposable
{
    private readonly FleetDirectory _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public async Task A_service_moves_to_where_the_plan_has_it_without_being_asked_which_port_moves()
    {
        var moved = await _fleet.PortsAsync("move", "mana-credits", "3002", "--yes");
        moved.ExitCode.Should().Be(ExitCode.Ok, moved.Error);
        _fleet["ports.yaml"].Should().Contain("planned: { port: 3002 }\n    real: { host: mac-mini, port: 3002, status: running }");
        (await _fleet.PortsAsync("move", "mana-credits", "3002", "--yes")).Out.Should().Contain("nothing to change");
        (await _fleet.PortsAsync("move", "mana-user", "3007", "--yes")).Error.Should().Contain("mana-user has the ports 3062, 3004; say with --from which one moves");
    }

    [Fact]
    public async Task What_lies_beyond_the_reserve_is_offered_and_not_what_was_said_already()
    {
        var next = await _fleet.PortsAsync("next", "--range", "core", "--count", "9");
        next.ExitCode.Should().Be(ExitCode.Failed);
        next.Out.Should().Be("3006\n3007\n3008\n3009\n");
        next.Error.Should().Be("mana: range core has no further reserved number left; --any offers 3000\n");
    }

    [Fact]
    public async Task A_place_is_named_once_for_a_number_that_stands_in_it_twice()
    {
        var why = await _fleet.PortsAsync("why", "3070");
        why.Out.Split('\n').Where(line => line.Contains("docker-compose.yml", StringComparison.Ordinal)).Should().OnlyHaveUniqueItems().And.Contain(line => line.Contains("127.0.0.1:3070:3070"));
    }

    [Fact]
    public async Task The_names_of_a_fleet_are_not_all_listed_at_whoever_mistypes_one()
    {
        var run = await _fleet.PortsAsync("remove", "zzzzzz", "--yes");
        run.ExitCode.Should().Be(ExitCode.Usage);
        run.Error.Should().Contain("there is no service \"zzzzzz\"; known are mana-auth, ").And.EndWith(", …\n");
    }
}
