using System.Globalization;
using CsCheck;

namespace Mana.Tests.Mcp.Idempotency;

public sealed class InterleavingTests
{
    private const int Keys = 4;

    private static readonly (string Tool, string Argument)[] Writes = [("todo.create", "title"), ("notes.create", "title"), ("journal.add", "content")];

    // Which key, whether its client goes away before the answer, and whether the next call waits for the answer.
    private static readonly Gen<(int Key, bool GoesAway, bool IsAwaited)[]> Calls =
        Gen.Select(Gen.Int[0, Keys - 1], Gen.Frequency((3, Gen.Const(false)), (1, Gen.Const(true))), Gen.Bool).Array[1, 24];

    [Fact]
    public async Task Any_interleaving_of_repeats_ends_in_one_record_and_one_answer_per_key()
    {
        await using var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"));
        var sample = 0;

        await Calls.SampleAsync(
            async calls =>
            {
                var prefix = string.Create(CultureInfo.InvariantCulture, $"sample-{Interlocked.Increment(ref sample)}");
                var running = new List<Task<(int Key, string? Answer)>>();
                foreach (var (key, goesAway, isAwaited) in calls)
                {
                    running.Add(CallAsync(mcp, prefix, key, goesAway));
                    if (isAwaited)
                    {
                        await running[^1];
                    }
                }

                // Whoever got no answer repeats the call in the end.
                running.AddRange(calls.Select(call => call.Key).Distinct().Select(key => CallAsync(mcp, prefix, key, goesAway: false)));
                foreach (var answers in (await Task.WhenAll(running)).GroupBy(answer => answer.Key, answer => answer.Answer))
                {
                    var distinct = answers.OfType<string>().Distinct().ToList();
                    distinct.Should().ContainSingle();
                    KeyedCalls.IsError(distinct[0]).Should().BeFalse(distinct[0]);
                    var found = await mcp.KeyedAsync("unused", ListOf(answers.Key), """{"limit":100}""", space: prefix);
                    (found.Split(Name(prefix, answers.Key)).Length - 1).Should().Be(2, "text and structured content show one record");
                }
            },
            iter: 40,
            threads: 1);
    }

    private static async Task<(int, string?)> CallAsync(McpUnderTest mcp, string prefix, int key, bool goesAway)
    {
        var (tool, argument) = Writes[key % Writes.Length];
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var call = mcp.KeyedAsync(
            mcp.Host, $"{prefix}/{key}", tool, $$"""{"{{argument}}":"{{Name(prefix, key)}}"}""", gone.Token, space: prefix);
        if (!goesAway)
        {
            return (key, await call);
        }

        // Wherever the call may be: not sent, at work, or answered.
        await Task.Yield();
        await gone.CancelAsync();
        try
        {
            return (key, await call);
        }
        catch (OperationCanceledException)
        {
            return (key, null);
        }
    }

    private static string ListOf(int key) => Writes[key % Writes.Length].Tool.Split('.')[0] + ".list";

    // Ends with a sign of its own, so that no name is the beginning of another.
    private static string Name(string prefix, int key) => $"{prefix}-{key}.";
}
