using Mana.Hosting;

namespace Mana.Tests.Hosting;

public sealed class MovableClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly MovableClock _clock = new(Start);
    private readonly List<(string Name, TimeSpan At)> _calls = [];

    [Fact]
    public void It_stands_still_until_it_is_moved_and_counts_the_moves()
    {
        var since = _clock.GetTimestamp();

        _clock.MoveTo(Start.AddHours(3));

        _clock.GetUtcNow().Should().Be(Start.AddHours(3));
        _clock.GetElapsedTime(since).Should().Be(TimeSpan.FromHours(3));
    }

    [Fact]
    public void Timers_on_the_way_are_called_in_the_order_of_their_times_and_see_them()
    {
        using var late = Timer("late", 50);
        using var early = Timer("early", 10);
        using var sameAsEarly = Timer("same", 10);
        using var beyond = Timer("beyond", 61);

        _clock.MoveTo(Start.AddMinutes(60));

        _calls.Should().Equal(("early", Minutes(10)), ("same", Minutes(10)), ("late", Minutes(50)));
        _clock.MoveTo(Start.AddMinutes(61));
        _calls.Should().HaveCount(4);
    }

    [Fact]
    public void A_periodic_timer_is_called_once_a_move_at_its_last_time_and_keeps_its_beat()
    {
        using var timer = Timer("beat", 5, period: 10);

        _clock.MoveTo(Start.AddMinutes(4));
        _clock.MoveTo(Start.AddMinutes(37));
        _clock.MoveTo(Start.AddMinutes(44));
        _clock.MoveTo(Start.AddMinutes(45));

        _calls.Should().Equal(("beat", Minutes(35)), ("beat", Minutes(45)));
    }

    [Fact]
    public async Task Delays_time_outs_and_periodic_waits_run_on_it()
    {
        var delay = Task.Delay(TimeSpan.FromDays(1), _clock, TestContext.Current.CancellationToken);
        using var timeout = new CancellationTokenSource(TimeSpan.FromDays(2), _clock);
        using var periodic = new PeriodicTimer(TimeSpan.FromHours(1), _clock);
        var beat = periodic.WaitForNextTickAsync(TestContext.Current.CancellationToken);

        _clock.MoveTo(Start.AddDays(1));

        await delay;
        (await beat).Should().BeTrue();
        timeout.IsCancellationRequested.Should().BeFalse();
        _clock.MoveTo(Start.AddDays(2));
        timeout.IsCancellationRequested.Should().BeTrue();
    }

    [Fact]
    public void A_timer_made_on_the_way_is_called_in_the_same_move_and_a_disposed_or_stopped_one_never()
    {
        ITimer? second = null;
        using var disposed = Timer("disposed", 30);
        using var stopped = Timer("stopped", 30);
        using var first = _clock.CreateTimer(
            _ =>
            {
                disposed.Dispose();
                stopped.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                second = Timer("second", 15);
            },
            null, Minutes(10), Timeout.InfiniteTimeSpan);

        _clock.MoveTo(Start.AddMinutes(60));

        _calls.Should().Equal(("second", Minutes(25)));
        disposed.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan).Should().BeFalse();
        second!.Dispose();
    }

    [Fact]
    public async Task A_timer_without_a_wait_is_called_although_nobody_moves_the_clock()
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        using var timer = _clock.CreateTimer(_ => called.SetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);

        await called.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void It_moves_forward_only_and_not_from_within()
    {
        using var timer = _clock.CreateTimer(_ => _clock.MoveTo(Start.AddDays(9)), null, Minutes(1), Timeout.InfiniteTimeSpan);

        FluentActions.Invoking(() => _clock.MoveTo(Start.AddTicks(-1))).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => _clock.MoveTo(Start.AddDays(1))).Should().Throw<InvalidOperationException>();
    }

    private static TimeSpan Minutes(int minutes) => TimeSpan.FromMinutes(minutes);

    private ITimer Timer(string name, int minutes, int? period = null) => _clock.CreateTimer(
        _ => _calls.Add((name, _clock.GetUtcNow() - Start)), null, Minutes(minutes), period is { } every ? Minutes(every) : Timeout.InfiniteTimeSpan);
}
