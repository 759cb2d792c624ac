using System.Threading.Channels;
using Mana.Hosting;
using Mana.Tests.Mcp;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Hosting;

public sealed class RepeatedWorkTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_round_that_fails_is_told_and_the_next_one_comes_in_its_time()
    {
        var time = new FakeTimeProvider();
        using var log = new FakeLogCollector();
        using var work = new Counting(time, log.CreateLogger("work"));
        await work.StartAsync(Cancellation);

        (await work.Rounds.ReadAsync(Cancellation)).Should().Be(1, "the first comes with the start");
        time.Advance(TimeSpan.FromMinutes(9));
        work.Rounds.TryRead(out _).Should().BeFalse();
        time.Advance(TimeSpan.FromMinutes(1));
        (await work.Rounds.ReadAsync(Cancellation)).Should().Be(2);
        await work.StopAsync(Cancellation);

        work.ExecuteTask!.IsCompletedSuccessfully.Should().BeTrue();
        log.Text.Should().StartWith("Counting failed; the next round tries again").And.Contain("the first fails");
    }

    private sealed class Counting(TimeProvider time, ILogger logger) : RepeatedWork(TimeSpan.FromMinutes(10), time, logger)
    {
        private readonly Channel<int> _rounds = Channel.CreateUnbounded<int>();
        private int _count;

        public ChannelReader<int> Rounds => _rounds.Reader;

        protected override Task RoundAsync(CancellationToken cancellationToken)
        {
            _rounds.Writer.TryWrite(++_count);
            return _count == 1 ? throw new InvalidOperationException("the first fails") : Task.CompletedTask;
        }
    }
}
