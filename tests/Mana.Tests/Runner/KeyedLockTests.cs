using Mana.PersonaRunner.Platform;

namespace Mana.Tests.Runner;

public sealed class KeyedLockTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_holds_a_key_and_other_keys_are_free()
    {
        var locks = new KeyedLock();
        var first = await locks.EnterAsync("a", Token);
        var second = locks.EnterAsync("a", Token);

        using (await locks.EnterAsync("b", Token))
        {
            second.IsCompleted.Should().BeFalse();
        }

        first.Dispose();
        (await second).Dispose();
        locks.Count.Should().Be(0, "a key that nobody wants takes no memory");
    }

    [Fact]
    public async Task Who_gives_up_waiting_leaves_nothing_behind()
    {
        var locks = new KeyedLock();
        var held = await locks.EnterAsync("a", Token);
        using var giveUp = new CancellationTokenSource();
        var waiting = locks.EnterAsync("a", giveUp.Token);
        await giveUp.CancelAsync();

        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
        held.Dispose();
        held.Dispose();

        locks.Count.Should().Be(0);
        (await locks.EnterAsync("a", Token)).Dispose();
    }
}
