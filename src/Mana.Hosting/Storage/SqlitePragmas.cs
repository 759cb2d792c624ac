using System.Data.Common;

namespace Mana.Hosting.Storage;

/// <summary>What every SQLite connection needs at every open: pooled connections keep nothing we could rely on.</summary>
internal static class SqlitePragmas
{
    /// <summary>WAL with <c>synchronous=FULL</c>: a power cut loses nothing that was acknowledged; the write queue pays for the sync once per group.</summary>
    /// <param name="connection">Just opened.</param>
    /// <param name="isThrowAway">Without the sync: the data is gone with the process anyway.</param>
    public static void Apply(DbConnection connection, bool isThrowAway)
    {
        using var command = connection.CreateCommand();
        command.CommandText = isThrowAway
            ? "pragma busy_timeout=5000; pragma journal_mode=wal; pragma synchronous=off; pragma foreign_keys=on;"
            : "pragma busy_timeout=5000; pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on;";
        command.ExecuteNonQuery();
    }
}
