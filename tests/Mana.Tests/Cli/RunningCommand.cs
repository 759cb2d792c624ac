using System.Text;
using Mana.Cli;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Cli;

/// <summary>
/// A command that runs until it is stopped, as by Ctrl-C. Its clock stands still: on a slow machine it would ask how
/// the ticks ended before it has shown the events that say so.
/// </summary>
internal sealed class RunningCommand : IAsyncDisposable
{
    /// <summary>The zone of the machine that it runs on.</summary>
    public const string TimeZone = "Asia/Kathmandu";

    private readonly CancellationTokenSource _interrupt = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly WatchedWriter _out = new();
    private readonly WatchedWriter _error = new();

    public RunningCommand(string dataDirectory, Dictionary<string, string> variables, ServiceFactories services, params string[] args)
    {
        var clock = new FakeTimeProvider();
        clock.SetLocalTimeZone(TimeZoneInfo.FindSystemTimeZoneById(TimeZone));
        var environment = CliRun.Environment(dataDirectory, variables, "", services, _out, _error, clock);
        Finished = Task.Run(() => ManaCli.RunAsync(args, environment, _interrupt.Token));
    }

    public Task<int> Finished { get; }

    public string Out => _out.Text;

    public string Error => _error.Text;

    public Task WaitForAsync(string text) => WaitForAsync(_out, text);

    public Task WaitForErrorAsync(string text) => WaitForAsync(_error, text);

    private async Task WaitForAsync(WatchedWriter writer, string text)
    {
        var seen = writer.WaitForAsync(text);
        if (await Task.WhenAny(seen, Finished) != seen)
        {
            throw new InvalidOperationException($"The command ended with {await Finished} before it said \"{text}\".\n{Out}\n{Error}");
        }
    }

    public async Task<int> StopAsync()
    {
        await _interrupt.CancelAsync();
        return await Finished;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _interrupt.Dispose();
    }

    private sealed class WatchedWriter : StringWriter
    {
        private readonly Lock _gate = new();
        private readonly List<(string Text, TaskCompletionSource Seen)> _waiting = [];

        public string Text
        {
            get
            {
                lock (_gate)
                {
                    return GetStringBuilder().ToString();
                }
            }
        }

        public override Encoding Encoding => Encoding.UTF8;

        public Task WaitForAsync(string text)
        {
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
            {
                _waiting.Add((text, seen));
            }

            Announce();
            return seen.Task;
        }

        public override void Write(char value)
        {
            lock (_gate)
            {
                base.Write(value);
            }
        }

        public override void Write(char[] buffer, int index, int count)
        {
            lock (_gate)
            {
                base.Write(buffer, index, count);
            }

            Announce();
        }

        public override void Write(string? value)
        {
            lock (_gate)
            {
                base.Write(value);
            }

            Announce();
        }

        public override void Flush() => Announce();

        private void Announce()
        {
            lock (_gate)
            {
                var text = GetStringBuilder().ToString();
                foreach (var (_, seen) in _waiting.Where(entry => text.Contains(entry.Text, StringComparison.Ordinal)))
                {
                    seen.TrySetResult();
                }
            }
        }
    }
}
