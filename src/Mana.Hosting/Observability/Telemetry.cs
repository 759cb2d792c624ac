using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Mana.Hosting.Observability;

/// <summary>Metrics at <c>/metrics</c>, and OTLP for metrics and traces when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.</summary>
public static class Telemetry
{
    /// <summary>The configuration key of the collector's address.</summary>
    public const string OtlpKey = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Collects the meters of this host's own <see cref="IMeterFactory"/>, whose names start with <c>mana</c>, and the runtime's.</summary>
    internal static void AddManaTelemetry(this IServiceCollection services, string service, IConfiguration configuration)
    {
        services.AddMetrics();
        var otlp = configuration[OtlpKey] is { Length: > 0 } endpoint ? new Uri(endpoint) : null;
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(service, serviceVersion: ServiceHost.Version))
            .WithMetrics(metrics =>
            {
                metrics
                    .AddMeter("mana.*")
                    .AddMeter("Microsoft.AspNetCore.Hosting")
                    .AddRuntimeInstrumentation()
                    .AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0);
                if (otlp is not null)
                {
                    metrics.AddOtlpExporter(exporter => exporter.Endpoint = otlp);
                }
            });
        if (otlp is not null)
        {
            telemetry.WithTracing(tracing => tracing
                .AddSource("mana.*", "Experimental.ModelContextProtocol")
                .AddAspNetCoreInstrumentation()
                .AddOtlpExporter(exporter => exporter.Endpoint = otlp));
        }

        // Meters are global to a process: without this view each of three hosts would show the counts of all.
        services.ConfigureOpenTelemetryMeterProvider((provider, metrics) =>
        {
            var own = provider.GetRequiredService<IMeterFactory>();
            metrics.AddView(instrument => instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, own)
                ? null
                : MetricStreamConfiguration.Drop);
        });
    }

    /// <summary>Maps <c>GET /metrics</c> in Prometheus text form.</summary>
    public static void MapManaMetrics(this IEndpointRouteBuilder app) => app.MapPrometheusScrapingEndpoint("/metrics");
}
