using Mana.Cli.Clients;
using Mana.Cli.Output;
using Mana.Contracts;

namespace Mana.Cli.Commands.Purge;

/// <summary>Removes rows in all three services, and adds up what each of them says of it.</summary>
internal sealed class PurgeWork(AuthClient auth, string jwt, McpAdminClient mcp, RunnerClient runner)
{
    private const string Auth = "mana-auth";
    private const string Mcp = "mana-mcp";
    private const string Runner = "mana-persona-runner";

    // Few enough that nobody who writes in the meantime waits for long.
    private const int TicksAtOnce = 100;

    private readonly Dictionary<(string Service, string Table), PurgedTable> _tables = [];

    /// <summary>What was removed and what is left, by service and table.</summary>
    public IReadOnlyList<PurgedTable> Tables => [.. _tables.Values];

    /// <summary>The ticks that were removed.</summary>
    public List<TickId> Ticks { get; } = [];

    /// <summary>The spaces that went with a persona.</summary>
    public IReadOnlyList<PurgedSpace> Spaces { get; private set; } = [];

    /// <summary>Every table was counted, and none holds a row any more.</summary>
    public bool IsProven => _tables.Values.All(table => table.Remaining == 0) && Spaces.All(space => space.Removed);

    /// <summary>Everything of a persona.</summary>
    public async Task PersonaAsync(string email, CancellationToken cancellationToken)
    {
        // mana-auth first: a persona that is no longer there is not due, so no new visit begins behind our back.
        var request = new PurgeRequest(email);
        var fromAuth = await auth.PurgeAsync(jwt, request, cancellationToken);
        Spaces = fromAuth.Spaces ?? [];
        Add(Auth, fromAuth);
        if (Spaces.Count > 0)
        {
            if (fromAuth.UserId is { } user)
            {
                AddOfMcp(await mcp.PurgeAuthorAsync(user, cancellationToken), " by the persona");
            }

            // It counts, we do not believe.
            foreach (var space in Spaces)
            {
                Add(new PurgedTable(Mcp, $"space {space.Slug}", null, await mcp.CountRowsAsync(space.Id, cancellationToken)));
            }
        }

        Add(Runner, await runner.PurgeAsync(request, cancellationToken));
    }

    /// <summary>Everything that a run opened; ticks that it opens meanwhile go too.</summary>
    public async Task RunAsync(string run, CancellationToken cancellationToken)
    {
        while (await runner.ListTicksAsync(TicksAtOnce, null, cancellationToken, run: run) is { Count: > 0 } ticks)
        {
            await TicksAsync([.. ticks.Select(tick => tick.Id)], cancellationToken);
            if (!IsProven)
            {
                return;
            }
        }
    }

    /// <summary>Everything of single ticks.</summary>
    public async Task TicksAsync(IReadOnlyList<TickId> ticks, CancellationToken cancellationToken)
    {
        foreach (var some in ticks.Chunk(TicksAtOnce))
        {
            var request = new PurgeRequest(TickIds: some);

            // The runner forgets the ticks last: a purge that is cut short can be repeated. It ends the visits that are under
            // way; what they had still sent is found by the second look.
            await RemoteAsync(request, some, cancellationToken);
            Add(Runner, await runner.PurgeAsync(request, cancellationToken));
            await RemoteAsync(request, some, cancellationToken);
            Ticks.AddRange(some);

            // The next ones would hide what was left of these.
            if (!IsProven)
            {
                return;
            }
        }
    }

    private async Task RemoteAsync(PurgeRequest request, IReadOnlyList<TickId> ticks, CancellationToken cancellationToken)
    {
        Add(Auth, await auth.PurgeAsync(jwt, request, cancellationToken));
        AddOfMcp(await mcp.PurgeTicksAsync(ticks, cancellationToken), "");
    }

    private void AddOfMcp(PurgeResponse? response, string suffix)
    {
        if (response is null)
        {
            Add(new PurgedTable(Mcp, "records" + suffix, null, null));
        }
        else
        {
            Add(Mcp, response, suffix);
        }
    }

    private void Add(string service, PurgeResponse response, string suffix = "")
    {
        foreach (var (table, deleted) in response.Deleted)
        {
            Add(new PurgedTable(service, table + suffix, deleted, response.Remaining.GetValueOrDefault(table)));
        }
    }

    // Removed rows add up; what is left is what the last look counted.
    private void Add(PurgedTable table)
    {
        var key = (table.Service, table.Table);
        _tables[key] = _tables.TryGetValue(key, out var before) ? table with { Deleted = before.Deleted + table.Deleted } : table;
    }
}
