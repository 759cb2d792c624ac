using System.Diagnostics;
using System.Text.Json.Nodes;
using Mana.Testing;

namespace Mana.EndToEnd.Mcp;

/// <summary>The official TypeScript SDK as a client of the gateway, in a Node process that does one thing after the other.</summary>
internal sealed class TypeScriptClient : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private TypeScriptClient(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
    }

    /// <summary>Starts Node; skips the test where there is none.</summary>
    /// <param name="gateway">The address of <c>/mcp</c>.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<TypeScriptClient> StartAsync(Uri gateway, CancellationToken cancellationToken)
    {
        if (NodeProject.Missing("node", "npm") is { } missing)
        {
            Assert.Skip(missing);
        }

        var project = await NodeProject.InstalledAsync("typescript-mcp", "client.mjs", cancellationToken);
        return new TypeScriptClient(Process.Start(new ProcessStartInfo(NodeProject.OnPath("node")!, ["client.mjs", gateway.AbsoluteUri])
        {
            WorkingDirectory = project,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
    }

    /// <summary>Does something; <c>client.mjs</c> says what there is to do.</summary>
    public async Task<JsonObject> DoAsync(string what, JsonObject? parameters, CancellationToken cancellationToken)
    {
        var command = (JsonObject?)parameters?.DeepClone() ?? [];
        command["do"] = what;
        await _process.StandardInput.WriteLineAsync(command.ToJsonString().AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        return await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } answer
            ? JsonNode.Parse(answer)!.AsObject()
            : throw new InvalidOperationException($"The TypeScript client ended: {await _errors}");
    }

    /// <summary>Calls a tool: what came of it, or why the SDK would not have it.</summary>
    public Task<JsonObject> CallAsync(string tool, JsonObject arguments, CancellationToken cancellationToken) =>
        DoAsync("call", new JsonObject { ["name"] = tool, ["arguments"] = arguments.DeepClone() }, cancellationToken);

    /// <summary>The requests since the last time, as <c>GET /path 200</c>.</summary>
    public async Task<IReadOnlyList<string>> RequestsAsync(CancellationToken cancellationToken) =>
        [.. (await DoAsync("requests", null, cancellationToken))["requests"]!.AsArray().Select(request => (string)request!)];

    public async ValueTask DisposeAsync()
    {
        // It ends with its input.
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
