using LinqToDB.Data;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.Mcp.Policy;

namespace Mana.Mcp.Storage;

/// <summary>
/// The rates of all processes on one PostgreSQL: a row for each user and tool holds the times of the latest calls. One
/// statement looks, counts and notes, so that two processes never both give away the last place.
/// </summary>
internal sealed class SharedCallRates(ServiceDatabase database, DomainClock clock, int limit) : ICallRates
{
    // Only the latest times matter for the next decision: no row grows beyond the limit.
    private const string Register =
        """
        insert into call_rates as rates (user_id, tool, times, calls_before, last_call)
        values (@user, @tool, array[cast(@now as bigint)], 0, @now)
        on conflict (user_id, tool) do update set (times, calls_before, last_call) = (
            select
                case when count(*) < @limit or @anyway
                     then array_append((array_agg(time order by time desc))[1:@limit - 1], cast(@now as bigint))
                     else array_agg(time) end,
                count(*),
                greatest(rates.last_call, @now)
            from unnest(rates.times) as time
            where time >= @since)
        returning calls_before
        """;

    public async ValueTask<int> RegisterAsync(UserId user, string tool, bool runsAnyway, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        return await database.WriteAsync(
            (db, ct) => db.ExecuteAsync<int>(
                Register,
                ct,
                new DataParameter("user", user.Value),
                new DataParameter("tool", tool),
                new DataParameter("now", now.ToUnixTimeMilliseconds()),
                new DataParameter("since", (now - RateWindow.Length).ToUnixTimeMilliseconds()),
                new DataParameter("limit", limit),
                new DataParameter("anyway", runsAnyway)),
            cancellationToken);
    }

    /// <summary>Removes the rows of a user, who is being removed.</summary>
    public static Task<int> ForgetAsync(DataConnection db, UserId user, CancellationToken cancellationToken) =>
        db.RunAsync("delete from call_rates where user_id = @user", cancellationToken, ("user", user.Value));

    /// <summary>Removes the rows of those who have been quiet for longer than the window.</summary>
    public static Task<int> ForgetAsync(DataConnection db, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.RunAsync("delete from call_rates where last_call < @since", cancellationToken, ("since", now - RateWindow.Length));
}
