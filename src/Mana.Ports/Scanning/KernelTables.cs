using System.Globalization;
using System.Net;

namespace Mana.Ports.Scanning;

/// <summary>What listens on this machine, read from the tables of the Linux kernel. Nothing is sent anywhere.</summary>
/// <param name="root">Where the tables are.</param>
public sealed class KernelTables(string root = "/proc")
{
    private const string Listening = "0A";

    // A datagram socket that is bound and connected to nobody.
    private const string Unconnected = "07";

    private static readonly (string Table, string Protocol, string State)[] Tables =
        [("tcp", "tcp", Listening), ("tcp6", "tcp", Listening), ("udp", "udp", Unconnected), ("udp6", "udp", Unconnected)];

    /// <summary>Every port that something listens on, in order.</summary>
    /// <exception cref="IOException">There are no tables here: "nothing listens" would be a guess.</exception>
    public IReadOnlyList<Listener> Read()
    {
        if (!Tables.Any(table => File.Exists(Path.Combine(root, "net", table.Table))))
        {
            throw new IOException($"there is no {Path.Combine(root, "net", "tcp")} here, so nobody can tell what listens; run this on the Linux host itself, or in a container that has /proc");
        }

        var sockets = Tables.SelectMany(table => Sockets(table.Table, table.Protocol, table.State)).ToList();
        var owners = Owners([.. sockets.Select(socket => socket.Inode)]);
        return [.. sockets
            .Select(socket => new Listener(socket.Protocol, socket.Address, socket.Port, owners.GetValueOrDefault(socket.Inode)))
            .Distinct()
            .OrderBy(listener => listener.Port).ThenBy(listener => listener.Protocol, StringComparer.Ordinal).ThenBy(listener => listener.Address, StringComparer.Ordinal)];
    }

    private IEnumerable<(string Protocol, string Address, int Port, string Inode)> Sockets(string table, string protocol, string state)
    {
        var path = Path.Combine(root, "net", table);
        foreach (var line in File.Exists(path) ? File.ReadLines(path).Skip(1) : [])
        {
            // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && fields[3] == state && fields[1].Split(':') is [var address, var port] && Address(address) is { } bound
                && int.TryParse(port, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 65535)
            {
                yield return (protocol, bound, number, fields[9]);
            }
        }
    }

    /// <summary>Words of 32 bits in the machine's byte order, which is little-endian wherever .NET runs.</summary>
    private static string? Address(string hex)
    {
        if (hex.Length is not (8 or 32) || !hex.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        var bytes = Convert.FromHexString(hex);
        for (var word = 0; word < bytes.Length; word += 4)
        {
            Array.Reverse(bytes, word, 4);
        }

        var address = new IPAddress(bytes);
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    private Dictionary<string, ListeningProcess> Owners(HashSet<string> inodes)
    {
        var owners = new Dictionary<string, ListeningProcess>(StringComparer.Ordinal);
        foreach (var directory in Directory.EnumerateDirectories(root))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            foreach (var inode in OpenSockets(directory).Where(inodes.Contains))
            {
                owners.TryAdd(inode, Process(directory, id));
            }
        }

        return owners;
    }

    private static List<string> OpenSockets(string process)
    {
        // Processes end while one looks at them, and those of other users are not shown.
        try
        {
            return [.. new DirectoryInfo(Path.Combine(process, "fd")).EnumerateFileSystemInfos()
                .Select(Target).OfType<string>()
                .Where(target => target.StartsWith("socket:[", StringComparison.Ordinal)).Select(target => target[8..^1])];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? Target(FileSystemInfo link)
    {
        try
        {
            return link.LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static ListeningProcess Process(string directory, int id) => new(
        id,
        Text(directory, "comm")?.Trim() ?? "?",
        Text(directory, "cmdline")?.Replace('\0', ' ').Trim() ?? "",
        Target(new FileInfo(Path.Combine(directory, "cwd"))),
        Text(directory, "cgroup")?.Trim());

    private static string? Text(string directory, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
