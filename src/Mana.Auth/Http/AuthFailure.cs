using Mana.Auth.SignIn;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.Http;

/// <summary>Why a sign-in or sign-up was refused, with everything that envelopes A and C need to say so.</summary>
/// <param name="Code">Of the code table of envelope A.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Message">For people; never tells whether an account exists.</param>
/// <param name="NativeCode">The code in envelope C where the native endpoints use another one.</param>
/// <param name="RetryAfterSeconds">When the caller may try again.</param>
internal sealed record AuthFailure(string Code, int Status, string Message, string? NativeCode = null, int? RetryAfterSeconds = null)
{
    public static AuthFailure InvalidCredentials { get; } =
        new("INVALID_CREDENTIALS", StatusCodes.Status401Unauthorized, "Invalid email or password", "INVALID_EMAIL_OR_PASSWORD");

    public static AuthFailure EmailNotVerified { get; } =
        new("EMAIL_NOT_VERIFIED", StatusCodes.Status403Forbidden, "Email not verified");

    public static AuthFailure EmailAlreadyRegistered { get; } =
        new("EMAIL_ALREADY_REGISTERED", StatusCodes.Status409Conflict, "Email already registered");

    public static AuthFailure RegistrationClosed { get; } =
        new("REGISTRATION_CLOSED", StatusCodes.Status403Forbidden, "Registration is closed");

    public static AuthFailure SignupLimitReached { get; } =
        new("SIGNUP_LIMIT_REACHED", StatusCodes.Status429TooManyRequests, "Das Limit für neue Konten ist für heute erreicht. Bitte versuche es morgen wieder.");

    public static AuthFailure ServiceUnavailable { get; } =
        new("SERVICE_UNAVAILABLE", StatusCodes.Status503ServiceUnavailable, "Service temporarily unavailable");

    public static AuthFailure SessionExpired { get; } =
        new("TOKEN_EXPIRED", StatusCodes.Status401Unauthorized, "Session expired");

    public static AuthFailure InvalidJson { get; } = Validation("Invalid JSON body");

    public static AuthFailure InvalidEmail { get; } =
        new("VALIDATION", StatusCodes.Status400BadRequest, "Invalid email", "INVALID_EMAIL");

    public static AuthFailure Validation(string message) =>
        new("VALIDATION", StatusCodes.Status400BadRequest, message, "VALIDATION_ERROR");

    public static AuthFailure WeakPassword(PasswordRules.Fault fault) =>
        new("WEAK_PASSWORD", StatusCodes.Status400BadRequest, fault == PasswordRules.Fault.TooShort ? "Password too short" : "Password too long");

    public static AuthFailure Unauthorized(string message) =>
        new("UNAUTHORIZED", StatusCodes.Status401Unauthorized, message);

    public static AuthFailure AccountLocked(int retryAfterSeconds) =>
        new("ACCOUNT_LOCKED", StatusCodes.Status429TooManyRequests, "Account temporarily locked", RetryAfterSeconds: retryAfterSeconds);

    public static AuthFailure RateLimited(int retryAfterSeconds) =>
        new("RATE_LIMITED", StatusCodes.Status429TooManyRequests, "Too many requests", RetryAfterSeconds: retryAfterSeconds);
}
