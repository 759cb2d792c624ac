using System.Collections.Concurrent;
using System.Diagnostics;

namespace Mana.Tests.Mcp;

/// <summary>A call is one trace from the client that makes it to the tool that answers.</summary>
public sealed class TraceTests
{
    private const string Protocol = "Experimental.ModelContextProtocol";

    [Fact]
    public async Task A_call_of_a_tool_is_a_part_of_its_clients_trace()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is Protocol or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var tick = new Activity("tick").SetIdFormat(ActivityIdFormat.W3C).Start();

        await client.CallAsync("todo.create", """{"title":"very secret words"}""");

        tick.Stop();
        var own = spans.Where(span => span.TraceId == tick.TraceId).ToList();
        var sent = own.Single(span => span.Source.Name == Protocol && span.Kind == ActivityKind.Client);
        var served = own.Single(span => span.Source.Name == Protocol && span.Kind == ActivityKind.Server);
        served.ParentSpanId.Should().Be(sent.SpanId, "the call itself carries the trace, whatever stands between");
        served.GetTagItem("gen_ai.tool.name").Should().Be("todo.create");
        own.Where(span => span.Source.Name == "Microsoft.AspNetCore").Should().NotBeEmpty("the request is in it, too");
        own.SelectMany(span => span.TagObjects).Should().NotContain(tag => $"{tag.Value}".Contains("secret words", StringComparison.Ordinal));
    }
}
