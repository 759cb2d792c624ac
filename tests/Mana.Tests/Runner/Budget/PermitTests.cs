using Mana.PersonaRunner.Brains;
using Mana.Testing;
using Mana.Tests.Brains;
using Mana.Tests.Runner.Support;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Runner.Budget;

/// <summary>The budget through the real host: what the brain of a running service is permitted.</summary>
public sealed class PermitTests
{
    private static readonly ChatMessage[] Hello = [new(ChatRole.User, "Hallo.")];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_pause_has_answered_no_model_call_begins_and_what_was_asked_for_passes()
    {
        var begun = 0;
        await using var mana = await FakeMana.StartAsync();
        var inner = TestBrain.Create(_ =>
        {
            Interlocked.Increment(ref begun);
            return Task.FromResult(TestBrain.Say("fertig"));
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, inner, ("RUNNER_PAUSED", "false"));
        var brain = runner.Host.Services.GetRequiredService<Brain>();
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                while (true)
                {
                    await brain.Client.GetResponseAsync(Hello, new ChatOptions(), Token);
                }
            },
            Token)).ToList();
        while (Volatile.Read(ref begun) < 20)
        {
            await Task.Yield();
        }

        await runner.Client.PostAsync("/api/v1/pause", null, Token);
        foreach (var caller in callers)
        {
            await FluentActions.Awaiting(() => caller).Should().ThrowAsync<ParkedException>().WithMessage("*paused*");
        }

        var before = begun;
        await FluentActions.Awaiting(() => brain.Client.GetResponseAsync(Hello, new ChatOptions(), Token)).Should().ThrowAsync<ParkedException>();
        begun.Should().Be(before);
        (await runner.HealthAsync(Token)).Paused.Should().BeTrue();
        var asked = new ChatOptions { AdditionalProperties = new() { [PermitChatClient.IgnoresPauseKey] = true } };
        await brain.Client.GetResponseAsync(Hello, asked, Token);
        begun.Should().Be(before + 1);

        await runner.Client.PostAsync("/api/v1/resume", null, Token);
        await brain.Client.GetResponseAsync(Hello, new ChatOptions(), Token);
        begun.Should().Be(before + 2);
    }

    [Fact]
    public async Task A_pause_outlives_a_restart_and_a_start_in_pause_does_not()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, null);
        (await runner.HealthAsync(Token)).Paused.Should().BeTrue();

        await runner.RestartAsync(mana, null, ("RUNNER_PAUSED", "false"));
        (await runner.HealthAsync(Token)).Paused.Should().BeFalse();

        await runner.Client.PostAsync("/api/v1/pause", null, Token);
        await runner.RestartAsync(mana, null, ("RUNNER_PAUSED", "false"));
        (await runner.HealthAsync(Token)).Paused.Should().BeTrue();
        var brain = runner.Host.Services.GetRequiredService<Brain>();
        await FluentActions.Awaiting(() => brain.Client.GetResponseAsync(Hello, null, Token)).Should().ThrowAsync<ParkedException>();
    }

    [Fact]
    public async Task No_more_calls_than_configured_are_under_way_and_the_rest_wait_their_turn()
    {
        var (running, most) = (0, 0);
        await using var mana = await FakeMana.StartAsync();
        var inner = TestBrain.Create(async _ =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return TestBrain.Say("fertig");
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, inner, ("RUNNER_PAUSED", "false"), ("LLM_MAX_CONCURRENCY", "3"));
        var brain = runner.Host.Services.GetRequiredService<Brain>();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => brain.Client.GetResponseAsync(Hello, new ChatOptions(), Token)));

        most.Should().BeInRange(1, 3);
        var metrics = await runner.Client.GetStringAsync("/metrics", Token);
        metrics.Should().MatchRegex("""mana_persona_runner_model_limit\{[^}]*kind="concurrency"[^}]*\} 3""");
        metrics.Should().MatchRegex("""mana_persona_runner_model_permits_total\{[^}]*result="granted"[^}]*\} 50""");
        metrics.Should().Contain("mana_persona_runner_model_wait_seconds_count");
    }

    [Fact]
    public async Task The_limits_that_Claude_states_are_learned_and_a_refusal_is_counted()
    {
        await using var claude = await ScriptedClaude.StartAsync(new ScriptedClaudeOptions
        {
            Headers = new Dictionary<string, string>
            {
                ["anthropic-ratelimit-requests-limit"] = "4000",
                ["anthropic-ratelimit-requests-remaining"] = "3999",
                ["anthropic-ratelimit-input-tokens-limit"] = "50000000",
                ["anthropic-ratelimit-output-tokens-limit"] = "10000000",
            },
        });
        claude.Enqueue(ScriptedReply.RateLimited(TimeSpan.FromMilliseconds(1)));
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(
            mana, null, ("RUNNER_PAUSED", "false"), ("BRAIN", "claude"), ("ANTHROPIC_API_KEY", "key"), ("ANTHROPIC_BASE_URL", claude.Address.ToString()), ("LLM_REQUESTS_PER_MINUTE", "3000"));
        var brain = runner.Host.Services.GetRequiredService<Brain>();
        var permits = runner.Host.Services.GetRequiredService<ILlmPermits>();
        permits.CountsTokens.Should().BeFalse();

        await brain.Client.GetResponseAsync(Hello, new ChatOptions(), Token);
        await brain.Client.GetResponseAsync(Hello, new ChatOptions(), Token);

        permits.CountsTokens.Should().BeTrue();
        var metrics = await runner.Client.GetStringAsync("/metrics", Token);
        metrics.Should().MatchRegex("""mana_persona_runner_model_limit\{[^}]*kind="requests_per_minute"[^}]*\} 3000""");
        metrics.Should().MatchRegex("""mana_persona_runner_model_limit\{[^}]*kind="input_tokens_per_minute"[^}]*\} 50000000""");
        metrics.Should().MatchRegex("""mana_persona_runner_model_limit\{[^}]*kind="output_tokens_per_minute"[^}]*\} 10000000""");
        metrics.Should().MatchRegex("""mana_persona_runner_model_throttled_total(\{[^}]*\})? 1""");
    }

    [Fact]
    public async Task A_call_whose_permit_would_come_after_its_deadline_fails_at_once()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Create(_ => Task.FromResult(TestBrain.Say("x"))), ("RUNNER_PAUSED", "false"), ("LLM_REQUESTS_PER_MINUTE", "1"));
        var brain = runner.Host.Services.GetRequiredService<Brain>();
        await brain.Client.GetResponseAsync(Hello, new ChatOptions(), Token);

        var late = new ChatOptions { AdditionalProperties = new() { [RetryingChatClient.DeadlineKey] = TimeProvider.System.GetUtcNow().AddSeconds(30) } };
        (await FluentActions.Awaiting(() => brain.Client.GetResponseAsync(Hello, late, Token)).Should().ThrowAsync<ModelCallException>())
            .Which.RetryAfter.Should().BeGreaterThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task What_a_call_really_took_is_told_without_the_part_from_the_cache()
    {
        var gate = new OpenGate { CountsTokens = true };
        using var client = new PermitChatClient(TestBrain.Create(_ => Task.FromResult(TestBrain.Say("x"))).Client, gate, 300);

        await client.GetResponseAsync([new(ChatRole.User, new string('x', 400))], new ChatOptions(), Token);

        var (permit, outcome) = gate.Settled.Should().ContainSingle().Subject;
        permit.Need.Should().Be(new LlmNeed(100, 300));
        outcome.Should().Be(new LlmOutcome { IsAnswered = true, InputTokens = 100, OutputTokens = 10 });
    }

    [Theory]
    [InlineData("LLM_MAX_CONCURRENCY", "0")]
    [InlineData("LLM_OUTPUT_TOKENS_PER_MINUTE", "many")]
    public async Task A_limit_that_is_no_positive_number_is_refused(string key, string value)
    {
        await using var mana = await FakeMana.StartAsync();
        (await FluentActions.Awaiting(() => RunnerUnderTest.StartAsync(mana, null, (key, value))).Should().ThrowAsync<Mana.Hosting.ConfigurationException>())
            .WithMessage($"*{key} must be a positive integer*");
    }

    private static void InterlockedMax(ref int most, int now)
    {
        for (var seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
        {
            if (Interlocked.CompareExchange(ref most, now, seen) == seen)
            {
                return;
            }
        }
    }
}
