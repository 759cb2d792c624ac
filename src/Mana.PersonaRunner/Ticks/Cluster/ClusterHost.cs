using Mana.Hosting.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// Makes this process a node: alone with its membership in memory, or one of many that meet in PostgreSQL. The cluster
/// places and wakes personas; what guards a tick against two writers is its epoch.
/// </summary>
internal static class ClusterHost
{
    public static void AddCluster(this WebApplicationBuilder builder, ClusterSettings cluster, DatabaseSettings database)
    {
        builder.Services.AddSingleton(cluster);
        builder.Services.AddSingleton<ClusterClient>();
        builder.Services.AddSingleton<ITickDispatch>(provider => provider.GetRequiredService<ClusterClient>());
        builder.Services.AddSingleton<IClusterClock>(provider => provider.GetRequiredService<ClusterClient>());
        builder.Services.AddSingleton<IClusterView, ClusterView>();
        builder.Services.AddSingleton(provider => new NodeName(provider.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToParsableString()));
        builder.Logging.AddFilter("Orleans", LogLevel.Error);
        builder.UseOrleans(silo =>
        {
            var port = cluster.Port == 0 ? SiloPorts.Free(cluster.Address) : cluster.Port;
            if (cluster.IsShared)
            {
                silo.UseAdoNetClustering(options =>
                {
                    options.Invariant = "Npgsql";
                    options.ConnectionString = database.ConnectionString;
                });
                silo.ConfigureEndpoints(cluster.Address, port, gatewayPort: 0);
            }
            else
            {
                silo.UseLocalhostClustering(port, gatewayPort: 0);
            }

            silo.Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = cluster.Id);
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                // Measured: a killed node is noticed within 5 s, a hung one within 5 s, and the first node back after the
                // loss of all waits 16 s at most.
                options.ProbeTimeout = TimeSpan.FromSeconds(2);
                options.NumMissedProbesLimit = 3;
                options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
                options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
                options.EnableConnectionLivenessCheck = false;
            });
        });
    }
}
