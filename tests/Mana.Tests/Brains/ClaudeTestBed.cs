using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Mana.PersonaRunner.Brains;
using Mana.Testing;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Brains;

/// <summary>The Claude brain before a ScriptedClaude, on a clock that the test moves.</summary>
internal sealed class ClaudeTestBed : IAsyncDisposable
{
    public const string Key = "sk-ant-test-0123456789";

    private ClaudeTestBed(ScriptedClaude server, TimeSpan callTimeout)
    {
        Server = server;
        Settings = new ClaudeSettings(Key, server.Address, ClaudeSettings.DefaultModel, 512, callTimeout);
        Brain = ClaudeBrain.Create(Settings, handler: null, new OpenGate(), Time, Loggers);
    }

    public ScriptedClaude Server { get; }

    public ClaudeSettings Settings { get; }

    public Brain Brain { get; }

    public TimerRecorder Time { get; } = new();

    public LineLogger Loggers { get; } = new();

    public IReadOnlyList<string> Logged => [.. Loggers.Lines];

    public static async Task<ClaudeTestBed> StartAsync(ScriptedClaudeOptions? options = null) =>
        new(await ScriptedClaude.StartAsync(options), TimeSpan.FromSeconds(120));

    public Task<ChatResponse> AskAsync(string text = "Guten Morgen.", ChatOptions? options = null) =>
        Brain.Client.GetResponseAsync([new ChatMessage(ChatRole.User, text)], options, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Brain.Client.Dispose();
        await Server.DisposeAsync();
    }

    public static AIFunctionDeclaration Tool(string name, string schema, string description = "A tool.") =>
        AIFunctionFactory.CreateDeclaration(name, description, JsonDocument.Parse(schema).RootElement);

    /// <summary>Tells of every timer that is made; that is where the code under test begins to wait.</summary>
    internal sealed class TimerRecorder() : FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero))
    {
        private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime > TimeSpan.Zero)
            {
                _waits.Writer.TryWrite(dueTime);
            }

            return timer;
        }

        /// <summary>The next wait that is not the time-out of a call.</summary>
        public async Task<TimeSpan> NextWaitAsync(TimeSpan callTimeout)
        {
            while (true)
            {
                var wait = await _waits.Reader.ReadAsync(TestContext.Current.CancellationToken);
                if (wait != callTimeout)
                {
                    return wait;
                }
            }
        }
    }

    internal sealed class LineLogger : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
