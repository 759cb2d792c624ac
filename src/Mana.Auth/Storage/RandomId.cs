using System.Security.Cryptography;

namespace Mana.Auth.Storage;

/// <summary>The kinds of random text that the wire contract knows.</summary>
internal static class RandomId
{
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>32 letters and digits (190 bits): ids of users and sessions, session tokens, key ids.</summary>
    public static string Long() => RandomNumberGenerator.GetString(Alphanumeric, 32);

    /// <summary>21 characters as nanoid makes them: ids of spaces and memberships.</summary>
    public static string Nano() => RandomNumberGenerator.GetString(Alphanumeric + "_-", 21);

    /// <summary>A suffix that makes a slug free: 6 lower-case letters and digits.</summary>
    public static string SlugSuffix() => RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 6);
}
