using Mana.EndToEnd.Browser;
using Mana.Testing;

namespace Mana.EndToEnd;

/// <summary>The live page in a real browser.</summary>
public sealed class LivePageTests : IDisposable
{
    private static readonly string[] Names = ["Anna", "Ben", "Julia", "Kai", "Lena", "Marcus", "Maya", "Paul", "Sofia", "Tom"];

    private readonly TemporaryDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task It_shows_the_personas_the_brain_and_the_ratings_and_follows_new_ticks_without_an_error()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var chromium = await HeadlessChromium.StartAsync(cancellationToken);
        await using var up = ManaUp.Start(_data.Path, new Dictionary<string, string>());
        await up.FirstRoundAsync(cancellationToken);

        await chromium.OpenAsync(
            up.RunnerUrl, "document.querySelectorAll('#personas tr').length === 10 && document.querySelector('#state').textContent === 'live'", cancellationToken);

        var personas = await TextAsync("#personas");
        personas.Should().ContainAll(Names).And.Contain("completed");
        personas.Should().NotContainAny("never", "idle", "no usable module");
        (await TextAsync("#brain")).Should().Be("brain: simulated");
        (await TextAsync("#ratings")).Should().MatchRegex("[1-5] / 5");
        (await TextAsync("main")).Should().Contain("Uncalibrated simulation");

        var tick = await up.RunAsync(cancellationToken, "tick", "run", "--persona", "persona.maya@mana.test", "--wait");
        tick.ExitCode.Should().Be(0, "{0}", tick);
        await chromium.WaitAsync(
            "['Maya act', 'Maya completed'].every(text => [...document.querySelectorAll('#activity li')].some(item => item.textContent.includes(text)))",
            cancellationToken);
        chromium.Errors.Should().BeEmpty();
        (await up.StopAsync(cancellationToken)).Should().Be(0);

        Task<string> TextAsync(string selector) => chromium.EvaluateAsync<string>($"document.querySelector('{selector}').innerText", cancellationToken);
    }
}
