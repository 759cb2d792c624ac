using Microsoft.Data.Sqlite;
using Npgsql;

namespace Mana.Hosting.Storage;

/// <summary>Faults of a store as a whole, which somebody has to mend, as opposed to those of a single statement.</summary>
public static class StoreFault
{
    /// <summary>What is the matter, for a person; null when the fault is none of the store as a whole.</summary>
    public static string? Of(Exception e) => e switch
    {
        SqliteException sqlite => Of(sqlite.SqliteErrorCode),
        PostgresException { SqlState: "25006" } => "its database is read-only",
        PostgresException { SqlState: ['5', '3' or '7' or '8', ..] } postgres => $"its server says \"{postgres.MessageText}\"",
        PostgresException => null,
        NpgsqlException => "its server cannot be reached",
        _ => null,
    };

    // SQLite's primary result codes.
    private static string? Of(int code) => code switch
    {
        5 => "another process keeps it locked",
        8 => "its file is read-only",
        10 => "its disk cannot be read or written, or is full",
        11 or 26 => "its file is damaged",
        13 => "the disk is full",
        14 => "its file cannot be opened",
        _ => null,
    };
}
