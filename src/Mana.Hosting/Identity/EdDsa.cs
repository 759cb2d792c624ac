using Microsoft.IdentityModel.Tokens;
using NSec.Cryptography;

namespace Mana.Hosting.Identity;

/// <summary>
/// An Ed25519 key as IdentityModel sees one. Neither .NET 10 nor IdentityModel know EdDSA, so this type and
/// <see cref="EdDsaCryptoProviderFactory"/> put libsodium (NSec) behind their extension points.
/// </summary>
public sealed class EdDsaSecurityKey : AsymmetricSecurityKey
{
    private readonly byte[]? _privateKey;
    private readonly byte[] _publicKey;

    private EdDsaSecurityKey(string keyId, byte[] publicKey, byte[]? privateKey)
    {
        KeyId = keyId;
        _publicKey = publicKey;
        _privateKey = privateKey;
        CryptoProviderFactory = EdDsaCryptoProviderFactory.Instance;
    }

    /// <summary>The name of the algorithm in JOSE headers.</summary>
    public const string Algorithm = "EdDSA";

    /// <inheritdoc/>
    public override int KeySize => 256;

    /// <inheritdoc/>
    [Obsolete("IdentityModel asks for this override; use PrivateKeyStatus.")]
    public override bool HasPrivateKey => _privateKey is not null;

    /// <inheritdoc/>
    public override PrivateKeyStatus PrivateKeyStatus => _privateKey is null ? PrivateKeyStatus.DoesNotExist : PrivateKeyStatus.Exists;

    /// <summary>The public key, 32 bytes: the <c>x</c> of the JWK.</summary>
    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    /// <summary>A key that verifies.</summary>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public static EdDsaSecurityKey FromPublicKey(string keyId, byte[] publicKey)
    {
        if (publicKey.Length != 32)
        {
            throw new ArgumentException("An Ed25519 public key has 32 bytes.", nameof(publicKey));
        }

        return new EdDsaSecurityKey(keyId, publicKey, null);
    }

    /// <summary>A key that signs and verifies, from its 32-byte seed.</summary>
    public static EdDsaSecurityKey FromSeed(string keyId, byte[] seed)
    {
        using var key = Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey);
        return new EdDsaSecurityKey(keyId, key.PublicKey.Export(KeyBlobFormat.RawPublicKey), seed);
    }

    /// <summary>The key of a published JWK, or null when it is of another kind.</summary>
    public static EdDsaSecurityKey? FromJwk(JsonWebKey jwk)
    {
        if (jwk.Kty != "OKP" || jwk.Crv != "Ed25519" || string.IsNullOrEmpty(jwk.X) || string.IsNullOrEmpty(jwk.Kid))
        {
            return null;
        }

        try
        {
            return FromPublicKey(jwk.Kid, Base64UrlEncoder.DecodeBytes(jwk.X));
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null;
        }
    }

    internal byte[] Sign(byte[] data)
    {
        using var key = Key.Import(SignatureAlgorithm.Ed25519, _privateKey!, KeyBlobFormat.RawPrivateKey);
        return SignatureAlgorithm.Ed25519.Sign(key, data);
    }

    internal bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureAlgorithm.Ed25519.SignatureSize
        && SignatureAlgorithm.Ed25519.Verify(
            NSec.Cryptography.PublicKey.Import(SignatureAlgorithm.Ed25519, _publicKey, KeyBlobFormat.RawPublicKey), data, signature);
}

/// <summary>Lets IdentityModel sign and verify with an <see cref="EdDsaSecurityKey"/>; refuses every other key.</summary>
public sealed class EdDsaCryptoProviderFactory : CryptoProviderFactory
{
    private EdDsaCryptoProviderFactory()
    {
        CacheSignatureProviders = false;
    }

    /// <summary>The factory; it holds no state.</summary>
    public static EdDsaCryptoProviderFactory Instance { get; } = new();

    /// <inheritdoc/>
    public override bool IsSupportedAlgorithm(string algorithm, SecurityKey key) =>
        algorithm == EdDsaSecurityKey.Algorithm && key is EdDsaSecurityKey;

    /// <inheritdoc/>
    public override SignatureProvider CreateForSigning(SecurityKey key, string algorithm) => Create(key, algorithm);

    /// <inheritdoc/>
    public override SignatureProvider CreateForSigning(SecurityKey key, string algorithm, bool cacheProvider) => Create(key, algorithm);

    /// <inheritdoc/>
    public override SignatureProvider CreateForVerifying(SecurityKey key, string algorithm) => Create(key, algorithm);

    /// <inheritdoc/>
    public override SignatureProvider CreateForVerifying(SecurityKey key, string algorithm, bool cacheProvider) => Create(key, algorithm);

    private static EdDsaSignatureProvider Create(SecurityKey key, string algorithm) =>
        key is EdDsaSecurityKey edDsa && algorithm == EdDsaSecurityKey.Algorithm
            ? new EdDsaSignatureProvider(edDsa)
            : throw new NotSupportedException($"Only {EdDsaSecurityKey.Algorithm} with Ed25519 is accepted.");

    private sealed class EdDsaSignatureProvider(EdDsaSecurityKey key) : SignatureProvider(key, EdDsaSecurityKey.Algorithm)
    {
        public override byte[] Sign(byte[] input) => key.Sign(input);

        // The one that JsonWebTokenHandler calls.
        public override bool Sign(ReadOnlySpan<byte> data, Span<byte> destination, out int bytesWritten)
        {
            var signature = key.Sign(data.ToArray());
            bytesWritten = signature.Length;
            return signature.AsSpan().TryCopyTo(destination);
        }

        public override bool Verify(byte[] input, byte[] signature) => key.Verify(input, signature);

        public override bool Verify(byte[] input, int inputOffset, int inputLength, byte[] signature, int signatureOffset, int signatureLength) =>
            key.Verify(input.AsSpan(inputOffset, inputLength), signature.AsSpan(signatureOffset, signatureLength));

        protected override void Dispose(bool disposing)
        {
        }
    }
}
