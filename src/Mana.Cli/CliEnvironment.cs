using Mana.Auth;
using Mana.Mcp;
using Mana.PersonaRunner;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace Mana.Cli;

/// <summary>Everything that a command touches outside its own arguments, so that tests run commands in-process.</summary>
public sealed class CliEnvironment
{
    /// <summary>Answers to questions, and secrets that must not stand on the command line.</summary>
    public required TextReader In { get; init; }

    /// <summary>Results.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Errors and, with <c>--json</c>, progress.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Draws on <see cref="Out"/>: colours and live tables on a terminal, plain lines elsewhere.</summary>
    public required IAnsiConsole Console { get; init; }

    /// <summary>Whether <see cref="In"/> is a person at a terminal.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>The environment variables.</summary>
    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    /// <summary>Time-outs and polling.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The services that <c>up</c> and <c>serve</c> start.</summary>
    public ServiceFactories Services { get; init; } = ServiceFactories.Product;

    /// <summary>The value of a variable; null when unset or empty.</summary>
    public string? Variable(string name) => Variables.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>The process's own terminal and variables.</summary>
    public static CliEnvironment FromProcess() => new()
    {
        In = System.Console.In,
        Out = System.Console.Out,
        Error = System.Console.Error,
        Console = ConsoleOn(System.Console.Out, !System.Console.IsOutputRedirected),
        IsInteractive = !System.Console.IsInputRedirected,
        Variables = ProcessVariables(),
    };

    /// <summary>A console on a writer. Away from a terminal it neither colours nor wraps.</summary>
    public static IAnsiConsole ConsoleOn(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal)
        {
            console.Profile.Width = 4000;
        }

        return console;
    }

    private static Dictionary<string, string> ProcessVariables()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        return variables;
    }
}

/// <summary>How the three services are made, and how the first administrator is.</summary>
/// <param name="Auth">mana-auth.</param>
/// <param name="Mcp">mana-mcp.</param>
/// <param name="Runner">mana-persona-runner.</param>
/// <param name="EnsureAdministrator">Makes or updates an administrator directly in mana-auth's database.</param>
public sealed record ServiceFactories(
    Func<IConfiguration, TimeProvider?, WebApplication> Auth,
    Func<IConfiguration, TimeProvider?, WebApplication> Mcp,
    Func<IConfiguration, TimeProvider?, WebApplication> Runner,
    EnsureAdministrator EnsureAdministrator)
{
    /// <summary>The product's own.</summary>
    public static ServiceFactories Product { get; } =
        new(AuthHost.Create, McpHost.Create, RunnerHost.Create, Commands.Admin.Administrators.EnsureAsync);
}

/// <summary>Makes or updates an administrator.</summary>
/// <param name="configuration">As mana-auth's: which database.</param>
/// <param name="email">The account.</param>
/// <param name="password">Its password from now on.</param>
/// <param name="name">Its display name.</param>
/// <param name="cancellationToken">Cancels the work.</param>
public delegate Task EnsureAdministrator(
    IConfiguration configuration, string email, string password, string name, CancellationToken cancellationToken);
