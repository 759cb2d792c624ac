using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace Mana.Auth.Keys;

/// <summary>Encrypts private signing keys at rest: XChaCha20-Poly1305 under a key derived from <c>MANA_AUTH_SECRET</c>, bound to the key's id.</summary>
internal sealed class KeyProtection : IDisposable
{
    private const string Version = "v1.";
    private static readonly AeadAlgorithm Algorithm = AeadAlgorithm.XChaCha20Poly1305;

    private readonly Key _key;

    public KeyProtection(string secret)
    {
        var bytes = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), Algorithm.KeySize, info: "mana-auth signing keys v1"u8.ToArray());
        _key = Key.Import(Algorithm, bytes, KeyBlobFormat.RawSymmetricKey);
        CryptographicOperations.ZeroMemory(bytes);
    }

    public string Encrypt(string keyId, byte[] seed)
    {
        var nonce = RandomNumberGenerator.GetBytes(Algorithm.NonceSize);
        var sealedSeed = Algorithm.Encrypt(_key, nonce, Encoding.UTF8.GetBytes(keyId), seed);
        return Version + Convert.ToBase64String([.. nonce, .. sealedSeed]);
    }

    /// <summary>The seed, or null when it was encrypted under another secret (or changed).</summary>
    public byte[]? Decrypt(string keyId, string text)
    {
        if (!text.StartsWith(Version, StringComparison.Ordinal))
        {
            return null;
        }

        var bytes = Convert.FromBase64String(text[Version.Length..]);
        return bytes.Length > Algorithm.NonceSize
            ? Algorithm.Decrypt(_key, bytes.AsSpan(0, Algorithm.NonceSize), Encoding.UTF8.GetBytes(keyId), bytes.AsSpan(Algorithm.NonceSize))
            : null;
    }

    public void Dispose() => _key.Dispose();
}
