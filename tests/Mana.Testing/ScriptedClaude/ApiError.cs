namespace Mana.Testing;

/// <summary>A request is refused the way the API refuses it.</summary>
internal sealed class ApiError(int status, string message, string? type = null) : Exception(message)
{
    public int Status { get; } = status;

    public string Type { get; } = type ?? TypeOf(status);

    public static ApiError Invalid(string message) => new(400, message);

    public static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 or 504 => "timeout_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    public static string TextOf(int status) => status switch
    {
        401 => "invalid x-api-key",
        403 => "Your API key does not have permission to use the specified resource.",
        404 => "Not Found",
        413 => "Request exceeds the maximum size",
        429 => "This request would exceed your organization's rate limit. Please try again later.",
        529 => "Overloaded",
        >= 500 => "Internal server error",
        _ => "Invalid request",
    };
}
