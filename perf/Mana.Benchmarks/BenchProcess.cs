using System.Collections.Concurrent;
using System.Diagnostics;

namespace Mana.Benchmarks;

/// <summary>A service of the run in a process of its own.</summary>
internal sealed class BenchProcess : IAsyncDisposable
{
    private const int KeptLines = 30;
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource<string> _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private BenchProcess(string name, Process process)
    {
        Name = name;
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data, isOutput: true);
        process.ErrorDataReceived += (_, line) => Keep(line.Data, isOutput: false);
        process.Exited += (_, _) => _firstLine.TrySetException(new BenchException($"{name} ended by itself.\n{LastLines}"));
        process.EnableRaisingEvents = true;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Name { get; }

    /// <summary>The first line of its standard output.</summary>
    public Task<string> FirstLine => _firstLine.Task;

    public bool HasEnded => _process.HasExited;

    public string LastLines => string.Join('\n', _lines);

    /// <summary>User and system time so far.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Resident set now.</summary>
    public long ResidentMemoryBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Highest resident set so far (VmHWM).</summary>
    public long PeakMemoryBytes
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    public static BenchProcess Start(string name, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> settings) =>
        new(name, Process.Start(Info(program, arguments, settings)) ?? throw new BenchException($"{program} cannot be started."));

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="BenchException">It did not end with 0.</exception>
    public static async Task RunAsync(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> settings, string input, CancellationToken cancellationToken)
    {
        var (code, output) = await RunToEndAsync(program, arguments, settings, input, cancellationToken);
        if (code != 0)
        {
            throw new BenchException($"{Path.GetFileName(program)} {string.Join(' ', arguments)} ended with {code}.\n{output}");
        }
    }

    /// <summary>Runs a program to its end, whatever its exit code is.</summary>
    /// <returns>The exit code, and what it wrote: standard output, then standard error.</returns>
    public static async Task<(int Code, string Output)> RunToEndAsync(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> settings, string? input, CancellationToken cancellationToken)
    {
        var info = Info(program, arguments, settings);
        info.RedirectStandardInput = input is not null;
        using var process = Process.Start(info) ?? throw new BenchException($"{program} cannot be started.");
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        if (input is not null)
        {
            await process.StandardInput.WriteLineAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }

        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, await output + await error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // The runtime has no way to send SIGTERM, which is what drains a service; the shell has kill built in, a slim
            // Debian has no such program.
            using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {_process.Id}"]);
            using var limit = new CancellationTokenSource(DrainTime);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private static ProcessStartInfo Info(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> settings)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };

        // Settings of the caller's shell would be measured too, or reach the caller's own services.
        foreach (var name in info.Environment.Keys.Where(IsSetting).ToList())
        {
            info.Environment.Remove(name);
        }

        foreach (var (name, value) in settings)
        {
            info.Environment[name] = value;
        }

        return info;
    }

    private static bool IsSetting(string name) =>
        name is "PORT" or "HOST" or "BASE_URL" or "DATABASE_URL" or "BRAIN" or "NODE_ENV" or "DOTNET_ENVIRONMENT" or "LOG_LEVEL"
        || ((string[])["MANA_", "MCP_", "POLICY_", "ANTHROPIC_", "CLAUDE_", "PERSONA_", "RUNNER_", "TICK_", "JWT_", "OTEL_"]).Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    private void Keep(string? line, bool isOutput)
    {
        if (line is null)
        {
            return;
        }

        if (isOutput)
        {
            _firstLine.TrySetResult(line);
        }

        _lines.Enqueue(line);
        while (_lines.Count > KeptLines)
        {
            _lines.TryDequeue(out _);
        }
    }
}
