using System.Diagnostics;
using System.Globalization;

namespace Mana.Testing;

/// <summary>
/// A real process with captured output. Its environment holds what a program needs to run at all and what the test
/// gives it, so that neither a key nor a setting of the machine gets in.
/// </summary>
public sealed class ProcessUnderTest : IAsyncDisposable
{
    private const int LongestShownLine = 300;
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(45);

    // The least that dotnet, PostgreSQL and Chromium start with.
    private static readonly HashSet<string> Inherited =
        ["PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "LD_LIBRARY_PATH"];

    private readonly Process _process;
    private readonly List<string> _output = [];
    private readonly List<string> _lines = [];
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = NewSignal();
    private int _openStreams = 2;

    private ProcessUnderTest(string name, Process process)
    {
        Name = name;
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data, isOutput: true);
        process.ErrorDataReceived += (_, line) => Keep(line.Data, isOutput: false);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>How failures call it.</summary>
    public string Name { get; }

    /// <summary>The only process that the harness ever signals, with its children.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Standard output so far.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
            {
                return string.Join('\n', _output);
            }
        }
    }

    /// <summary>Standard output and standard error so far, line by line as they came.</summary>
    public string Everything
    {
        get
        {
            lock (_lock)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <summary><see cref="Everything"/> for the reader of a failure: a line may carry a whole tool list.</summary>
    public string Shown
    {
        get
        {
            lock (_lock)
            {
                return string.Join('\n', _lines.Select(line => line.Length > LongestShownLine ? line[..LongestShownLine] + " …" : line));
            }
        }
    }

    /// <summary>Starts a program.</summary>
    /// <param name="name">How failures call it.</param>
    /// <param name="program">A path, or a name to look for in PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="settings">The environment variables of the program.</param>
    /// <param name="input">All of its standard input.</param>
    /// <param name="directory">Where it starts.</param>
    public static ProcessUnderTest Start(
        string name,
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? settings = null,
        string input = "",
        string? directory = null)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory ?? "",
        };
        foreach (var variable in info.Environment.Keys.Where(key => !Inherited.Contains(key)).ToList())
        {
            info.Environment.Remove(variable);
        }

        foreach (var (key, value) in settings ?? new Dictionary<string, string>())
        {
            info.Environment[key] = value;
        }

        var process = Process.Start(info) ?? throw new InvalidOperationException($"{program} cannot be started.");
        var started = new ProcessUnderTest(name, process);
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code and output say why.
        }

        return started;
    }

    /// <summary>Waits for a line on standard output or standard error, one that came already included.</summary>
    /// <returns>The line.</returns>
    /// <exception cref="ProcessFailedException">The process ended, or the time was up; the message has its output.</exception>
    public async Task<string> LineAsync(Func<string, bool> isWanted, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        var seen = 0;
        while (true)
        {
            Task changed;
            bool ended;
            lock (_lock)
            {
                for (; seen < _lines.Count; seen++)
                {
                    if (isWanted(_lines[seen]))
                    {
                        return _lines[seen];
                    }
                }

                changed = _changed.Task;
                ended = _openStreams == 0;
            }

            if (ended)
            {
                throw Failure("ended without the awaited line");
            }

            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw Failure(string.Create(CultureInfo.InvariantCulture, $"did not write the awaited line within {timeout.TotalSeconds} s"));
            }
        }
    }

    /// <summary>Waits for the end and for all output; a process that does not end is killed with its children.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            Kill();
            throw Failure(string.Create(CultureInfo.InvariantCulture, $"did not end within {timeout.TotalSeconds} s and was killed"));
        }
    }

    /// <summary>Sends a signal and waits for the end.</summary>
    /// <param name="signal">TERM or INT.</param>
    /// <param name="cancellationToken">Ends the waiting, and the process.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync(string signal, CancellationToken cancellationToken)
    {
        await SignalAsync(signal, cancellationToken);
        return await ExitAsync(DrainTime, cancellationToken);
    }

    /// <summary>Sends a signal.</summary>
    /// <param name="signal">STOP or CONT, for instance.</param>
    /// <param name="cancellationToken">Ends the waiting for it to be sent.</param>
    public async Task SignalAsync(string signal, CancellationToken cancellationToken)
    {
        if (!_process.HasExited)
        {
            // The runtime has no way to send a signal, and a bare Debian no program for it; every shell has.
            using var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {_process.Id.ToString(CultureInfo.InvariantCulture)}"]);
            await kill.WaitForExitAsync(cancellationToken);
        }
    }

    /// <summary>Kills the process, and it alone, this very moment; returns without waiting for its end.</summary>
    public void KillNow() => _process.Kill();

    /// <summary>An error that shows what the process wrote.</summary>
    public ProcessFailedException Failure(string what) => new($"{Name} {what}\n--- its output:\n{Shown}\n---");

    /// <summary>Stops the process with SIGTERM where the test has not done so.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_process.HasExited)
            {
                await StopAsync("TERM", CancellationToken.None);
            }
        }
        finally
        {
            Kill();
            _process.Dispose();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    private void Keep(string? line, bool isOutput)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (line is null)
            {
                _openStreams--;
            }
            else
            {
                _lines.Add(line);
                if (isOutput)
                {
                    _output.Add(line);
                }
            }

            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }
}

/// <summary>A process did not do what the test needs; the message has its output.</summary>
public sealed class ProcessFailedException(string message) : Exception(message);
