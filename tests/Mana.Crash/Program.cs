using System.Runtime.InteropServices;
using Mana.Crash;

if (args.Any(argument => argument is "--help" or "-h"))
{
    Console.WriteLine(CrashOptions.Usage);
    return 0;
}

CrashOptions options;
try
{
    options = CrashOptions.Parse(args);
}
catch (ArgumentException exception)
{
    await Console.Error.WriteLineAsync($"mana-crash: {exception.Message}\nTry --help.");
    return 2;
}

using var ending = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    var isAsItMustBe = options.LimitSeconds is { } seconds
        ? await LimitRun.RunAsync(options, TimeSpan.FromSeconds(seconds), Console.Out, ending.Token)
        : (await CrashRun.RunAsync(options, Console.Out, ending.Token)).IsAsItMustBe;
    return isAsItMustBe ? 0 : 1;
}
catch (OperationCanceledException) when (ending.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("mana-crash: interrupted");
    return 1;
}

void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    ending.Cancel();
}
