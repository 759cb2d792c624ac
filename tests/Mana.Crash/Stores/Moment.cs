namespace Mana.Crash.Stores;

/// <summary>A tick that is open.</summary>
internal sealed record OpenTick(string Id, string Persona, string Phase, string? Owner, long Epoch, bool IsRated);

/// <summary>A tool call that has its result, or a model call that has its answer.</summary>
/// <param name="Kind">call or model.</param>
/// <param name="Tick">The tick.</param>
/// <param name="Seq">Its place.</param>
/// <param name="Times">How often it was sent.</param>
internal sealed record Finished(string Kind, string Tick, long Seq, long Times);

/// <summary>What the runner's store says at the moment of a kill.</summary>
internal sealed record Moment(IReadOnlyList<OpenTick> Open, IReadOnlyList<Finished> Finished)
{
    public static Task<Moment> ReadAsync(ServiceStores stores, CancellationToken cancellationToken) => stores.RunnerAsync(
        async connection => new Moment(
            await ServiceStores.ListAsync(
                connection,
                """
                select id, persona_id, phase, owner, epoch, (select count(*) from ratings r where r.tick_id = t.id)
                from ticks t where ended_at is null
                """,
                row => new OpenTick(row.Text(0), row.Text(1), row.Text(2), row.OptionalText(3), row.Number(4), row.Number(5) > 0),
                cancellationToken),
            await ServiceStores.ListAsync(
                connection,
                """
                select 'call', c.tick_id, c.seq, c.sent from calls c join ticks t on t.id = c.tick_id where t.ended_at is null and c.result is not null
                union all
                select 'model', m.tick_id, m.seq, m.asked from model_calls m join ticks t on t.id = m.tick_id where t.ended_at is null and m.content is not null
                """,
                row => new Finished(row.Text(0), row.Text(1), row.Number(2), row.Number(3)),
                cancellationToken)),
        cancellationToken);
}
