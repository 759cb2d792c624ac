using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Mana.EndToEnd.Stores;

/// <summary>A tick, as the runner and as mana-auth know it.</summary>
internal sealed record Tick(string Id, string Persona, string? Outcome, string Brain, long Calls);

/// <summary>A tool call, as the runner and as mana-auth know it.</summary>
internal sealed record Call(string Persona, string Tick, long Seq, string Tool, string? InputHash, string? Result, long? LatencyMs);

/// <summary>What only the runner keeps of a call.</summary>
internal sealed record CallAnswer(string Tick, long Seq, string Persona, string ToolUseId, string Tool, string? Result, string? Output);

/// <summary>A rating that was given, as the runner and as mana-auth know it.</summary>
internal sealed record Rating(string Persona, string Tick, string Module, long Value, string? Notes);

/// <summary>The calls behind a rating.</summary>
internal sealed record RatingEvidence(string Tick, string Module, string Evidence);

/// <summary>A call of a model.</summary>
internal sealed record ModelCall(string Tick, long InputTokens, long OutputTokens);

/// <summary>A record of mana-mcp; <c>CallKey</c> names the call that made it: tick and number.</summary>
internal sealed record StoredRecord(string Id, string Collection, string Author, string Space, string? CallKey);

/// <summary>A membership in a space.</summary>
internal sealed record Member(string User, string Space);

/// <summary>
/// The rows of the three services, read past their code. The same statements run on both databases: SQLite has one
/// file per service, PostgreSQL one schema.
/// </summary>
internal sealed class StoreRows
{
    public required IReadOnlyList<string> Personas { get; init; }

    public required IReadOnlyList<Member> Members { get; init; }

    public required IReadOnlyList<Tick> AuthTicks { get; init; }

    public required IReadOnlyList<Call> AuthActions { get; init; }

    public required IReadOnlyList<Rating> AuthFeedback { get; init; }

    public required IReadOnlyList<Tick> RunnerTicks { get; init; }

    public required IReadOnlyList<Call> RunnerCalls { get; init; }

    public required IReadOnlyList<CallAnswer> Answers { get; init; }

    public required IReadOnlyList<Rating> RunnerRatings { get; init; }

    public required IReadOnlyList<RatingEvidence> Evidence { get; init; }

    public required IReadOnlyList<ModelCall> ModelCalls { get; init; }

    public required long Undelivered { get; init; }

    public required IReadOnlyList<StoredRecord> Records { get; init; }

    public static Task<StoreRows> ReadSqliteAsync(string directory, CancellationToken cancellationToken) => ReadAsync(
        service => new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(directory, service + ".db"), Pooling = false }.ConnectionString),
        cancellationToken);

    /// <param name="connectionString">By schema.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static Task<StoreRows> ReadPostgresAsync(Func<string, string> connectionString, CancellationToken cancellationToken) =>
        ReadAsync(service => new NpgsqlConnection(connectionString("mana_" + service)), cancellationToken);

    private static async Task<StoreRows> ReadAsync(Func<string, DbConnection> open, CancellationToken cancellationToken)
    {
        await using var auth = open("auth");
        await using var mcp = open("mcp");
        await using var runner = open("runner");
        foreach (var connection in new[] { auth, mcp, runner })
        {
            await connection.OpenAsync(cancellationToken);
        }

        return new StoreRows
        {
            Personas = await ListAsync(auth, "select user_id from personas", row => row.Text(0), cancellationToken),
            Members = await ListAsync(
                auth, "select user_id, organization_id from members", row => new Member(row.Text(0), row.Text(1)), cancellationToken),
            AuthTicks = await ListAsync(
                auth,
                "select tick_id, persona_id, outcome, brain, tool_calls from persona_ticks order by tick_id",
                row => new Tick(row.Text(0), row.Text(1), row.OptionalText(2), row.Text(3), row.Number(4)),
                cancellationToken),
            AuthActions = await ListAsync(
                auth,
                "select persona_id, tick_id, seq, tool_name, input_hash, result, latency_ms from persona_actions order by tick_id, seq",
                ReadCall,
                cancellationToken),
            AuthFeedback = await ListAsync(
                auth, "select persona_id, tick_id, module, rating, notes from persona_feedback order by tick_id, module", ReadRating, cancellationToken),
            RunnerTicks = await ListAsync(
                runner,
                "select t.id, t.persona_id, t.outcome, t.brain, (select count(*) from calls c where c.tick_id = t.id) from ticks t order by t.id",
                row => new Tick(row.Text(0), row.Text(1), row.OptionalText(2), row.Text(3), row.Number(4)),
                cancellationToken),
            RunnerCalls = await ListAsync(
                runner,
                """
                select t.persona_id, c.tick_id, c.seq, c.tool, c.input_hash, c.result, c.latency_ms
                from calls c join ticks t on t.id = c.tick_id order by c.tick_id, c.seq
                """,
                ReadCall,
                cancellationToken),
            Answers = await ListAsync(
                runner,
                """
                select c.tick_id, c.seq, t.persona_id, c.tool_use_id, c.tool, c.result, c.output
                from calls c join ticks t on t.id = c.tick_id order by c.tick_id, c.seq
                """,
                row => new CallAnswer(
                    row.Text(0), row.Number(1), row.Text(2), row.Text(3), row.Text(4), row.OptionalText(5), row.OptionalText(6)),
                cancellationToken),
            RunnerRatings = await ListAsync(
                runner,
                """
                select t.persona_id, r.tick_id, r.module, r.rating, r.note
                from ratings r join ticks t on t.id = r.tick_id where r.rating is not null order by r.tick_id, r.module
                """,
                ReadRating,
                cancellationToken),
            Evidence = await ListAsync(
                runner, "select tick_id, module, evidence from ratings", row => new RatingEvidence(row.Text(0), row.Text(1), row.Text(2)), cancellationToken),
            ModelCalls = await ListAsync(
                runner,
                "select tick_id, input_tokens, output_tokens from model_calls",
                row => new ModelCall(row.Text(0), row.Number(1), row.Number(2)),
                cancellationToken),
            Undelivered = (await ListAsync(runner, "select count(*) from outbox", row => row.Number(0), cancellationToken))[0],
            Records = await ListAsync(
                mcp,
                "select id, collection, author_id, space_id, call_key from records order by seq",
                row => new StoredRecord(row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.OptionalText(4)),
                cancellationToken),
        };
    }

    private static Call ReadCall(DbDataReader row) =>
        new(row.Text(0), row.Text(1), row.Number(2), row.Text(3), row.OptionalText(4), row.OptionalText(5), row.OptionalNumber(6));

    private static Rating ReadRating(DbDataReader row) => new(row.Text(0), row.Text(1), row.Text(2), row.Number(3), row.OptionalText(4));

    private static async Task<List<T>> ListAsync<T>(
        DbConnection connection, string statement, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}

file static class Columns
{
    public static string Text(this DbDataReader row, int column) => row.GetString(column);

    public static string? OptionalText(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static long Number(this DbDataReader row, int column) => Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);

    public static long? OptionalNumber(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.Number(column);
}
