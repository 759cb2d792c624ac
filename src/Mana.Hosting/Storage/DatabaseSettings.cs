using Microsoft.Data.Sqlite;
using Npgsql;

namespace Mana.Hosting.Storage;

/// <summary>The two databases that every service runs on.</summary>
public enum DatabaseKind
{
    /// <summary>One file per service in the data directory.</summary>
    Sqlite,

    /// <summary>One schema per service, when <c>DATABASE_URL</c> is set.</summary>
    PostgreSql,
}

/// <summary>Which database a service uses.</summary>
/// <param name="Kind">The provider.</param>
/// <param name="ConnectionString">In the provider's own form; it may hold a password, so it is never logged.</param>
/// <param name="Schema">The PostgreSQL schema, <c>mana_auth</c> for instance; unused on SQLite.</param>
/// <param name="File">The SQLite file; null on PostgreSQL.</param>
public sealed record DatabaseSettings(DatabaseKind Kind, string ConnectionString, string Schema, string? File)
{
    /// <summary>The directory of the embedded databases when <see cref="DirectoryKey"/> is unset.</summary>
    public const string DefaultDirectory = ".mana";

    /// <summary>The configuration key of the data directory.</summary>
    public const string DirectoryKey = "MANA_DATA";

    /// <summary>
    /// The configuration key of <see cref="IsThrowAway"/>; for runs whose data is deleted with their end, refused in production.
    /// </summary>
    public const string ThrowAwayKey = "MANA_DATA_THROW_AWAY";

    /// <summary>The configuration key of a PostgreSQL address, URI or key-value form.</summary>
    public const string UrlKey = "DATABASE_URL";

    /// <summary>Nobody waits for the disk: a power cut may leave an SQLite file damaged.</summary>
    public bool IsThrowAway { get; init; }

    /// <summary>Reads <c>DATABASE_URL</c>, else a file <c>{service}.db</c> in <c>MANA_DATA</c>.</summary>
    /// <param name="settings">Gathers the faults.</param>
    /// <param name="service">Short name: auth, mcp or runner.</param>
    public static DatabaseSettings Read(SettingsReader settings, string service)
    {
        var schema = "mana_" + service;
        if (settings.Optional(UrlKey) is { } url)
        {
            try
            {
                return new DatabaseSettings(DatabaseKind.PostgreSql, PostgresConnectionString(url, schema), schema, null);
            }
            catch (Exception e) when (e is ArgumentException or FormatException or UriFormatException)
            {
                // The value may hold a password: name the key and the wanted form only.
                settings.Fault($"{UrlKey} must be postgresql://user:password@host:port/database or Host=…;Database=…");
            }
        }

        var isThrowAway = settings.Flag(ThrowAwayKey, false);
        if (isThrowAway && settings.Environment.IsProduction)
        {
            settings.Fault($"{ThrowAwayKey} lets a power cut destroy the data and is refused in production; remove it");
        }

        var directory = Path.GetFullPath(settings.Text(DirectoryKey, DefaultDirectory));
        var file = Path.Combine(directory, service + ".db");
        var builder = new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWriteCreate };
        return new DatabaseSettings(DatabaseKind.Sqlite, builder.ConnectionString, schema, file) { IsThrowAway = isThrowAway };
    }

    private static string PostgresConnectionString(string url, string schema)
    {
        NpgsqlConnectionStringBuilder builder;
        if (url.StartsWith("postgres://", StringComparison.Ordinal) || url.StartsWith("postgresql://", StringComparison.Ordinal))
        {
            var uri = new Uri(url);
            var user = uri.UserInfo.Split(':', 2);
            builder = new NpgsqlConnectionStringBuilder
            {
                Host = uri.Host,
                Port = uri.Port > 0 ? uri.Port : 5432,
                Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
                Username = Uri.UnescapeDataString(user[0]),
            };
            if (user.Length == 2)
            {
                builder.Password = Uri.UnescapeDataString(user[1]);
            }

            foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            {
                var parts = pair.Split('=', 2);
                var key = Uri.UnescapeDataString(parts[0]);
                builder[key == "sslmode" ? "SSL Mode" : key] = Uri.UnescapeDataString(parts.Length == 2 ? parts[1] : "");
            }
        }
        else
        {
            builder = new NpgsqlConnectionStringBuilder(url);
        }

        if (string.IsNullOrEmpty(builder.Host) || string.IsNullOrEmpty(builder.Database))
        {
            throw new ArgumentException("A PostgreSQL address needs a host and a database.", nameof(url));
        }

        builder.SearchPath = schema;
        return builder.ConnectionString;
    }
}
