using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Testing;

namespace Mana.EndToEnd.Browser;

/// <summary>
/// One page in a headless Chromium with a profile of its own, driven over the DevTools protocol: a page that keeps a
/// stream of events open is never "finished" for <c>--dump-dom</c>, so the test waits for what it wants to see.
/// </summary>
internal sealed class HeadlessChromium : IAsyncDisposable
{
    private const string Listens = "DevTools listening on ";
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly string[] Programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly ProcessUnderTest _process;
    private readonly TemporaryDirectory _profile;
    private readonly ClientWebSocket _page = new();
    private readonly List<string> _errors = [];
    private int _lastId;

    private HeadlessChromium(ProcessUnderTest process, TemporaryDirectory profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>Errors on the console and uncaught exceptions so far.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Opens an empty page; skips the test where there is no Chromium.</summary>
    public static async Task<HeadlessChromium> StartAsync(CancellationToken cancellationToken)
    {
        if (Array.Find(Programs, File.Exists) is not { } program)
        {
            Assert.Skip("SKIPPED: Chromium is missing; run ./mana test --install");
            throw new InvalidOperationException();
        }

        var profile = new TemporaryDirectory();
        var process = ProcessUnderTest.Start(
            "chromium",
            program,
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
                "--user-data-dir=" + profile.Path, "about:blank",
            ]);
        var chromium = new HeadlessChromium(process, profile);
        try
        {
            var line = await process.LineAsync(line => line.StartsWith(Listens, StringComparison.Ordinal), StartTime, cancellationToken);
            await chromium.AttachAsync(new Uri(line[Listens.Length..]), cancellationToken);
            return chromium;
        }
        catch
        {
            await chromium.DisposeAsync();
            throw;
        }
    }

    /// <summary>Goes to an address and waits until a condition in the page holds.</summary>
    /// <param name="address">Where to go.</param>
    /// <param name="condition">A JavaScript expression.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task OpenAsync(Uri address, string condition, CancellationToken cancellationToken)
    {
        await SendAsync("Page.navigate", new() { ["url"] = address.AbsoluteUri }, cancellationToken);
        await WaitAsync($"location.href !== 'about:blank' && {condition}", cancellationToken);
    }

    /// <summary>Waits until a condition in the page holds.</summary>
    public async Task WaitAsync(string condition, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartTime);
        try
        {
            while (!await EvaluateAsync<bool>($"!!({condition})", limit.Token))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"The page never came to {condition}; errors: {string.Join("; ", _errors)}\n{_process.Everything}");
        }
    }

    /// <summary>The value of a JavaScript expression in the page.</summary>
    public async Task<T> EvaluateAsync<T>(string expression, CancellationToken cancellationToken)
    {
        var result = await SendAsync("Runtime.evaluate", new() { ["expression"] = expression, ["returnByValue"] = true }, cancellationToken);
        return result["result"]!["value"]!.GetValue<T>();
    }

    public async ValueTask DisposeAsync()
    {
        _page.Dispose();
        await _process.DisposeAsync();
        _profile.Dispose();
    }

    private async Task AttachAsync(Uri browser, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        var pages = JsonNode.Parse(await client.GetStringAsync(new Uri($"http://{browser.Authority}/json/list"), cancellationToken))!.AsArray();
        var page = pages.First(target => (string)target!["type"]! == "page")!;
        await _page.ConnectAsync(new Uri((string)page["webSocketDebuggerUrl"]!), cancellationToken);
        foreach (var domain in new[] { "Runtime.enable", "Log.enable", "Page.enable" })
        {
            await SendAsync(domain, [], cancellationToken);
        }
    }

    // One command at a time: what comes before its answer is news of the page.
    private async Task<JsonObject> SendAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        var id = ++_lastId;
        var command = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        await _page.SendAsync(JsonSerializer.SerializeToUtf8Bytes(command), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        while (true)
        {
            var message = await ReceiveAsync(cancellationToken);
            if ((int?)message["id"] == id)
            {
                return message["result"] as JsonObject ?? throw new InvalidOperationException($"{method}: {message.ToJsonString()}");
            }

            Observe(message);
        }
    }

    private void Observe(JsonObject message)
    {
        var parameters = message["params"];
        switch ((string?)message["method"])
        {
            case "Runtime.exceptionThrown":
            case "Log.entryAdded" when (string?)parameters!["entry"]!["level"] == "error":
            case "Runtime.consoleAPICalled" when (string?)parameters!["type"] is "error" or "assert":
                _errors.Add(parameters!.ToJsonString());
                break;
        }
    }

    private async Task<JsonObject> ReceiveAsync(CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        var buffer = new byte[16 * 1024];
        WebSocketReceiveResult part;
        do
        {
            part = await _page.ReceiveAsync(buffer, cancellationToken);
            text.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return JsonNode.Parse(text.ToArray())!.AsObject();
    }
}
