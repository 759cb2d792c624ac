using System.Threading.Channels;
using ModelContextProtocol;

namespace Mana.Mcp.Tools;

/// <summary>
/// Sends a call's progress to a client that asked for it. The tool never waits for the client: what a slow one has not
/// taken yet is replaced by what is newer.
/// </summary>
internal sealed class ProgressReporter
{
    private const int Waiting = 8;

    private readonly Channel<ProgressNotificationValue> _values = Channel.CreateBounded<ProgressNotificationValue>(
        new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly Task _sending;
    private double _latest = double.NegativeInfinity;

    public ProgressReporter(Func<ProgressNotificationValue, CancellationToken, Task> send, CancellationToken cancellationToken) =>
        _sending = SendAsync(send, cancellationToken);

    /// <summary>Notes progress; what does not go forward is left out, as the protocol asks.</summary>
    public void Report(double done, double? total, string? message)
    {
        if (done > _latest)
        {
            _latest = done;
            _values.Writer.TryWrite(new ProgressNotificationValue { Progress = (float)done, Total = (float?)total, Message = message });
        }
    }

    /// <summary>Waits until everything is sent: nothing may follow the result.</summary>
    public async Task CompleteAsync()
    {
        _values.Writer.TryComplete();
        await _sending;
    }

    private async Task SendAsync(Func<ProgressNotificationValue, CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var value in _values.Reader.ReadAllAsync(cancellationToken))
            {
                await send(value, cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or McpException)
        {
            // The client is gone. Whether the call goes on is not decided by its progress.
        }
    }
}
