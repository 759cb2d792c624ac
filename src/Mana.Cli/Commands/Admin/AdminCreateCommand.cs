using System.CommandLine;
using Mana.Cli.Output;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace Mana.Cli.Commands.Admin;

/// <summary><c>mana admin create</c></summary>
internal static class AdminCreateCommand
{
    private const int MinimumPasswordLength = 8;
    private const int MaximumPasswordLength = 128;

    private static readonly Argument<string> Email = new("EMAIL") { Description = "The administrator's e-mail address" };
    private static readonly Option<string?> Name = new("--name") { Description = "Display name (default: the part before the @)", HelpName = "NAME" };
    private static readonly Option<bool> PasswordStdin = new("--password-stdin") { Description = "Read the password from the first line of stdin" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "create",
            "Make an administrator directly in mana-auth's database (--data or DATABASE_URL). Prints a generated password once.",
            "mana admin create you@example.org",
            "mana admin create you@example.org --password-stdin < password.txt",
            "DATABASE_URL=postgresql://… mana admin create you@example.org");
        command.Add(Email);
        command.Add(Name);
        command.Add(PasswordStdin);
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var email = context.Get(Email)!.Trim();
        var at = email.IndexOf('@', StringComparison.Ordinal);
        if (at <= 0 || at == email.Length - 1 || email.Any(char.IsWhiteSpace))
        {
            throw new CliException(ExitCode.Usage, $"\"{email}\" is no e-mail address; write it like you@example.org");
        }

        var name = context.Get(Name) ?? email[..at];
        var given = context.Get(PasswordStdin) ? await ReadPasswordAsync(context, cancellationToken) : null;
        var password = given ?? Administrators.NewPassword();
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(context.Environment.Variables.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)))
            .AddInMemoryCollection([KeyValuePair.Create(DatabaseSettings.DirectoryKey, (string?)context.Connection.Files.Directory)])
            .Build();
        await context.Environment.Services.EnsureAdministrator(configuration, email, password, name, cancellationToken);
        var shown = given is null ? password : null;
        if (context.Json)
        {
            context.WriteJson(new AdminReport(email, name, shown), json => json.AdminReport);
            return ExitCode.Ok;
        }

        context.Say($"[green]✓[/] {Markup.Escape(email)} is an administrator of mana-auth");
        if (shown is not null)
        {
            context.Say($"password: {Markup.Escape(shown)}");
            context.Say("It is shown this once only; keep it.");
        }

        return ExitCode.Ok;
    }

    private static async Task<string> ReadPasswordAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var password = await context.Environment.In.ReadLineAsync(cancellationToken) ?? "";
        return password.Length is >= MinimumPasswordLength and <= MaximumPasswordLength
            ? password
            : throw new CliException(
                ExitCode.Usage, $"the password on stdin has {password.Length} characters; give {MinimumPasswordLength} to {MaximumPasswordLength} on one line");
    }
}
