using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Mana.Cli.Clients;
using Mana.Cli.Output;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Identity;
using Mana.Hosting.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Mana.Cli.Commands.Doctor;

/// <summary>The checks of <c>mana doctor</c>, from the machine outwards. None of them changes anything.</summary>
internal sealed class Checkup(CommandContext context)
{
    private static readonly TimeSpan AllowedSkew = TimeSpan.FromSeconds(5);
    private static readonly string[] SqliteServices = ["auth", "mcp", "runner"];

    public async IAsyncEnumerable<DoctorCheck> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = context.Connection;
        yield return new DoctorCheck("mana", DoctorCommand.Ok, ServiceHost.Version, null);
        yield return Runtime();
        yield return DataDirectoryCheck();
        foreach (var check in SecretFiles())
        {
            yield return check;
        }

        await foreach (var check in DatabasesAsync(cancellationToken))
        {
            yield return check;
        }

        yield return await HealthAsync("mana-auth", connection.AuthUrl, "--auth-url", cancellationToken);
        yield return await HealthAsync("mana-mcp", connection.McpUrl, "--mcp-url", cancellationToken);
        yield return await HealthAsync("mana-persona-runner", connection.RunnerUrl, "--runner-url", cancellationToken);
        yield return await ClusterAsync(cancellationToken);
        foreach (var check in await ServiceKeyAndClockAsync(cancellationToken))
        {
            yield return check;
        }

