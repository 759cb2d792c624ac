using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Mana.Cli;
using Mana.Cli.Commands.Ports;
using Mana.Ports.Scanning;
using Mana.Testing;
using Mana.Tests.Cli;

namespace Mana.Tests.Ports;

public sealed class ScanTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public ScanTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The kernel's tables are those of Linux.");

    public void Dispose() => _directory.Dispose();

    private async Task<CliRun> ScanAsync(string services, params string[] arguments)
    {
        await File.WriteAllTextAsync(
            Path.Combine(_directory.Path, "ports.yaml"),
            "schema: 1\nhosts:\n  here: {}\n  there: {}\nranges:\n  all: { title: All, first: 1, last: 65535 }\nservices:\n" + services,
            TestContext.Current.CancellationToken);
        return await CliRun.RunAsync(_directory.Path, ["ports", "scan", "--root", _directory.Path, "--json", .. arguments]);
    }

    private static JsonElement Row(CliRun run, int port, string protocol = "tcp") =>
        run.Json.GetProperty("ports").EnumerateArray().Single(row => row.GetProperty("port").GetInt32() == port && row.GetProperty("protocol").GetString() == protocol);

    private static string Service(string name, int port, string host = "here", string more = "") =>
        string.Create(CultureInfo.InvariantCulture, $"  {name}:\n    real: {{ host: {host}, port: {port}{more} }}\n");

    [Fact]
    public async Task A_service_on_its_own_port_is_expected_and_another_process_on_it_a_conflict()
    {
        var (process, address) = await ManaProgram.StartScriptedClaudeAsync(TestContext.Current.CancellationToken);
        await using var running = process;
        var fine = await ScanAsync(Service("scripted-claude", address.Port));
        fine.ExitCode.Should().Be(ExitCode.Ok);
        Row(fine, address.Port).GetProperty("state").GetString().Should().Be("expected");
        Row(fine, address.Port).GetProperty("processId").GetInt32().Should().Be(process.Id);

        var taken = await ScanAsync(Service("accounting-of-somebody", address.Port));
        taken.ExitCode.Should().Be(ExitCode.Failed);
        Row(taken, address.Port).GetProperty("state").GetString().Should().Be("conflict");
        taken.Json.GetProperty("conflicts").GetInt32().Should().Be(1);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    public async Task Listeners_of_both_families_are_seen(string address)
    {
        Assert.SkipWhen(address.Contains(':') && !Socket.OSSupportsIPv6, "This machine has no IPv6.");
        using var listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var seen = new KernelTables().Read().Single(one => one.Port == port && one.Protocol == "tcp");
        seen.Address.Should().Be(address);
        seen.Process!.Id.Should().Be(Environment.ProcessId);
        Row(await ScanAsync(Service("accounting-of-somebody", port)), port).GetProperty("address").GetString().Should().Be(address);
        listener.Stop();

        // A program that another test is just starting may hold the socket until it is replaced by what it starts.
        SpinWait.SpinUntil(() => !new KernelTables().Read().Any(one => one.Port == port && one.Protocol == "tcp"), TimeSpan.FromSeconds(10))
            .Should().BeTrue("nobody listens there any more");
    }

    [Fact]
    public async Task A_datagram_port_is_another_one_than_the_stream_port_of_the_same_number()
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)socket.Client.LocalEndPoint!).Port;
        var run = await ScanAsync(Service("dns-of-somebody", port, more: ", protocol: udp"));
        run.ExitCode.Should().Be(ExitCode.Failed);
        Row(run, port, "udp").GetProperty("state").GetString().Should().Be("conflict");
        (await ScanAsync(Service("dns-of-somebody", port))).ExitCode.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public async Task On_a_named_host_only_its_services_count_and_silent_ones_are_shown()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var silent = FreePorts.Take();
        var services = Service("accounting-of-somebody", port, "there") + Service("sleeper-of-somebody", silent);
        var here = await ScanAsync(services, "--host", "here");
        here.ExitCode.Should().Be(ExitCode.Ok);
        Row(here, port).GetProperty("state").GetString().Should().Be("unclaimed");
        Row(here, silent).GetProperty("state").GetString().Should().Be("silent");
        (await ScanAsync(services, "--host", "there")).ExitCode.Should().Be(ExitCode.Failed);
        (await ScanAsync(services)).ExitCode.Should().Be(ExitCode.Failed);
    }

    [Fact]
    public void Where_the_kernel_shows_no_tables_nothing_is_claimed()
    {
        var read = () => ScanCommand.Listeners(new KernelTables(_directory.Path));
        var fault = read.Should().Throw<CliException>().Which;
        fault.Code.Should().Be(ExitCode.Usage);
        fault.Message.Should().Be($"there is no {_directory.Path}/net/tcp here, so nobody can tell what listens; run this on the Linux host itself, or in a container that has /proc");

        // A machine without IPv6 has one of the tables only.
        Directory.CreateDirectory(Path.Combine(_directory.Path, "net"));
        File.WriteAllText(Path.Combine(_directory.Path, "net", "tcp"), "  sl  local_address\n");
        read().Should().BeEmpty();
    }

    [Fact]
    public void A_table_of_another_machine_is_read_as_it_stands()
    {
        var net = Directory.CreateDirectory(Path.Combine(_directory.Path, "net")).FullName;
        File.WriteAllText(Path.Combine(net, "tcp"),
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
            + "   0: 0100007F:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0\n"
            + "   1: 0100007F:0BBA 0100007F:1000 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 100 0 0 10 0\n"
            + "   2: garbage\n");
        File.WriteAllText(Path.Combine(net, "tcp6"),
            "header\n   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4713 1\n"
            + "   1: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4714 1\n");
        var process = Directory.CreateDirectory(Path.Combine(_directory.Path, "99", "fd")).FullName;
        File.CreateSymbolicLink(Path.Combine(process, "3"), "socket:[4711]");
        File.WriteAllText(Path.Combine(_directory.Path, "99", "comm"), "bun\n");
        File.WriteAllText(Path.Combine(_directory.Path, "99", "cmdline"), "bun\0run\0src/index.ts\0");
        File.WriteAllText(Path.Combine(_directory.Path, "99", "cgroup"), "0::/system.slice/mana-auth.service\n");
        new KernelTables(_directory.Path).Read().Should().BeEquivalentTo(
        [
            new Listener("tcp", "127.0.0.1", 3001, new ListeningProcess(99, "bun", "bun run src/index.ts", null, "0::/system.slice/mana-auth.service")),
            new Listener("tcp", "::1", 8080, null),
            new Listener("tcp", "127.0.0.1", 8081, null),
        ]);
    }
}
