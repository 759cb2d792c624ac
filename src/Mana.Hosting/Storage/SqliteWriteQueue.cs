using System.Threading.Channels;
using LinqToDB.Data;

namespace Mana.Hosting.Storage;

/// <summary>
/// SQLite allows one writer: this is it. Work that waits is taken together (at most <see cref="GroupLimit"/>), each
/// piece in a savepoint of one transaction, so that a hundred callers share one disk sync and none sees another's failure.
/// </summary>
internal sealed class SqliteWriteQueue : IAsyncDisposable
{
    private const int GroupLimit = 256;

    private readonly ServiceDatabase _database;
    private readonly Channel<IWork> _queue = Channel.CreateUnbounded<IWork>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _loop;
    private volatile bool _isFaulty;

    public SqliteWriteQueue(ServiceDatabase database)
    {
        _database = database;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Whether the last commit failed for a fault of the disk or the file.</summary>
    public bool IsFaulty => _isFaulty;

    private interface IWork
    {
        bool IsCancelled { get; }

        Task RunAsync(DataConnection connection);

        void Complete();

        void Fail(Exception error);
    }

    public Task<T> EnqueueAsync<T>(Func<DataConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        var item = new Work<T>(work, cancellationToken);
        return _queue.Writer.TryWrite(item)
            ? item.Result
            : Task.FromException<T>(new ObjectDisposedException(nameof(ServiceDatabase)));
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var group = new List<IWork>();
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            group.Clear();
            while (group.Count < GroupLimit && _queue.Reader.TryRead(out var item))
            {
                if (item.IsCancelled)
                {
                    item.Fail(new OperationCanceledException());
                }
                else
                {
                    group.Add(item);
                }
            }

            if (group.Count > 0)
            {
                await CommitAsync(group).ConfigureAwait(false);
            }
        }
    }

    private async Task CommitAsync(List<IWork> group)
    {
        var stored = new List<IWork>(group.Count);
        try
        {
            await using var connection = await _database.ConnectAsync(CancellationToken.None).ConfigureAwait(false);

            // Immediate: take the write lock before reading, so that a read in the work cannot be overtaken.
            await connection.ExecuteAsync("begin immediate").ConfigureAwait(false);
            try
            {
                await RunAsync(group, stored, connection).ConfigureAwait(false);
                await connection.ExecuteAsync("commit").ConfigureAwait(false);
            }
            catch
            {
                await _database.AbandonAsync(connection).ConfigureAwait(false);
                throw;
            }
        }
        catch (Exception e)
        {
            // The whole group is lost (disk full, database gone): everyone who waits must hear it.
            _isFaulty = StoreFault.Of(e) is not null;
            foreach (var item in group)
            {
                item.Fail(e);
            }

            return;
        }

        _isFaulty = false;
        foreach (var item in stored)
        {
            item.Complete();
        }
    }

    private static async Task RunAsync(List<IWork> group, List<IWork> stored, DataConnection connection)
    {
        foreach (var item in group)
        {
            await connection.ExecuteAsync("savepoint work").ConfigureAwait(false);
            try
            {
                await item.RunAsync(connection).ConfigureAwait(false);
                await connection.ExecuteAsync("release work").ConfigureAwait(false);
                stored.Add(item);
            }
            catch (Exception e) when (StoreFault.Of(e) is null)
            {
                await connection.ExecuteAsync("rollback to work; release work").ConfigureAwait(false);
                item.Fail(e);
            }
        }
    }

    private sealed class Work<T>(Func<DataConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken) : IWork
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _value;

        public Task<T> Result => _result.Task;

        public bool IsCancelled => cancellationToken.IsCancellationRequested;

        public async Task RunAsync(DataConnection connection) => _value = await work(connection, cancellationToken).ConfigureAwait(false);

        public void Complete() => _result.TrySetResult(_value!);

        public void Fail(Exception error)
        {
            if (error is OperationCanceledException)
            {
                _result.TrySetCanceled(cancellationToken);
            }
            else
            {
                _result.TrySetException(error);
            }
        }
    }
}
