using CsCheck;
using Mana.PersonaRunner.Ticks.Cluster;

namespace Mana.Tests.Runner.Budget;

/// <summary>The limits hold over all nodes, whatever happens to them and to the budget.</summary>
public sealed class LlmBudgetTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // A node that hangs keeps its place for 10 s; a request that takes longer than that could not be counted any more.
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(8);

    [Fact]
    public void No_limit_is_exceeded_however_nodes_and_the_budget_are_killed_and_frozen() =>
        Gen.Select(Gen.Int, Gen.Int[1, 4], Gen.Int[1, 12], Gen.Int[0, 4].Select(i => new[] { 10, 50, 90, 300, 900 }[i]), Gen.Int[1, 8]).Sample((seed, nodes, concurrency, requests, callers) =>
        {
            var cluster = new SimulatedCluster(seed, new LlmLimits(concurrency, requests, null, null), nodes, callers, LongestCall);
            cluster.Trouble(every: TimeSpan.FromSeconds(15));
            cluster.Run(TimeSpan.FromMinutes(5));

            cluster.MaxConcurrency.Should().BeLessThanOrEqualTo(concurrency);

            // What a frozen node held in its hand it sends when it thaws, if at once: one request at most.
            var late = cluster.Requests.Count(request => request.Sent - request.Granted > TimeSpan.FromMilliseconds(50));
            late.Should().BeLessThanOrEqualTo(cluster.Freezes);
            var punctual = cluster.Requests.Where(request => request.Sent - request.Granted <= TimeSpan.FromMilliseconds(50)).ToList();

            // Counted when they are granted: what is exactly a minute apart may arrive some milliseconds less apart.
            Most([.. punctual.OrderBy(request => request.Granted)], _ => 1, request => request.Granted).Should().BeLessThanOrEqualTo(requests + (requests / 50) + Math.Min(1, cluster.FrozenBudgets), "only a budget that hangs takes the knowledge of its last second with it");
        }, iter: 400);

    [Fact]
    public void Fifty_requests_a_minute_and_five_at_once_hold_over_two_nodes_and_are_used_to_the_full()
    {
        var cluster = new SimulatedCluster(7, new LlmLimits(5, 50, null, null), nodes: 2, callers: 8, LongestCall);
        cluster.Run(TimeSpan.FromMinutes(5));
        cluster.KillBudget();
        cluster.Run(TimeSpan.FromMinutes(5));

        cluster.Budgets.Should().Be(2);
        cluster.MaxConcurrency.Should().Be(5);
        Most(cluster.Requests, _ => 1).Should().BeLessThanOrEqualTo(51);

        // The killed node's places are free after 10 s at the latest.
        cluster.Requests.Should().HaveCountGreaterThanOrEqualTo((int)(0.98 * 50 * 10) - 15).And.HaveCountLessThanOrEqualTo((int)(1.02 * 50 * 10));
        cluster.Requests.Count(request => request.Sent < 5 * Minute).Should().BeInRange(245, 255);
    }

    [Fact]
    public void Tokens_hold_in_the_long_run_although_they_are_known_only_afterwards() =>
        Gen.Select(Gen.Int, Gen.Int[1, 3], Gen.Double[0.1, 2]).Sample((seed, nodes, share) =>
        {
            const long Input = 40_000;
            const long Output = 8_000;
            var cluster = new SimulatedCluster(seed, new LlmLimits(6, null, Input, Output), nodes, callers: 4, LongestCall)
            {
                Share = random => share * (0.5 + random.NextDouble()),
            };
            cluster.Run(TimeSpan.FromMinutes(10));

            // The debt of the requests that are under way is what is not known yet.
            Most(cluster.Requests, request => request.Input).Should().BeLessThan((Input * 61 / 60) + (6 * 3000));
            cluster.Requests.Sum(request => request.Input).Should().BeLessThan((10 * Input) + (6 * 3000));
            cluster.Requests.Sum(request => request.Output).Should().BeLessThan((10 * Output) + (6 * 1500));
        }, iter: 60);

    [Fact]
    public void A_share_of_the_limit_goes_to_every_node()
    {
        var one = new Accounts(new LlmLimits(1, null, null, null), "one", "two");
        one.Ask("one").Answer.Should().Be(LlmAnswer.Wait, "the other node has not been heard");
        one.Ask("two").Answer.Should().Be(LlmAnswer.Granted);
        one.Ask("one").Answer.Should().Be(LlmAnswer.Wait);

        one.Free("two");
        one.Ask("two").Answer.Should().Be(LlmAnswer.Wait, "the other one came first");
        one.Ask("one").Answer.Should().Be(LlmAnswer.Granted);
    }

    [Fact]
    public void Alone_nobody_waits()
    {
        var accounts = new Accounts(new LlmLimits(2, 50, 1000, 1000), "one");
        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Granted);
    }

    [Fact]
    public void A_budget_that_was_frozen_grants_nothing_until_it_would_have_been_replaced()
    {
        var accounts = new Accounts(LlmLimits.None, "one", "two");
        accounts.Ask("one");
        accounts.Ask("two").Answer.Should().Be(LlmAnswer.Granted);
        accounts.Now += TimeSpan.FromSeconds(20);

        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Wait);
        accounts.Ask("two").Answer.Should().Be(LlmAnswer.Wait);
        accounts.Now += TimeSpan.FromSeconds(2.9);
        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Wait);
        accounts.Now += TimeSpan.FromSeconds(0.2);
        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Granted);
    }

    [Fact]
    public void A_refusal_closes_the_gate_and_halves_what_may_be_under_way_once()
    {
        var accounts = new Accounts(LlmLimits.None, "one");
        for (var i = 0; i < 8; i++)
        {
            accounts.Ask("one").Answer.Should().Be(LlmAnswer.Granted);
        }

        accounts.Free("one", new() { IsThrottled = true, RetryAfter = TimeSpan.FromSeconds(30) });
        accounts.Free("one", new() { IsThrottled = true, RetryAfter = TimeSpan.FromSeconds(20) });
        var reply = accounts.Ask("one");
        reply.Should().BeEquivalentTo(new { Answer = LlmAnswer.Wait, Wait = TimeSpan.FromSeconds(30) });
        accounts.Free("one", new() { IsThrottled = true });
        accounts.Ask("one").Limits.Concurrency.Should().Be(4, "eight were sent together, and one refusal counts");

        for (var second = 0; second < 30; second++)
        {
            accounts.Now += TimeSpan.FromSeconds(1);
            accounts.Report("one");
        }

        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Wait, "five are still under way");
        for (var i = 0; i < 4; i++)
        {
            accounts.Free("one", new() { IsAnswered = true });
        }

        accounts.Ask("one").Should().BeEquivalentTo(new { Answer = LlmAnswer.Granted, Limits = new { Concurrency = 5 } }, "a round went well");
    }

    [Fact]
    public void What_the_provider_states_holds_below_what_is_configured_and_survives_the_budget()
    {
        var accounts = new Accounts(new LlmLimits(null, 100, null, null), "one");
        accounts.Ask("one");
        accounts.Free("one", new() { IsAnswered = true, Limits = new(new(50, 49), new(40_000, null), null) });
        accounts.Report("one").Limits.Should().Be(new LlmLimits(null, 50, 40_000, null));

        accounts.NewBudget();
        accounts.Report("one").Limits.Should().Be(new LlmLimits(null, 50, 40_000, null));
        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Wait, "the old budget may have granted a moment ago");
        accounts.Now += TimeSpan.FromSeconds(1.21);
        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Granted);

        accounts.Free("one", new() { IsAnswered = true, Limits = new(new(4000, 3999), null, null) });
        accounts.Report("one").Limits.RequestsPerMinute.Should().Be(100, "what is configured is never exceeded");
    }

    [Fact]
    public void A_pause_holds_back_all_but_what_was_asked_for_and_a_new_budget_learns_it_from_the_nodes()
    {
        var accounts = new Accounts(LlmLimits.None, "one") { Pause = new PauseState(true, 5) };
        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Paused);
        accounts.Ask("one", ignoresPause: true).Answer.Should().Be(LlmAnswer.Granted);

        accounts.NewBudget();
        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Paused);

        accounts.Pause = new PauseState(false, 4);
        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Paused, "an older change is no news");
        accounts.Pause = new PauseState(false, 6);
        accounts.Ask("one").Answer.Should().Be(LlmAnswer.Granted);
    }

    private static long Most(List<SimulatedCluster.Request> requests, Func<SimulatedCluster.Request, long> of) => Most(requests, of, request => request.Sent);

    private static long Most(List<SimulatedCluster.Request> requests, Func<SimulatedCluster.Request, long> of, Func<SimulatedCluster.Request, TimeSpan> at)
    {
        var (most, sum, first) = (0L, 0L, 0);
        for (var last = 0; last < requests.Count; last++)
        {
            sum += of(requests[last]);
            while (at(requests[last]) - at(requests[first]) >= Minute)
            {
                sum -= of(requests[first++]);
            }

            most = Math.Max(most, sum);
        }

        return most;
    }
}
