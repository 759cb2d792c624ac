using System.Runtime.InteropServices;
using Mana.Cli;

// The signals have one owner: the first asks the command to finish, the second ends the process.
using var interrupted = new CancellationTokenSource();
var signals = 0;
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnSignal);
return await ManaCli.RunAsync(args, CliEnvironment.FromProcess(), interrupted.Token);

void OnSignal(PosixSignalContext context)
{
    if (Interlocked.Increment(ref signals) > 1)
    {
        Environment.Exit((int)ExitCode.Interrupted);
    }

    context.Cancel = true;
    interrupted.Cancel();
}
