using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Mana.Tests.Mcp;

/// <summary>Keeps what a host logs, with its fields.</summary>
internal sealed class FakeLogCollector : ILoggerProvider
{
    private readonly ConcurrentQueue<(string Category, string Text, Dictionary<string, string?> Fields)> _events = new();

    /// <summary>Everything, as a person would read it.</summary>
    public string Text => string.Join('\n', _events.Select(one => one.Text));

    public void AddTo(ILoggingBuilder logging) => logging.AddProvider(this).SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.None);

    public IReadOnlyList<Dictionary<string, string?>> Events(string category) =>
        [.. _events.Where(one => one.Category == category).Select(one => one.Fields)];

    public ILogger CreateLogger(string categoryName) => new Collecting(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Collecting(FakeLogCollector all, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            all._events.Enqueue((
                category,
                formatter(state, exception) + exception,
                (state as IReadOnlyList<KeyValuePair<string, object?>> ?? []).ToDictionary(
                    field => field.Key, field => Convert.ToString(field.Value, CultureInfo.InvariantCulture))));
    }
}
