using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Npgsql;

namespace Mana.Testing;

/// <summary>
/// A PostgreSQL cluster of its own: a temporary directory, a free port, loopback only, a password that nobody else has.
/// Whatever runs on this machine already is left alone. Stopped and removed at the end.
/// </summary>
public sealed partial class PostgresCluster : IAsyncDisposable
{
    private const string User = "mana";
    private const string ServerAccount = "postgres";
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);

    private readonly string _directory;
    private readonly string _password;
    private readonly int _port;
    private readonly ProcessUnderTest _server;
    private int _databases;

    private PostgresCluster(string directory, string password, int port, ProcessUnderTest server)
    {
        _directory = directory;
        _password = password;
        _port = port;
        _server = server;
    }

    /// <summary>Where <c>initdb</c> and <c>postgres</c> are; the newest version that is installed, null when none is.</summary>
    public static string? FindBinaries()
    {
        const string Debian = "/usr/lib/postgresql";
        var installed = Directory.Exists(Debian)
            ? Directory.GetDirectories(Debian).OrderByDescending(VersionOf).Select(version => Path.Combine(version, "bin"))
            : [];
        return installed
            .Concat(Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [])
            .FirstOrDefault(directory => File.Exists(Path.Combine(directory, "initdb")) && File.Exists(Path.Combine(directory, "postgres")));
    }

    /// <summary>Makes a cluster and starts it.</summary>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed; ask <see cref="FindBinaries"/> first.</exception>
    /// <exception cref="ProcessFailedException">It does not start; the message has its output.</exception>
    public static async Task<PostgresCluster> StartAsync(CancellationToken cancellationToken)
    {
        var binaries = FindBinaries() ?? throw new InvalidOperationException("PostgreSQL is not installed.");
        var directory = Directory.CreateTempSubdirectory("mana-postgres-").FullName;
        try
        {
            var password = RandomNumberGenerator.GetHexString(32, lowercase: true);
            var passwordFile = Path.Combine(directory, "password");
            await File.WriteAllTextAsync(passwordFile, password, cancellationToken);
            await OwnAsync(directory, cancellationToken);
            var data = Path.Combine(directory, "data");
            await RunAsync(
                "initdb",
                As([
                    Path.Combine(binaries, "initdb"), "--pgdata", data, "--username", User, "--pwfile", passwordFile,
                    "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync",
                ]),
                directory,
                cancellationToken);
            File.Delete(passwordFile);
            var port = FreePorts.Take();
            var server = StartServer(binaries, directory, data, port);
            try
            {
                await server.LineAsync(line => line.Contains("ready to accept connections", StringComparison.Ordinal), StartTime, cancellationToken);
                return new PostgresCluster(directory, password, port, server);
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }
        catch
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its address in the URI form of <c>DATABASE_URL</c>.</returns>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres"));
        await using var command = source.CreateCommand($"create database {name}");
        await command.ExecuteNonQueryAsync(cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"postgresql://{User}:{_password}@127.0.0.1:{_port}/{name}");
    }

    /// <summary>A connection string in Npgsql's form for an address that <see cref="CreateDatabaseAsync"/> gave.</summary>
    /// <param name="address">The URI form.</param>
    /// <param name="schema">The schema in which names are looked up.</param>
    public string ConnectionString(string address, string schema) =>
        new NpgsqlConnectionStringBuilder(ConnectionString(address[(address.LastIndexOf('/') + 1)..])) { SearchPath = schema }.ConnectionString;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // INT is PostgreSQL's fast shutdown: it does not wait for clients.
            await _server.StopAsync("INT", CancellationToken.None);
            await _server.DisposeAsync();
        }
        finally
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    // Tests do not survive a power cut: durability costs nothing here but time.
    private static ProcessUnderTest StartServer(string binaries, string directory, string data, int port)
    {
        var command = As([
            Path.Combine(binaries, "postgres"), "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture), "-k", directory,
            "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
        ]);
        return ProcessUnderTest.Start("postgres", command[0], command[1..], directory: directory);
    }

    // The server refuses to run as root. setpriv becomes the server instead of waiting for it, so that its id is the server's.
    private static string[] As(string[] command) =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", ServerAccount, "--regid", ServerAccount, "--clear-groups", "--", .. command] : command;

    // It must be new and ours: initdb fills it, and at the end everything in it is deleted.
    private static async Task OwnAsync(string directory, CancellationToken cancellationToken)
    {
        var info = new DirectoryInfo(directory);
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        if (info.LinkTarget is not null || (info.UnixFileMode & others) != 0 || info.GetFileSystemInfos() is not [{ Name: "password" }])
        {
            throw new InvalidOperationException($"{directory} is not the empty directory that was just made.");
        }

        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", ["chown", "-R", $"{ServerAccount}:{ServerAccount}", directory], Path.GetTempPath(), cancellationToken);
        }
    }

    private static async Task RunAsync(string name, string[] command, string directory, CancellationToken cancellationToken)
    {
        await using var process = ProcessUnderTest.Start(name, command[0], command[1..], directory: directory);
        if (await process.ExitAsync(StartTime, cancellationToken) is not 0 and var code)
        {
            throw process.Failure(string.Create(CultureInfo.InvariantCulture, $"ended with {code}"));
        }
    }

    private static int VersionOf(string directory) =>
        Digits().Match(Path.GetFileName(directory)) is { Success: true } match ? int.Parse(match.Value, CultureInfo.InvariantCulture) : 0;

    private string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = _port,
        Username = User,
        Password = _password,
        Database = database,
        Pooling = false,
    }.ConnectionString;

    [GeneratedRegex("^[0-9]+")]
    private static partial Regex Digits();
}