        yield return await AdministratorAsync(cancellationToken);
        yield return context.Environment.Variable("ANTHROPIC_API_KEY") is null
            ? Warn("ANTHROPIC_API_KEY", "not set: ./mana up uses the simulated brain", "set it to let Claude speak for the personas")
            : new DoctorCheck("ANTHROPIC_API_KEY", DoctorCommand.Ok, "set (not tried: a call costs money)", null);
    }

    private static DoctorCheck Runtime() => Environment.Version.Major >= 10
        ? new DoctorCheck("runtime", DoctorCommand.Ok, RuntimeInformation.FrameworkDescription, null)
        : Broken("runtime", RuntimeInformation.FrameworkDescription, "install the .NET 10 SDK");

    private DoctorCheck DataDirectoryCheck()
    {
        var directory = context.Connection.Files.Directory;
        if (!Directory.Exists(directory))
        {
            return Warn("data directory", $"{directory} does not exist yet", "./mana up makes it; or name another with --data");
        }

        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(directory) & others) != 0
            ? Warn("data directory", $"{directory} is open to other users of this machine", $"chmod 700 {directory}")
            : new DoctorCheck("data directory", DoctorCommand.Ok, directory + (context.Connection.Files.IsLocked() ? " (in use by mana up)" : ""), null);
    }

    private IEnumerable<DoctorCheck> SecretFiles()
    {
        var files = context.Connection.Files;
        foreach (var name in new[] { Connection.DataFiles.ServiceKey, Connection.DataFiles.AuthSecret, Connection.DataFiles.AdminPassword, Connection.DataFiles.SeedSecret })
        {
            var path = files.SecretPath(name);
            if (!OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
            {
                yield return Broken("secret " + name, $"{path} can be read by others", $"chmod 600 {path}, and replace the secret if others use this machine");
            }
        }
    }

    private async IAsyncEnumerable<DoctorCheck> DatabasesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var variables = new ConfigurationBuilder()
            .AddInMemoryCollection(context.Environment.Variables.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)))
            .AddInMemoryCollection([KeyValuePair.Create(DatabaseSettings.DirectoryKey, (string?)context.Connection.Files.Directory)])
            .Build();
        var reader = new SettingsReader(variables);
        foreach (var service in SqliteServices)
        {
            var settings = DatabaseSettings.Read(reader, service);
            if (reader.Errors.Count > 0)
            {
                yield return Broken("database", reader.Errors[0], "mend DATABASE_URL, or unset it for the embedded databases");
                yield break;
            }

            if (settings.Kind == DatabaseKind.PostgreSql)
            {
                yield return await PostgresAsync(settings, cancellationToken);
                yield break;
            }

            if (File.Exists(settings.File))
            {
                yield return await SqliteAsync(service, settings.File, cancellationToken);
            }
        }
    }

    private static async Task<DoctorCheck> SqliteAsync(string service, string file, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "pragma quick_check(1)";
            var verdict = (string?)await command.ExecuteScalarAsync(cancellationToken);
            return verdict == "ok"
                ? new DoctorCheck("database " + service, DoctorCommand.Ok, $"{file}, {new FileInfo(file).Length / 1024} KB, sound", null)
                : Broken("database " + service, $"{file} is damaged: {verdict}", "restore it from a backup, or delete it to begin anew");
        }
        catch (SqliteException e)
        {
            return Broken("database " + service, $"{file} cannot be opened: {e.Message.TrimEnd('.')}", "check who owns it, or name another directory with --data");
        }
    }

    private static async Task<DoctorCheck> PostgresAsync(DatabaseSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            return new DoctorCheck("database", DoctorCommand.Ok, $"PostgreSQL {connection.PostgreSqlVersion} (DATABASE_URL)", null);
        }
        catch (NpgsqlException e)
        {
            return Broken("database", $"DATABASE_URL cannot be opened: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}", "start PostgreSQL, or mend DATABASE_URL");
        }
    }

    private static async Task<DoctorCheck> HealthAsync(string service, Uri url, string option, CancellationToken cancellationToken)
    {
        var address = url.AbsoluteUri.TrimEnd('/');
        using var http = new ServiceHttp(service, url, option);
        try
        {
            using var response = await http.SendAsync(HttpMethod.Get, "/health", cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            var health = JsonSerializer.Deserialize(text, CliJson.Default.HealthView);
            if (health?.Service is { } name && name != service)
            {
                return Broken(service, $"{address} is {name}", $"give the right address with {option}");
            }

            var detail = $"{address} {(health?.Version is { } version ? "version " + version : "(tells no version)")}{(health?.Brain is { } brain ? ", brain " + brain : "")}";
            if (!response.IsSuccessStatusCode)
            {
                return Broken(service, $"{detail}, unhealthy ({(int)response.StatusCode} {health?.Status})", "look at its log");
            }

            return health?.Version is { } other && other != ServiceHost.Version
                ? Warn(service, detail, $"this mana is {ServiceHost.Version}: update one of them")
                : new DoctorCheck(service, DoctorCommand.Ok, detail, null);
        }
        catch (JsonException)
        {
            return Broken(service, $"{address} answers /health, but not as a service of mana", $"give the right address with {option}");
        }
        catch (CliException)
        {
            return Broken(service, $"not reachable at {address}", $"start it with ./mana up, or name another with {option}");
        }
    }

    private async Task<DoctorCheck> ClusterAsync(CancellationToken cancellationToken)
    {
        const string name = "cluster";
        using var runner = context.Runner();
        try
        {
            var cluster = await runner.ClusterAsync(cancellationToken);
            if (cluster.LastBeatError is { } error)
            {
                return Warn(name, "nobody is asked who is due: " + error, "./mana cluster status shows more");
            }

            var nodes = cluster.Shared ? Texts.Count(cluster.Nodes.Count, "node") : "one node, alone on SQLite";
            return cluster.Orphaned > 0
                ? Warn(name, $"{nodes}, {Texts.Count(cluster.Orphaned, "tick")} of nodes that are gone", "they are handed out again within seconds; if not, look at the runners' logs")
                : new DoctorCheck(name, DoctorCommand.Ok, nodes + (cluster.Paused ? ", paused" : ""), null);
        }
        catch (CliException e)
        {
            return Warn(name, e.Code == ExitCode.Unreachable ? "not asked: mana-persona-runner is not reachable" : e.Message, null);
        }
    }

    private async Task<IReadOnlyList<DoctorCheck>> ServiceKeyAndClockAsync(CancellationToken cancellationToken)
    {
        const string name = "service key";
        if (context.Connection.ServiceKey is not { } key)
        {
            return [Broken(name, $"{ServiceKey.SettingKey} is not set and {context.Connection.Files.Directory} holds none", $"set {ServiceKey.SettingKey} to mana-auth's")];
        }

        using var auth = new AuthClient(context.Connection.AuthUrl);
        DueResponse due;
        try
        {
            due = await auth.DueAsync(key, cancellationToken);
        }
        catch (CliException e)
        {
            return e.Code switch
            {
                ExitCode.Unreachable => [Warn(name, "not tried: mana-auth is not reachable", null)],
                ExitCode.Refused => [Broken(name, "mana-auth does not accept it", $"give both services the same {ServiceKey.SettingKey}")],
                _ => [Broken(name, e.Message, "look at mana-auth's log")],
            };
        }

        var accepted = new DoctorCheck(name, DoctorCommand.Ok, "accepted by mana-auth", null);
        var skew = due.ServerTime - context.Environment.Time.GetUtcNow();
        var seconds = skew.Duration().TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        return skew.Duration() < AllowedSkew
            ? [accepted, new DoctorCheck("clock", DoctorCommand.Ok, $"mana-auth and this machine differ by {seconds} s", null)]
            : [accepted, Broken("clock", $"mana-auth's clock is {seconds} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} this machine's", $"synchronise both clocks (NTP); {DomainClock.StartKey} moves the clock on purpose")];
    }

    private async Task<DoctorCheck> AdministratorAsync(CancellationToken cancellationToken)
    {
        const string name = "administrator";
        using var auth = new AuthClient(context.Connection.AuthUrl);
        try
        {
            var jwt = await context.AdminJwtAsync(auth, cancellationToken);
            var personas = await auth.ListPersonasAsync(jwt, cancellationToken);
            return personas.Count > 0
                ? new DoctorCheck(name, DoctorCommand.Ok, $"signs in, {personas.Count} personas", null)
                : Warn(name, "signs in, but there are no personas", "./mana seed brings in the ten of the catalog");
        }
        catch (CliException e)
        {
            return e.Code switch
            {
                ExitCode.Unreachable => Warn(name, "not tried: mana-auth is not reachable", null),
                ExitCode.Usage => Warn(name, "none is known here", $"set {Connection.Connection.AdminEmailKey} and {Connection.Connection.AdminPasswordKey}, or name the data directory with --data"),
                _ => Broken(name, e.Message, "./mana admin create EMAIL makes one, with the same --data or DATABASE_URL as mana-auth"),
            };
        }
    }

    private static DoctorCheck Warn(string name, string detail, string? fix) => new(name, DoctorCommand.Warning, detail, fix);

    private static DoctorCheck Broken(string name, string detail, string fix) => new(name, DoctorCommand.Broken, detail, fix);
}
