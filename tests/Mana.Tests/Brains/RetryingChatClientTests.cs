using Mana.PersonaRunner.Brains;
using Mana.Testing;
using Microsoft.Extensions.AI;

namespace Mana.Tests.Brains;

public sealed class RetryingChatClientTests
{
    private const string Prompt = "Ich heiße Mira und wohne in Konstanz.";

    [Theory]
    [InlineData(408)]
    [InlineData(409)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(529)]
    public async Task A_passing_failure_is_tried_again(int status)
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(new ScriptedReply.Failure(status));
        var answer = bed.AskAsync();
        var wait = await bed.Time.NextWaitAsync(bed.Settings.CallTimeout);
        wait.Should().BeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(250)).And.BeLessThanOrEqualTo(TimeSpan.FromMilliseconds(500));
        bed.Time.Advance(wait);

        (await answer).FinishReason.Should().Be(ChatFinishReason.Stop);
        bed.Server.Requests.Should().HaveCount(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_broken_connection_is_tried_again(bool afterHeaders)
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(new ScriptedReply.Drop(afterHeaders));
        var answer = bed.AskAsync();
        bed.Time.Advance(await bed.Time.NextWaitAsync(bed.Settings.CallTimeout));
        (await answer).FinishReason.Should().Be(ChatFinishReason.Stop);
    }

    [Fact]
    public async Task The_wait_that_the_server_asks_for_is_kept_to_the_second()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(ScriptedReply.RateLimited(TimeSpan.FromSeconds(90)), ScriptedReply.Overloaded(TimeSpan.FromSeconds(1.5)));
        var answer = bed.AskAsync(options: Deadline(bed, TimeSpan.FromMinutes(10)));

        (await bed.Time.NextWaitAsync(bed.Settings.CallTimeout)).Should().Be(TimeSpan.FromSeconds(90));
        bed.Time.Advance(TimeSpan.FromSeconds(89));
        bed.Server.Requests.Should().HaveCount(1);
        answer.IsCompleted.Should().BeFalse();
        bed.Time.Advance(TimeSpan.FromSeconds(1));
        (await bed.Time.NextWaitAsync(bed.Settings.CallTimeout)).Should().Be(TimeSpan.FromSeconds(1.5));
        bed.Time.Advance(TimeSpan.FromSeconds(1.5));

        (await answer).FinishReason.Should().Be(ChatFinishReason.Stop);
        bed.Logged.Should().HaveCount(2).And.AllSatisfy(line => line.Should().NotContain(ClaudeTestBed.Key));
        bed.Logged[0].Should().Contain("429 rate_limit_error").And.Contain("90000 ms");
    }

    [Fact]
    public async Task A_wait_beyond_the_deadline_fails_at_once_and_says_why()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(ScriptedReply.RateLimited(TimeSpan.FromSeconds(90)));

        var failure = await FailureAsync(bed.AskAsync(options: Deadline(bed, TimeSpan.FromSeconds(60))));

        failure.Failure.Should().Be(BrainFailure.Unavailable);
        failure.Message.Should().Contain("429 rate_limit_error").And.Contain("wait of 90 s").And.Contain("only 60 s are left");
        bed.Server.Requests.Should().HaveCount(1);
    }

    [Fact]
    public async Task The_waits_grow_and_end_after_eight_attempts()
    {
        await using var bed = await ClaudeTestBed.StartAsync(new ScriptedClaudeOptions { Respond = _ => ScriptedReply.Overloaded() });
        var answer = bed.AskAsync();
        var waits = new List<TimeSpan>();
        for (var attempt = 1; attempt < RetryingChatClient.MaxAttempts; attempt++)
        {
            waits.Add(await bed.Time.NextWaitAsync(bed.Settings.CallTimeout));
            bed.Time.Advance(waits[^1]);
        }

        var failure = await FailureAsync(answer);
        failure.Failure.Should().Be(BrainFailure.Unavailable);
        failure.Message.Should().Contain("529 overloaded_error").And.Contain("8 attempts");
        bed.Server.Requests.Should().HaveCount(8);
        for (var i = 0; i < waits.Count; i++)
        {
            var full = TimeSpan.FromSeconds(Math.Min(0.5 * Math.Pow(2, i), 30));
            waits[i].Should().BeGreaterThanOrEqualTo(full / 2).And.BeLessThanOrEqualTo(full);
        }
    }

    [Fact]
    public async Task A_body_that_never_ends_is_given_up_after_the_time_for_one_call()
    {
        var stalled = new TaskCompletionSource();
        await using var bed = await ClaudeTestBed.StartAsync(new ScriptedClaudeOptions
        {
            Respond = _ =>
            {
                return stalled.TrySetResult() ? new ScriptedReply.Stall() : null;
            },
        });
        var answer = bed.AskAsync();
        await stalled.Task.WaitAsync(TestContext.Current.CancellationToken);
        bed.Time.Advance(bed.Settings.CallTimeout);
        bed.Time.Advance(await bed.Time.NextWaitAsync(bed.Settings.CallTimeout));

        (await answer).FinishReason.Should().Be(ChatFinishReason.Stop);
        bed.Logged.Should().ContainSingle().Which.Should().Contain("within 120 s (CLAUDE_CALL_TIMEOUT_MS)");
    }

    [Fact]
    public async Task The_caller_can_cancel_a_call_and_a_wait()
    {
        var stalled = new TaskCompletionSource();
        await using var bed = await ClaudeTestBed.StartAsync(new ScriptedClaudeOptions
        {
            Respond = _ => stalled.TrySetResult() ? new ScriptedReply.Stall() : ScriptedReply.Overloaded(TimeSpan.FromHours(1)),
        });
        using (var duringCall = new CancellationTokenSource())
        {
            var call = bed.Brain.Client.GetResponseAsync([new(ChatRole.User, Prompt)], null, duringCall.Token);
            await stalled.Task.WaitAsync(TestContext.Current.CancellationToken);
            await duringCall.CancelAsync();
            await FluentActions.Awaiting(() => call).Should().ThrowAsync<OperationCanceledException>();
        }

        using var duringWait = new CancellationTokenSource();
        var waiting = bed.Brain.Client.GetResponseAsync([new(ChatRole.User, Prompt)], null, duringWait.Token);
        (await bed.Time.NextWaitAsync(bed.Settings.CallTimeout)).Should().Be(TimeSpan.FromHours(1));
        await duringWait.CancelAsync();
        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
    }

    [Theory]
    [InlineData(400, "400 invalid_request_error")]
    [InlineData(401, "401 authentication_error*Check ANTHROPIC_API_KEY")]
    [InlineData(403, "403 permission_error*ANTHROPIC_API_KEY")]
    [InlineData(404, "404 not_found_error*Check ANTHROPIC_MODEL and ANTHROPIC_BASE_URL")]
    [InlineData(413, "413 request_too_large")]
    public async Task A_refusal_is_final_helps_and_shows_neither_key_nor_prompt(int status, string expected)
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(new ScriptedReply.Failure(status, Reason: $"no: {ClaudeTestBed.Key} said {Prompt} and \"{Prompt[..30]}…\"\r\n"));

        var failure = await FailureAsync(bed.AskAsync(Prompt));

        failure.Failure.Should().Be(BrainFailure.Rejected);
        failure.Message.Should().Match($"Claude refused the request ({expected}*");
        failure.ToString().Should().NotContain(ClaudeTestBed.Key).And.NotContain("Mira und wohne");
        bed.Server.Requests.Should().HaveCount(1);
    }

    [Theory]
    [InlineData("<html>Welcome</html>")]
    [InlineData("[]")]
    [InlineData("""{"id":"msg_1"}""")]
    [InlineData("""{"content":"text"}""")]
    [InlineData("""{"content":[{"type":"tool_use","id":"x","name":"y","input":"{}"}]}""")]
    public async Task An_answer_that_is_no_message_is_unreadable(string body)
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(new ScriptedReply.Raw(200, body));
        (await FailureAsync(bed.AskAsync())).Failure.Should().Be(BrainFailure.Unreadable);
    }

    [Fact]
    public async Task A_proxy_page_with_an_error_status_is_told_by_its_status()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(new ScriptedReply.Raw(418, $"<html>{ClaudeTestBed.Key}</html>", "text/html"));
        var failure = await FailureAsync(bed.AskAsync());
        failure.Failure.Should().Be(BrainFailure.Rejected);
        failure.Message.Should().Be("Claude refused the request (418).");
    }

    [Fact]
    public async Task Where_nothing_listens_the_address_is_named()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        await bed.Server.DisposeAsync();
        using var silent = FreePorts.HoldSilent(bed.Settings.BaseUrl.Port);

        var failure = await FailureAsync(bed.AskAsync(options: Deadline(bed, TimeSpan.FromMilliseconds(1))));

        failure.Failure.Should().Be(BrainFailure.Unavailable);
        failure.Message.Should().Contain($"The connection to {bed.Settings.BaseUrl.Authority} failed: ConnectionError");
    }

    private static ChatOptions Deadline(ClaudeTestBed bed, TimeSpan left) => new()
    {
        AdditionalProperties = new AdditionalPropertiesDictionary { [RetryingChatClient.DeadlineKey] = bed.Time.GetUtcNow() + left },
    };

    private static async Task<BrainException> FailureAsync(Task<ChatResponse> answer) =>
        (await FluentActions.Awaiting(() => answer).Should().ThrowAsync<BrainException>()).Which;
}
