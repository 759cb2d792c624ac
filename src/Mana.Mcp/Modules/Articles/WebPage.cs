using System.Security.Cryptography;
using System.Text;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Articles;

/// <summary>Tells pages apart by their addresses.</summary>
internal static class WebPage
{
    /// <summary>The address as it is stored.</summary>
    /// <exception cref="ToolInputException">It is none of the web.</exception>
    public static string Address(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri.AbsoluteUri
            : throw new ToolInputException($"\"url\" must be a web address such as https://example.org/page; you sent \"{url}\".");

    /// <summary>
    /// The same for two addresses of one page: the place within the page, a slash at the end, http instead of https and
    /// what was added to follow a reader around make no difference.
    /// </summary>
    public static string Key(string address)
    {
        var uri = new Uri(address);
        var query = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(part => !part.StartsWith("utm_", StringComparison.OrdinalIgnoreCase) && part.Split('=')[0] is not ("fbclid" or "gclid"));
        var page = $"{uri.Authority}{uri.AbsolutePath.TrimEnd('/')}?{string.Join('&', query)}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(page)));
    }

    /// <summary>What to call a page whose title nobody gave.</summary>
    public static string TitleOf(string address)
    {
        var uri = new Uri(address);
        var title = Uri.UnescapeDataString(uri.Host + uri.AbsolutePath.TrimEnd('/'));
        return title.Length <= 500 ? title : title[..500];
    }
}
