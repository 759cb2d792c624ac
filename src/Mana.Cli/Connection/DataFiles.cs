using System.Text.Json;
using System.Text.Json.Serialization;
using Mana.Hosting.Storage;

namespace Mana.Cli.Connection;

/// <summary>Where the services of the last <c>mana up</c> listen; <c>connection.json</c> in the data directory.</summary>
internal sealed record ConnectionFile(string AuthUrl, string McpUrl, string RunnerUrl, int ProcessId, DateTimeOffset StartedAt);

/// <summary>What <c>mana up</c> leaves in the data directory, so that <c>--data DIR</c> is all that other commands need.</summary>
/// <remarks>
/// Each secret is a file of its own with mode 0600, so that a script reads one without parsing:
/// <c>curl -H "X-Service-Key: $(cat .mana/secrets/service-key)" …</c>.
/// </remarks>
internal sealed class DataFiles(string directory)
{
    public const string AdminEmail = "admin-email";
    public const string AdminPassword = "admin-password";
    public const string ServiceKey = "service-key";
    public const string AuthSecret = "auth-secret";
    public const string SeedSecret = "seed-secret";

    private readonly string _secrets = Path.Combine(directory, "secrets");

    public string Directory { get; } = directory;

    public string ConnectionPath => Path.Combine(Directory, "connection.json");

    private string LockPath => Path.Combine(Directory, "up.lock");

    public string SecretPath(string name) => Path.Combine(_secrets, name);

    public string? ReadSecret(string name)
    {
        try
        {
            return File.ReadAllText(SecretPath(name)).Trim() is { Length: > 0 } value ? value : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public void WriteSecret(string name, string value)
    {
        DataDirectory.Ensure(Directory);
        DataDirectory.Ensure(_secrets);
        if (ReadSecret(name) != value)
        {
            DataDirectory.WriteSecret(SecretPath(name), value);
        }
    }

    public ConnectionFile? ReadConnection()
    {
        try
        {
            using var stream = File.OpenRead(ConnectionPath);
            return JsonSerializer.Deserialize(stream, ConnectionJson.Default.ConnectionFile);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            throw new CliException(ExitCode.Usage, $"{ConnectionPath} is damaged; delete it, or start ./mana up again, which rewrites it");
        }
    }

    public void WriteConnection(ConnectionFile connection)
    {
        DataDirectory.Ensure(Directory);
        var temporary = ConnectionPath + ".new";
        File.WriteAllText(temporary, JsonSerializer.Serialize(connection, ConnectionJson.Default.ConnectionFile) + "\n");
        File.Move(temporary, ConnectionPath, overwrite: true);
    }

    /// <summary>Held by a running <c>mana up</c>; null when another one holds it.</summary>
    public FileStream? TryLock()
    {
        DataDirectory.Ensure(Directory);
        return DataDirectory.TryLock(LockPath);
    }

    /// <summary>Whether a <c>mana up</c> runs on this directory.</summary>
    public bool IsLocked()
    {
        if (!File.Exists(LockPath))
        {
            return false;
        }

        using var mine = TryLock();
        return mine is null;
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(ConnectionFile))]
internal sealed partial class ConnectionJson : JsonSerializerContext;
