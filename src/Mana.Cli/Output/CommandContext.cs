using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Mana.Cli.Clients;
using Spectre.Console;

namespace Mana.Cli.Output;

/// <summary>One invocation: what was asked for, whom to talk to, and where to write.</summary>
internal sealed class CommandContext(GlobalOptions globals, CliEnvironment environment, ParseResult parsed)
{
    private Connection.Connection? _connection;

    public CliEnvironment Environment { get; } = environment;

    public ParseResult Parsed { get; } = parsed;

    public bool Json { get; } = parsed.GetValue(globals.Json);

    public string? Data => Parsed.GetValue(globals.Data);

    public IAnsiConsole Console => Environment.Console;

    public Connection.Connection Connection => _connection ??= Mana.Cli.Connection.Connection.Resolve(
        Environment, Data, Parsed.GetValue(globals.AuthUrl), Parsed.GetValue(globals.McpUrl), Parsed.GetValue(globals.RunnerUrl));

    public T? Get<T>(Option<T> option) => Parsed.GetValue(option);

    public T? Get<T>(Argument<T> argument) => Parsed.GetValue(argument);

    /// <summary>A line for a person, in Spectre markup: stdout, or stderr when stdout is JSON.</summary>
    public void Say(string markup)
    {
        if (Json)
        {
            Environment.Error.WriteLine(Markup.Remove(markup));
        }
        else
        {
            Console.MarkupLine(markup);
        }
    }

    /// <summary>A plain line on stderr.</summary>
    public void Warn(string text) => Environment.Error.WriteLine(text);

    public void WriteJson<T>(T value, Func<CliJson, JsonTypeInfo<T>> shape) =>
        Environment.Out.WriteLine(JsonSerializer.Serialize(value, shape(CliJson.Indented)));

    public void WriteJsonLine<T>(T value, Func<CliJson, JsonTypeInfo<T>> shape)
    {
        Environment.Out.WriteLine(JsonSerializer.Serialize(value, shape(CliJson.Lines)));
        Environment.Out.Flush();
    }

    public RunnerClient Runner() => new(Connection.RunnerUrl, Connection.ServiceKey);

    /// <summary>A token of an administrator: the given one, else a sign-in with the known account.</summary>
    public async Task<string> AdminJwtAsync(AuthClient auth, CancellationToken cancellationToken)
    {
        if (Connection.AdminJwt is { } jwt)
        {
            return jwt;
        }

        if (Connection.AdminEmail is not { } email || Connection.AdminPassword is not { } password)
        {
            throw new CliException(
                ExitCode.Usage,
                $"no administrator is known: {Connection.Files.Directory} holds none; start ./mana up once, name its directory with --data, or set {Mana.Cli.Connection.Connection.AdminEmailKey} and {Mana.Cli.Connection.Connection.AdminPasswordKey}");
        }

        return (await auth.LoginAsync(email, password, cancellationToken)).Jwt;
    }
}

/// <summary>A command with examples in its help.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>Sets the action.</summary>
    public Verb Runs(
        GlobalOptions globals, CliEnvironment environment, Func<CommandContext, CancellationToken, Task<ExitCode>> action)
    {
        SetAction(async (parsed, cancellationToken) => (int)await action(new CommandContext(globals, environment, parsed), cancellationToken));
        return this;
    }
}
