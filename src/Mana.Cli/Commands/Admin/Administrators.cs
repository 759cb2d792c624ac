using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Mana.Cli.Commands.Admin;

/// <summary>Administrator accounts, made directly in mana-auth's database: the first one has nobody to ask.</summary>
internal static class Administrators
{
    private const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
    private const int PasswordLength = 24;

    /// <inheritdoc cref="EnsureAdministrator"/>
    public static Task EnsureAsync(
        IConfiguration configuration, string email, string password, string name, CancellationToken cancellationToken) =>
        throw new CliException(ExitCode.Failed, "this build of mana-auth cannot make administrators");

    /// <summary>A password without letters that look alike.</summary>
    public static string NewPassword() => RandomNumberGenerator.GetString(Alphabet, PasswordLength);
}
