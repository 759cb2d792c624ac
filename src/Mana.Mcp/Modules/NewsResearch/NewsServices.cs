using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Mcp.Modules.NewsResearch;

/// <summary>Registers what reads the feeds.</summary>
internal static class NewsServices
{
    public static IServiceCollection AddNews(this IServiceCollection services, NewsSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton<ResolveHost>((host, cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken));
        services.AddSingleton<FeedClient>();
        services.AddSingleton<NewsDesk>();
        services.AddHostedService(provider => provider.GetRequiredService<NewsDesk>());
        return services;
    }
}
