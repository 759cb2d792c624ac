using System.Reflection;
using DbUp;
using DbUp.Builder;
using DbUp.Engine.Output;
using Npgsql;

namespace Mana.Hosting.Storage;

/// <summary>Applies the numbered SQL of a service, once each, in name order.</summary>
internal static class Migrations
{
    // Any constant will do; it only has to be the same in every process of ours.
    private const long AdvisoryLock = 0x6D616E61;

    public static void Apply(DatabaseSettings settings, Assembly assembly)
    {
        if (settings.Kind == DatabaseKind.Sqlite)
        {
            Upgrade(DeployChanges.To.SqliteDatabase(settings.ConnectionString), assembly, ".Migrations.Sqlite.");
            return;
        }

        // Two nodes that start together must not both create a table.
        using var connection = new NpgsqlConnection(settings.ConnectionString);
        connection.Open();
        Execute(connection, $"select pg_advisory_lock({AdvisoryLock})");
        try
        {
            Execute(connection, $"create schema if not exists {settings.Schema}");
            Upgrade(
                DeployChanges.To.PostgresqlDatabase(settings.ConnectionString, settings.Schema),
                assembly,
                ".Migrations.PostgreSql.");
        }
        finally
        {
            Execute(connection, $"select pg_advisory_unlock({AdvisoryLock})");
        }
    }

    private static void Upgrade(UpgradeEngineBuilder builder, Assembly assembly, string folder)
    {
        var result = builder
            .WithScriptsEmbeddedInAssembly(assembly, name => name.Contains(folder, StringComparison.Ordinal))
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogTo(new NoOpUpgradeLog())
            .Build()
            .PerformUpgrade();
        if (!result.Successful)
        {
            throw new ConfigurationException(
                StoreFault.Of(result.Error) is { } fault
                    ? $"The database cannot be used: {fault} ({result.Error.Message.TrimEnd('.')})"
                    : $"Migration {result.ErrorScript?.Name} failed: {result.Error.Message}");
        }
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
