using System.Text.Json.Serialization;

namespace Mana.Auth.OAuth;

/// <summary>RFC 8414.</summary>
internal sealed record AuthorizationServerMetadata(
    string Issuer,
    string AuthorizationEndpoint,
    string TokenEndpoint,
    string RevocationEndpoint,
    string JwksUri,
    IReadOnlyList<string> ScopesSupported,
    IReadOnlyList<string> ResponseTypesSupported,
    IReadOnlyList<string> ResponseModesSupported,
    IReadOnlyList<string> GrantTypesSupported,
    IReadOnlyList<string> TokenEndpointAuthMethodsSupported,
    IReadOnlyList<string> RevocationEndpointAuthMethodsSupported,
    IReadOnlyList<string> CodeChallengeMethodsSupported,
    bool AuthorizationResponseIssParameterSupported,
    IReadOnlyList<string> ProtectedResources);

internal sealed record TokenAnswer(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken, string Scope);

internal sealed record TokenErrorBody(string Error, string ErrorDescription);

/// <summary>What the OAuth endpoints write; the protocol spells its members with underscores.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuthorizationServerMetadata))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(TokenErrorBody))]
internal sealed partial class OAuthJson : JsonSerializerContext;
