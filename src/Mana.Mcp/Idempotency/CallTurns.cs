namespace Mana.Mcp.Idempotency;

/// <summary>
/// Lets calls with the same key into this process one after the other, whether or not the first one's client still
/// waits. It spares the repeats from running the tool for nothing; that only one is stored is the table's doing.
/// </summary>
internal sealed class CallTurns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Space, string Key), Line> _lines = [];

    /// <summary>Waits for the turn of this call; disposing the result ends it.</summary>
    public async ValueTask<IDisposable> EnterAsync(KeyedCall call, CancellationToken cancellationToken)
    {
        var id = (call.Space.Value, call.Key);
        Line? line;
        lock (_lock)
        {
            if (!_lines.TryGetValue(id, out line))
            {
                line = new Line();
                _lines.Add(id, line);
            }

            line.Calls++;
        }

        try
        {
            await line.Door.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(id, line);
            throw;
        }

        return new Turn(this, id, line);
    }

    private void Leave((string, string) id, Line line)
    {
        lock (_lock)
        {
            if (--line.Calls == 0)
            {
                _lines.Remove(id);
                line.Door.Dispose();
            }
        }
    }

    private sealed class Line
    {
        public SemaphoreSlim Door { get; } = new(1, 1);

        public int Calls { get; set; }
    }

    private sealed class Turn(CallTurns turns, (string, string) id, Line line) : IDisposable
    {
        public void Dispose()
        {
            line.Door.Release();
            turns.Leave(id, line);
        }
    }
}
