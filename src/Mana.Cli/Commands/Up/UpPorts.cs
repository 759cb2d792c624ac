using System.Net;
using System.Net.Sockets;

namespace Mana.Cli.Commands.Up;

/// <summary>The three ports of <c>mana up</c>, each with the option that moves it.</summary>
internal sealed record UpPorts(int Auth, int Mcp, int Runner)
{
    public const string AuthOption = "--port-auth";
    public const string McpOption = "--port-mcp";
    public const string RunnerOption = "--port-runner";

    private IEnumerable<(string Service, int Port, string Option)> All =>
    [
        (Mana.Auth.AuthHost.Service, Auth, AuthOption),
        (Mana.Mcp.McpHost.Service, Mcp, McpOption),
        (Mana.PersonaRunner.RunnerHost.Service, Runner, RunnerOption),
    ];

    /// <summary>Makes sure, before anything starts, that all three are free; 0 becomes a free port, because the services must know each other's address beforehand.</summary>
    /// <exception cref="CliException">Names every taken port with the way out.</exception>
    public UpPorts Reserve()
    {
        var twice = All.Where(entry => entry.Port != 0).GroupBy(entry => entry.Port).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            throw new CliException(ExitCode.Usage, $"{string.Join(" and ", twice.Select(entry => entry.Option))} both say {twice.Key}; give each service a port of its own");
        }

        // All three stay bound until the last is known, so that "any free port" never picks the same one twice.
        var held = new List<TcpListener>();
        var taken = new List<string>();
        var ports = new List<int>();
        try
        {
            foreach (var (service, port, option) in All)
            {
                var listener = new TcpListener(IPAddress.Loopback, port);
                try
                {
                    listener.Start();
                    held.Add(listener);
                    ports.Add(((IPEndPoint)listener.LocalEndpoint).Port);
                }
                catch (SocketException e)
                {
                    listener.Dispose();
                    taken.Add(e.SocketErrorCode == SocketError.AccessDenied
                        ? $"port {port} ({service}) needs more rights than you have: choose one above 1023 with {option} N"
                        : $"port {port} ({service}) is taken: stop what listens there, or choose another with {option} {Suggestion(port)}");
                }
            }
        }
        finally
        {
            held.ForEach(listener => listener.Dispose());
        }

        return taken.Count == 0 ? new UpPorts(ports[0], ports[1], ports[2]) : throw new CliException(ExitCode.Failed, string.Join("; ", taken));
    }

    private static int Suggestion(int port) => port + 100 <= IPEndPoint.MaxPort ? port + 100 : port - 100;
}
