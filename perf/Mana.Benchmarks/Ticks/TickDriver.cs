using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Mana.Contracts;

namespace Mana.Benchmarks.Ticks;

/// <summary>Makes the personas and orders their ticks, as an operator would: through the services' own interfaces.</summary>
internal sealed partial class TickDriver(BenchStack stack, int slots, HttpClient http, TimeProvider time)
{
    private const int SeedersSideBySide = 4;
    // Each look costs the runner as much as some ticks: seldom while it has enough to do.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan UrgentPollInterval = TimeSpan.FromMilliseconds(15);
    private static readonly string[] Modules = ["todo", "notes", "habits", "mood", "journal"];

    /// <summary>How often, of the last run's looks at the runner, it had fewer ticks than slots although more were to come.</summary>
    public double ShortOfWork { get; private set; }

    /// <summary>Makes personas; returns their e-mails.</summary>
    public async Task<IReadOnlyList<string>> SeedAsync(int count, CancellationToken cancellationToken)
    {
        var login = await SendAsync(
            HttpMethod.Post,
            new Uri(stack.Auth, "/api/v1/auth/login"),
            JsonContent.Create(new LoginRequest(BenchStack.AdminEmail, stack.AdminPassword), AuthJson.Default.LoginRequest),
            AuthJson.Default.LoginResponse,
            bearer: null,
            cancellationToken);
        var token = login.AccessToken ?? throw new BenchException("mana-auth gave the administrator no access token.");
        var emails = Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"bench.persona{i:D4}@mana.test")).ToList();
        await Parallel.ForEachAsync(
            emails,
            new ParallelOptions { MaxDegreeOfParallelism = SeedersSideBySide, CancellationToken = cancellationToken },
            async (email, ct) => await SendAsync(
                HttpMethod.Post,
                new Uri(stack.Auth, "/api/v1/admin/personas"),
                JsonContent.Create(Persona(email), AuthJson.Default.PersonaUpsert),
                AuthJson.Default.PersonaUpsertResponse,
                token,
                ct));
        return emails;
    }

    /// <summary>
    /// Runs so many ticks, the personas in turn. A persona is ordered again as soon as its tick is seen to have ended,
    /// so that the runner's queue never runs dry.
    /// </summary>
    public async Task<IReadOnlyList<TickSummary>> RunAsync(IReadOnlyList<string> emails, int ticks, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var free = new Queue<string>(emails);
        var running = new Dictionary<TickId, string>();
        var ended = new List<TickSummary>(ticks);
        var reported = 0;
        var (looks, shortOfWork) = (0, 0);
        while (ended.Count < ticks)
        {
            stack.EnsureAlive();
            var wanted = Math.Min(ticks - ended.Count - running.Count, free.Count);
            if (wanted > 0)
            {
                await OrderAsync([.. Enumerable.Range(0, wanted).Select(_ => free.Dequeue())], free, running, cancellationToken);
            }

            await Task.Delay(running.Count < 2 * slots ? UrgentPollInterval : PollInterval, time, cancellationToken);
            foreach (var tick in await EndedAsync(running, 2 * emails.Count, cancellationToken))
            {
                free.Enqueue(running[tick.Id]);
                running.Remove(tick.Id);
                ended.Add(tick);
            }

            if (running.Count + ended.Count < ticks)
            {
                looks++;
                shortOfWork += running.Count < slots ? 1 : 0;
            }

            if (ended.Count - reported >= Math.Max(1, ticks / 10))
            {
                reported = ended.Count;
                progress.Report($"{ended.Count} of {ticks} ticks");
            }
        }

        ShortOfWork = looks == 0 ? 0 : (double)shortOfWork / looks;
        return ended;
    }

    public async Task<TickDetail> DetailAsync(TickId id, CancellationToken cancellationToken) => await SendAsync(
        HttpMethod.Get, new Uri(stack.Runner, $"/api/v1/ticks/{Uri.EscapeDataString(id.Value)}"), null, RunnerJson.Default.TickDetail, null, cancellationToken);

    /// <summary>Waits until mana-auth has acknowledged everything: the rest of the work belongs to the ticks.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while ((await SendAsync(HttpMethod.Get, new Uri(stack.Runner, "/health"), null, RunnerJson.Default.RunnerHealth, null, cancellationToken)) is not { InFlight: 0, Undelivered: 0 })
        {
            stack.EnsureAlive();
            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>Bytes that the runner's managed heap has handed out since its start.</summary>
    public async Task<double?> AllocatedBytesAsync(CancellationToken cancellationToken)
    {
        var metrics = await http.GetStringAsync(new Uri(stack.Runner, "/metrics"), cancellationToken);
        return Allocated().Match(metrics) is { Success: true } match ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;
    }

    private async Task OrderAsync(IReadOnlyList<string> emails, Queue<string> free, Dictionary<TickId, string> running, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(
            HttpMethod.Post,
            new Uri(stack.Runner, "/api/v1/ticks"),
            JsonContent.Create(new RunTicksRequest(TickScopes.All, emails), RunnerJson.Default.RunTicksRequest),
            RunnerJson.Default.RunTicksResponse,
            null,
            cancellationToken);
        foreach (var started in answer.Ticks)
        {
            running.Add(started.TickId, started.Email);
        }

        // An ended tick may hold its persona a moment longer: it gets its turn with the next order.
        foreach (var skipped in answer.Skipped)
        {
            free.Enqueue(skipped.Email);
        }

        if (answer.Ticks.Count == 0 && running.Count == 0)
        {
            throw new BenchException($"The runner started no tick: {(answer.Skipped.Count > 0 ? answer.Skipped[0].Reason : "it knows none of the personas")}.");
        }
    }

    private async Task<List<TickSummary>> EndedAsync(Dictionary<TickId, string> running, int limit, CancellationToken cancellationToken)
    {
        var list = await SendAsync(
            HttpMethod.Get,
            new Uri(stack.Runner, string.Create(CultureInfo.InvariantCulture, $"/api/v1/ticks?limit={limit}")),
            null,
            RunnerJson.Default.TickListResponse,
            null,
            cancellationToken);
        var listed = list.Ticks.Select(tick => tick.Id).ToHashSet();
        var ended = list.Ticks.Where(tick => tick.EndedAt is not null && running.ContainsKey(tick.Id)).ToList();
        foreach (var id in running.Keys.Where(id => !listed.Contains(id)).ToList())
        {
            // Pushed off the end of a list that is shorter than asked for.
            if ((await DetailAsync(id, cancellationToken)).Tick is { EndedAt: not null } tick)
            {
                ended.Add(tick);
            }
        }

        return ended;
    }

    private async Task<T> SendAsync<T>(
        HttpMethod method, Uri address, HttpContent? content, JsonTypeInfo<T> type, string? bearer, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address) { Content = content };
        request.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
        if (address.Authority == stack.Runner.Authority)
        {
            request.Headers.Add("X-Service-Key", stack.ServiceKey);
        }

        using var response = await http.SendAsync(request, cancellationToken);
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Accepted))
        {
            throw new BenchException($"{method} {address.AbsolutePath} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }

        return await response.Content.ReadFromJsonAsync(type, cancellationToken) ?? throw new BenchException($"{method} {address.AbsolutePath} answered nothing.");
    }

    private static PersonaUpsert Persona(string email)
    {
        var first = email.Sum(character => character) % Modules.Length;
        var mix = Modules.Index().ToDictionary(entry => entry.Item, entry => entry.Index == first ? 0.4 : 0.15);
        return new PersonaUpsert(
            email,
            email.Split('@')[0],
            PersonaPassword.Derive(email, BenchStack.SeedSecret),
            "bench",
            string.Concat(Enumerable.Repeat("Du bist eine ruhige, genaue Person und hältst deinen Tag in kleinen Schritten fest. ", 12)),
            mix,
            "daily");
    }

    [GeneratedRegex(@"^dotnet_gc_heap_total_allocated(?:_bytes)?(?:_total)?(?:\{[^}]*\})? ([0-9.eE+]+)", RegexOptions.Multiline)]
    private static partial Regex Allocated();
}
