using System.Security.Cryptography;
using Mana.Auth.SignIn;
using Microsoft.Extensions.Configuration;

namespace Mana.Cli.Commands.Admin;

/// <summary>Administrator accounts, made directly in mana-auth's database: the first one has nobody to ask.</summary>
internal static class Administrators
{
    private const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
    private const int PasswordLength = 24;

    /// <inheritdoc cref="EnsureAdministrator"/>
    public static async Task EnsureAsync(
        IConfiguration configuration, string email, string password, string name, CancellationToken cancellationToken)
    {
        try
        {
            await AdminAccounts.EnsureAsync(configuration, email, password, name, cancellationToken);
        }
        catch (AdminAccountException e)
        {
            throw new CliException(ExitCode.Failed, e.Message);
        }
    }

    /// <summary>A password without letters that look alike.</summary>
    public static string NewPassword() => RandomNumberGenerator.GetString(Alphabet, PasswordLength);
}
