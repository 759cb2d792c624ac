using System.Globalization;
using System.Net.Sockets;
using Mana.Cli.Output;
using Mana.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace Mana.Cli.Commands.Serve;

/// <summary>A service that is about to start.</summary>
/// <param name="Name">mana-auth, for instance.</param>
/// <param name="Create">Makes the host.</param>
/// <param name="Configuration">Its only settings.</param>
/// <param name="PortSetting">How its port is changed, for the message when it is taken.</param>
/// <param name="Clock">The domain clock; null for the service's own.</param>
internal sealed record PlannedService(
    string Name,
    Func<IConfiguration, TimeProvider?, WebApplication> Create,
    IConfiguration Configuration,
    string PortSetting,
    TimeProvider? Clock = null);

/// <summary>The services of this process. They start one by one, and stop in the opposite order: whoever calls goes first.</summary>
internal sealed class RunningServices(CommandContext context) : IAsyncDisposable
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(30);

    private readonly Stack<(string Name, WebApplication App)> _running = new();
    private readonly TaskCompletionSource<string> _stoppedByItself = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;

    public async Task<Uri> StartAsync(PlannedService service, CancellationToken cancellationToken)
    {
        var began = context.Environment.Time.GetTimestamp();
        var app = service.Create(service.Configuration, service.Clock);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException || e.InnerException is SocketException)
        {
            await app.DisposeAsync();
            throw new CliException(ExitCode.Failed, $"{service.Name} cannot listen: {e.Message.TrimEnd('.')}; stop what listens there, or change {service.PortSetting}");
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        _running.Push((service.Name, app));
        app.Lifetime.ApplicationStopping.Register(() =>
        {
            if (!_stopping)
            {
                _stoppedByItself.TrySetResult(service.Name);
            }
        });
        var address = app.Address();
        if (context.Json)
        {
            context.WriteJsonLine(new ServiceLine("service", service.Name, address.AbsoluteUri.TrimEnd('/'), ServiceHost.Version), json => json.ServiceLine);
        }
        else
        {
            var took = context.Environment.Time.GetElapsedTime(began).TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
            context.Say($"[green]✓[/] {service.Name,-20} {Markup.Escape(address.AbsoluteUri.TrimEnd('/'))}  [grey]{took} ms[/]");
        }

        return address;
    }

    /// <summary>
    /// Waits for the signal to stop; a service that stops by itself is an error, and so is a failing companion (what
    /// the command does meanwhile).
    /// </summary>
    public async Task WaitAsync(Task companion, CancellationToken cancellationToken)
    {
        var interrupted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(interrupted.SetResult);
        if (await Task.WhenAny(interrupted.Task, _stoppedByItself.Task, companion) == companion && !cancellationToken.IsCancellationRequested)
        {
            await companion;
            await Task.WhenAny(interrupted.Task, _stoppedByItself.Task);
        }

        if (!cancellationToken.IsCancellationRequested)
        {
            throw new CliException(ExitCode.Failed, $"{await _stoppedByItself.Task} stopped by itself; its last log lines say why");
        }
    }

    /// <summary>Drains every service, the last started first.</summary>
    public async Task StopAsync()
    {
        _stopping = true;
        while (_running.TryPop(out var running))
        {
            context.Warn($"stopping {running.Name} …");
            using var limit = new CancellationTokenSource(DrainTime, context.Environment.Time);
            try
            {
                await running.App.StopAsync(limit.Token);
            }
            finally
            {
                await running.App.DisposeAsync();
            }
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
