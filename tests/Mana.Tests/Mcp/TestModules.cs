using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Tests.Mcp;

/// <summary>Modules that only tests have.</summary>
internal static class TestModules
{
    private static readonly JsonElement Anything = JsonSerializer.SerializeToElement(new JsonObject { ["type"] = "object" });

    /// <summary>A tool whose only field has this name.</summary>
    public static ToolDefinition With(string field) => new(
        "test.tool", "Test", "A tool of the tests.", ToolEffect.Reads, InputSchema.Of(Field.Text(field)), Anything, (_, _, _) => Task.FromResult(new JsonObject()));

    /// <summary>A tool of the administration: if it ever ran, it would say so.</summary>
    public sealed class Administration() : ToolModule("secrets")
    {
        public bool HasRun { get; private set; }

        public override IEnumerable<ToolDefinition> Tools() =>
        [
            new ToolDefinition(
                "secrets.reset", "Reset", "Resets everything.", ToolEffect.Changes, InputSchema.Of(), Anything,
                (_, _, _) =>
                {
                    HasRun = true;
                    return Task.FromResult(new JsonObject());
                })
            {
                Scope = ToolScope.Admin,
            },
        ];
    }

    /// <summary>Tools that take their time.</summary>
    public sealed class Slow() : ToolModule("slow")
    {
        private static readonly RecordSet<SlowThing> Things = new("slow.things", "thing", SlowJson.Default.SlowThing) { FoundBy = "slow.list" };

        /// <summary>Done when a call has written and waits.</summary>
        public TaskCompletionSource HasWritten { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Done when a call was given up.</summary>
        public TaskCompletionSource WasCancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override IEnumerable<ToolDefinition> Tools() =>
        [
            new ToolDefinition(
                "slow.write", "Write slowly", "Writes and waits until it is given up.", ToolEffect.Adds, InputSchema.Of(), Anything,
                async (_, call, cancellationToken) =>
                {
                    await call.Records.CreateAsync(Things, _ => new SlowThing("half"), cancellationToken);
                    HasWritten.TrySetResult();
                    try
                    {
                        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                    }
                    catch (OperationCanceledException)
                    {
                        WasCancelled.TrySetResult();
                        throw;
                    }

                    return [];
                }),
            new ToolDefinition(
                "slow.count", "Count", "Counts to three.", ToolEffect.Reads, InputSchema.Of(), Anything,
                (_, call, _) =>
                {
                    for (var i = 1; i <= 3; i++)
                    {
                        call.ReportProgress(i, 3, $"step {i}");
                    }

                    call.ReportProgress(2, 3, "backwards");
                    return Task.FromResult(new JsonObject { ["done"] = true });
                }),
        ];
    }
}

internal sealed record SlowThing(string Name);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SlowThing))]
internal sealed partial class SlowJson : JsonSerializerContext;
