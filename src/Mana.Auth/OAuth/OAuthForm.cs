using Mana.Auth.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mana.Auth.OAuth;

/// <summary>Reads small form bodies.</summary>
internal static class OAuthForm
{
    private const string ContentType = "application/x-www-form-urlencoded";

    /// <summary>The form; null when the body is none, or names something twice.</summary>
    /// <exception cref="BadHttpRequestException">413: longer than a form of ours can be.</exception>
    public static async Task<IFormCollection?> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = RequestBody.SmallLimit;
        }

        // Multipart forms have files and limits of their own; no client of the protocol sends one.
        if (context.Request.ContentType?.Split(';')[0].Trim().Equals(ContentType, StringComparison.OrdinalIgnoreCase) != true || !context.Request.HasFormContentType)
        {
            return null;
        }

        try
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            return form.All(field => field.Value.Count == 1) ? form : null;
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException)
        {
            // NotSupportedException: a charset that .NET refuses to read.
            return null;
        }
    }
}
