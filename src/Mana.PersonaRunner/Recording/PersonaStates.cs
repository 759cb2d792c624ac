using LinqToDB.Data;
using Mana.Contracts;
using Mana.Hosting.Storage;
using Mana.PersonaRunner.Ticks;

namespace Mana.PersonaRunner.Recording;

/// <summary>
/// What the schedule has to know of each persona: when its last tick ended, how many failed in a row, and until when it
/// is left alone for that. One row a persona, written with the end of the tick.
/// </summary>
internal sealed class PersonaStates(ServiceDatabase database)
{
    private const int ReadTogether = 500;

    /// <summary>The states of those of the personas that ever ended a tick, by persona.</summary>
    public async Task<IReadOnlyDictionary<string, PersonaStateRow>> OfAsync(IEnumerable<string> personas, CancellationToken cancellationToken)
    {
        var states = new Dictionary<string, PersonaStateRow>(StringComparer.Ordinal);
        foreach (var chunk in personas.Chunk(ReadTogether))
        {
            var names = string.Join(", ", Enumerable.Range(0, chunk.Length).Select(i => $"@p{i}"));
            var parameters = chunk.Select((persona, i) => ($"p{i}", (object?)persona)).ToArray();
            var rows = await database.ReadAsync(
                (db, ct) => db.RowsAsync<PersonaStateRow>($"select * from persona_states where persona_id in ({names})", ct, parameters), cancellationToken);
            foreach (var row in rows)
            {
                states.Add(row.PersonaId, row);
            }
        }

        return states;
    }

    /// <summary>Counts the end of a tick, in the transaction that ends it.</summary>
    public static async Task EndedAsync(DataConnection db, TickRow tick, CancellationToken cancellationToken)
    {
        if (tick.Stage == TickStages.Cancelled)
        {
            // Whoever stopped the visit does not want it again with the next beat; of the persona it says nothing.
            await db.RunAsync(
                """
                insert into persona_states (persona_id, last_ended_at, failures) values (@persona, @at, 0)
                on conflict (persona_id) do update set last_ended_at = excluded.last_ended_at
                """,
                cancellationToken,
                ("persona", tick.PersonaId), ("at", tick.EndedAt));
            return;
        }

        var failed = tick.Outcome is TickOutcomes.Failed or TickOutcomes.TimedOut;
        var state = await db.RowAsync<PersonaStateRow>("select * from persona_states where persona_id = @persona", cancellationToken, ("persona", tick.PersonaId));
        var failures = failed ? (state?.Failures ?? 0) + 1 : 0;
        await db.RunAsync(
            """
            insert into persona_states (persona_id, last_ended_at, failures, not_before, last_error) values (@persona, @at, @failures, @until, @error)
            on conflict (persona_id) do update
              set last_ended_at = excluded.last_ended_at, failures = excluded.failures, not_before = excluded.not_before, last_error = excluded.last_error
            """,
            cancellationToken,
            ("persona", tick.PersonaId), ("at", tick.EndedAt), ("failures", failures),
            ("until", failed ? tick.EndedAt + FailureBackOff.Rest(failures, new UserId(tick.PersonaId)) : null), ("error", failed ? tick.Error : null));
    }
}
