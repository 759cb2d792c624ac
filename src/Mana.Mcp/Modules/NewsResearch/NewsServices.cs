using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Mcp.Modules.NewsResearch;

/// <summary>Registers what reads the feeds.</summary>
internal static class NewsServices
{
    public static IServiceCollection AddNews(this IServiceCollection services, NewsSettings settings)
    {
        // windows-1252 and its kin, in which many a feed is still written.
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        services.AddSingleton(settings);
        services.AddSingleton<ResolveHost>((host, cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken));
        services.AddSingleton<FeedClient>();
        services.AddSingleton<NewsDesk>();
        services.AddHostedService(provider => provider.GetRequiredService<NewsDesk>());
        return services;
    }
}
