using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LinqToDB.Mapping;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.Mcp.Idempotency;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Mana.Mcp.Records;

/// <summary>The first answer of a call with a key.</summary>
[Table("idempotency_keys")]
internal sealed class KeyedAnswerRow
{
    [PrimaryKey(1), Column("space_id")]
    public required string SpaceId { get; set; }

    [PrimaryKey(2), Column("idempotency_key")]
    public required string IdempotencyKey { get; set; }

    [Column("fingerprint")]
    public required string Fingerprint { get; set; }

    /// <summary>The whole result as JSON.</summary>
    [Column("answer")]
    public required string Answer { get; set; }

    [Column("created_at")]
    public required DateTimeOffset CreatedAt { get; set; }
}

/// <summary>
/// The first answers of calls with a key, kept for <see cref="Lifetime"/>. Which answer is the first is decided by the
/// primary key of the table: whoever adds a second one, in whatever process, must undo what came before.
/// </summary>
internal sealed class KeyedAnswers(ServiceDatabase database, DomainClock clock)
{
    /// <summary>How long a repeat is known; afterwards the key is as good as new.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    // The writers of the service wait for each purge; so many rows take a few milliseconds.
    private const int PurgedAtOnce = 500;

    private static readonly JsonTypeInfo<CallToolResult> Json =
        (JsonTypeInfo<CallToolResult>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(CallToolResult));

    private DateTimeOffset Expired => clock.Now() - Lifetime;

    /// <summary>The first answer; null when there is none yet (or no more).</summary>
    /// <exception cref="McpProtocolException">The key belongs to another call.</exception>
    public async Task<CallToolResult?> FindAsync(KeyedCall call, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync(
            (db, ct) => db.RowAsync<KeyedAnswerRow>(
                "select * from idempotency_keys where space_id = @space and idempotency_key = @key and created_at > @expired",
                ct,
                ("space", call.Space.Value), ("key", call.Key), ("expired", Expired)),
            cancellationToken);
        if (row is null)
        {
            return null;
        }

        return row.Fingerprint == call.Fingerprint
            ? JsonSerializer.Deserialize(row.Answer, Json)
            : throw new McpProtocolException(
                $"Invalid params: the {McpWire.IdempotencyKey} was used before, by another user, for another tool or with other arguments; "
                + "a new call needs a new key",
                McpErrorCode.InvalidParams);
    }

    /// <summary>Adds the answer in the transaction of what the call did.</summary>
    /// <exception cref="KeyTakenException">There is an answer already: the transaction must not be committed.</exception>
    public async Task AddAsync(RecordSession session, KeyedCall call, CallToolResult answer, CancellationToken cancellationToken)
    {
        // On PostgreSQL this waits for another process that is about to commit the same key.
        var added = await session.WriteAsync((db, ct) => db.RunAsync(
            """
            insert into idempotency_keys (space_id, idempotency_key, fingerprint, answer, created_at, author_id)
            values (@space, @key, @fingerprint, @answer, @now, @author)
            on conflict (space_id, idempotency_key) do update
            set fingerprint = excluded.fingerprint, answer = excluded.answer, created_at = excluded.created_at, author_id = excluded.author_id
            where idempotency_keys.created_at <= @expired
            """,
            ct,
            ("space", call.Space.Value), ("key", call.Key), ("fingerprint", call.Fingerprint),
            ("answer", JsonSerializer.Serialize(answer, Json)), ("now", clock.Now()), ("author", call.Author.Value), ("expired", Expired)), cancellationToken);
        if (added == 0)
        {
            throw new KeyTakenException();
        }
    }

    /// <summary>Adds the answer of a call that changed nothing.</summary>
    /// <exception cref="KeyTakenException">There is an answer already.</exception>
    /// <exception cref="RemovedException">The space or the author was removed a moment ago.</exception>
    public Task AddAsync(KeyedCall call, CallToolResult answer, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                await SpaceQuota.EnterAsync(db, database.Kind, call.Space, call.Author, clock.Now(), ct);
                await AddAsync(new RecordSession(database, db), call, answer, ct);
            },
            cancellationToken);

    /// <summary>Removes what has expired, a little at a time, and says how much it was.</summary>
    public async Task<int> PurgeAsync(CancellationToken cancellationToken)
    {
        var purged = 0;
        int last;
        do
        {
            last = await database.WriteAsync(
                (db, ct) => db.RunAsync(
                    """
                    delete from idempotency_keys where (space_id, idempotency_key) in (
                        select space_id, idempotency_key from idempotency_keys where created_at <= @expired order by created_at limit @limit)
                    """,
                    ct,
                    ("expired", Expired), ("limit", PurgedAtOnce)),
                cancellationToken);
            purged += last;
        }
        while (last == PurgedAtOnce);
        return purged;
    }
}

/// <summary>Another process answered the call first.</summary>
internal sealed class KeyTakenException() : Exception("The call was answered already.");
