using Mana.Hosting;
using Mana.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mana.Tests.Hosting;

public sealed class LogLevelTests
{
    [Theory]
    [InlineData("None", "Microsoft.AspNetCore.Server.Kestrel", LogLevel.Critical, false)]
    [InlineData("None", "System.Net.Http.HttpClient", LogLevel.Critical, false)]
    [InlineData("Error", "Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning, false)]
    [InlineData("Error", "ModelContextProtocol.Server", LogLevel.Warning, false)]
    [InlineData("Error", "Mana.Auth.AuthHost", LogLevel.Error, true)]
    [InlineData("Information", "Microsoft.AspNetCore.Server.Kestrel", LogLevel.Information, false)]
    [InlineData("Information", "Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning, true)]
    [InlineData("Debug", "Microsoft.AspNetCore.Server.Kestrel", LogLevel.Debug, true)]
    [InlineData("Trace", "System.Net.Http.HttpClient", LogLevel.Information, false)]
    public async Task The_level_is_kept_to_by_what_is_not_ours_too(string setting, string category, LogLevel level, bool isLogged)
    {
        var configuration = HostUnderTest.Configuration(new Dictionary<string, string?> { [ServiceHost.LogLevelKey] = setting });
        await using var app = ServiceHost.CreateBuilder("test", configuration, null, new SettingsReader(configuration), 0).Build();

        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category).IsEnabled(level).Should().Be(isLogged);
    }
}
