using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mana.Testing;

const string Usage = $"""
    scripted-claude: an Anthropic Messages server on loopback, for tests and benchmarks.

      --port P          port to listen on (default: a free one)
      --latency-ms L    wait before each answer (default: 0)
      --script FILE     replies and errors by request
      --help            this text

    It prints its address as the first line and ends on SIGTERM or Ctrl-C. Exit codes: 0 ended, 1 cannot listen,
    2 wrong arguments or script.

    {ReplyScript.Help}
    """;

var port = 0;
var latency = 0;
ReplyScript? script = null;
try
{
    for (var i = 0; i < args.Length; i++)
    {
        switch (args[i])
        {
            case "--help" or "-h":
                Console.WriteLine(Usage);
                return 0;
            case "--port":
                port = Number(args, ref i, 65535);
                break;
            case "--latency-ms":
                latency = Number(args, ref i, int.MaxValue);
                break;
            case "--script":
                script = ReplyScript.Parse(await File.ReadAllTextAsync(Value(args, ref i)));
                break;
            default:
                throw new ArgumentException($"unknown argument {args[i]}");
        }
    }
}
catch (Exception exception) when (exception is ArgumentException or ReplyScriptException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"scripted-claude: {exception.Message}\nTry --help.");
    return 2;
}

var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    await using var server = await ScriptedClaude.StartAsync(new ScriptedClaudeOptions
    {
        Port = port,
        Latency = TimeSpan.FromMilliseconds(latency),
        Script = script,
        RecordRequests = false,
    });
    Console.WriteLine($"scripted-claude listens on {server.Address}");
    await ended.Task;
    Console.WriteLine($"{server.ValidRequests} requests, at most {server.MaxConcurrency} at once");
    return 0;
}
catch (Exception exception) when (exception is IOException or SocketException)
{
    await Console.Error.WriteLineAsync($"scripted-claude: cannot listen on port {port}: {exception.Message}");
    return 1;
}

void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    ended.TrySetResult();
}

static string Value(string[] args, ref int i) => ++i < args.Length ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value");

static int Number(string[] args, ref int i, int highest)
{
    var name = args[i];
    return int.TryParse(Value(args, ref i), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= highest
        ? number
        : throw new ArgumentException($"{name} needs a whole number up to {highest}");
}
