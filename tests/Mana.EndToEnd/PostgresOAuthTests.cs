using Mana.Testing;
using Mana.Tests.Auth;
using Npgsql;

namespace Mana.EndToEnd;

/// <summary>Codes and refresh tokens on one PostgreSQL with two nodes of mana-auth: each works once, on whatever node.</summary>
public sealed class PostgresOAuthTests(PostgresFixture postgres)
{
    private const string Email = "person@mana.test";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_code_that_two_nodes_are_shown_at_once_works_once_and_ends_what_it_gave()
    {
        await using var nodes = await NodesAsync();
        for (var round = 0; round < 5; round++)
        {
            var code = (await nodes.First.AllowAsync(OAuthBrowser.Address(nodes.Client), Email))["code"];

            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => nodes.Node(i).ExchangeAsync(nodes.Client, code)));

            answers.Select(answer => answer.Status).Order().Should().Equal([200, .. Enumerable.Repeat(400, 7)]);
            answers.Where(answer => answer.Status == 400).Should().AllSatisfy(answer => answer.Json.GetProperty("error").GetString().Should().Be("invalid_grant"));
            (await nodes.CountAsync("select count(*) from oauth_grants")).Should().Be(0, "somebody showed it twice");
        }
    }

    [Fact]
    public async Task A_refresh_token_that_two_nodes_are_shown_at_once_works_once_and_ends_the_grant()
    {
        await using var nodes = await NodesAsync();
        for (var round = 0; round < 5; round++)
        {
            var token = (await nodes.First.ConnectAsync(nodes.Client, Email)).GetProperty("refresh_token").GetString()!;

            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => nodes.Node(i).RefreshAsync(nodes.Client, token)));

            answers.Select(answer => answer.Status).Order().Should().Equal([200, .. Enumerable.Repeat(400, 7)]);
            (await nodes.CountAsync("select count(*) from oauth_refresh_tokens")).Should().Be(0, "nobody can tell the thief from the client");
        }
    }

    [Fact]
    public async Task A_stolen_token_ends_the_grant_also_while_its_client_refreshes()
    {
        await using var nodes = await NodesAsync();
        var stolen = (await nodes.First.ConnectAsync(nodes.Client, Email)).GetProperty("refresh_token").GetString()!;
        var newest = (await nodes.First.RefreshAsync(nodes.Client, stolen)).Json.GetProperty("refresh_token").GetString()!;

        // The thief is about to end the grant, then the client comes: neither may wait for the other for ever.
        await using var hold = await nodes.HoldAsync("select 1 from oauth_grants for update");
        var thief = nodes.Node(1).RefreshAsync(nodes.Client, stolen);
        await nodes.WaitersAsync(1);
        var client = nodes.Node(0).RefreshAsync(nodes.Client, newest);
        await nodes.WaitersAsync(2);
        await hold.DisposeAsync();

        (await thief).Status.Should().Be(400);
        (await client).Status.Should().Be(400);
        (await nodes.CountAsync("select count(*) from oauth_grants")).Should().Be(0);
    }

    [Fact]
    public async Task A_person_who_takes_a_grant_back_while_its_client_refreshes_has_taken_it_back()
    {
        await using var nodes = await NodesAsync();
        var token = (await nodes.First.ConnectAsync(nodes.Client, Email)).GetProperty("refresh_token").GetString()!;
        var user = await nodes.Auth.LoginAsync(Email);
        var id = (await nodes.Auth.SendAsync(HttpMethod.Get, "/api/v1/me/oauth-grants", bearer: user.AccessToken)).Json.GetProperty("grants")[0].GetProperty("id").GetString();

        await using var hold = await nodes.HoldAsync("select 1 from oauth_grants for update");
        var taking = nodes.Auth.SendAsync(HttpMethod.Delete, $"/api/v1/me/oauth-grants/{id}", bearer: user.AccessToken);
        await nodes.WaitersAsync(1);
        var client = nodes.Node(1).RefreshAsync(nodes.Client, token);
        await nodes.WaitersAsync(2);
        await hold.DisposeAsync();

        (await taking).Status.Should().Be(200);
        (await client).Json.GetProperty("error").GetString().Should().Be("invalid_grant");
        (await nodes.CountAsync("select count(*) from oauth_grants")).Should().Be(0);
    }

    [Fact]
    public async Task A_client_that_is_removed_while_its_code_is_exchanged_is_removed_and_gets_nothing()
    {
        await using var nodes = await NodesAsync();
        var code = (await nodes.First.AllowAsync(OAuthBrowser.Address(nodes.Client), Email))["code"];

        // A removal has the client first and then its codes: the exchange must not have these the other way round.
        await using var hold = await nodes.HoldAsync("select 1 from oauth_clients for update");
        var removing = nodes.Auth.AdminAsync(HttpMethod.Delete, $"/api/v1/admin/oauth-clients/{nodes.Client}");
        await nodes.WaitersAsync(1);
        var exchange = nodes.Node(1).ExchangeAsync(nodes.Client, code);
        await nodes.WaitersAsync(2);
        await hold.DisposeAsync();

        (await removing).Status.Should().Be(200);
        (await exchange).Json.GetProperty("error").GetString().Should().Be("invalid_grant");
        (await nodes.CountAsync("select count(*) from oauth_codes") + await nodes.CountAsync("select count(*) from oauth_grants")).Should().Be(0);
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("purge")]
    public async Task A_persona_that_is_removed_while_it_connects_a_client_is_removed_and_connects_none(string how)
    {
        await using var nodes = await NodesAsync();
        const string Persona = "persona.anna@mana.test";
        var id = await nodes.Auth.NewPersonaAsync(Persona);
        var address = OAuthBrowser.Address(nodes.Client);
        var code = (await nodes.First.AllowAsync(address, Persona))["code"];
        var page = await nodes.First.GetAsync(address);

        await using var hold = await nodes.HoldAsync($"select 1 from users where id = '{id}' for update");
        var removing = how == "purge"
            ? nodes.Auth.AdminAsync(HttpMethod.Post, "/api/v1/admin/purge", new { email = Persona })
            : nodes.Auth.AdminAsync(HttpMethod.Delete, $"/api/v1/admin/personas/{id}");
        await nodes.WaitersAsync(1);
        var exchange = nodes.Node(1).ExchangeAsync(nodes.Client, code);
        var allowing = nodes.First.SubmitAsync(address, page, "allow");
        await nodes.WaitersAsync(3);
        await hold.DisposeAsync();

        (await removing).Status.Should().Be(200);
        (await exchange).Json.GetProperty("error").GetString().Should().Be("invalid_grant");
        (await allowing).Status.Should().Be(403);
        (await nodes.CountAsync("select count(*) from oauth_codes") + await nodes.CountAsync("select count(*) from oauth_grants")).Should().Be(0);
        (await nodes.CountAsync($"select count(*) from users where id = '{id}'")).Should().Be(0);
    }

    private async Task<Nodes> NodesAsync()
    {
        var cluster = await postgres.ClusterAsync();
        var database = await cluster.CreateDatabaseAsync(Cancellation);
        var auth = await OAuthBrowser.StartAsync(("DATABASE_URL", database));
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        return new Nodes(auth, await auth.StartBesideAsync(), client, cluster.ConnectionString(database, "mana_auth"));
    }

    private sealed class Nodes(AuthUnderTest auth, HostUnderTest second, string client, string connection) : IAsyncDisposable
    {
        private readonly OAuthBrowser _second = new(auth, second.Address);

        public AuthUnderTest Auth => auth;

        public string Client => client;

        public OAuthBrowser First { get; } = new(auth);

        public OAuthBrowser Node(int i) => i % 2 == 0 ? First : _second;

        public async Task<long> CountAsync(string query)
        {
            await using var source = NpgsqlDataSource.Create(connection);
            await using var command = source.CreateCommand(query);
            return (long)(await command.ExecuteScalarAsync(Cancellation))!;
        }

        /// <summary>Has locks until the result is disposed of.</summary>
        public async Task<IAsyncDisposable> HoldAsync(string statement)
        {
            var held = new NpgsqlConnection(connection);
            await held.OpenAsync(Cancellation);
            await held.BeginTransactionAsync(Cancellation);
            await using var command = new NpgsqlCommand(statement, held);
            await command.ExecuteNonQueryAsync(Cancellation);
            return held;
        }

        /// <summary>Waits until so many transactions wait for a lock.</summary>
        public async Task WaitersAsync(int count)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (await CountAsync("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") < count)
            {
                await timer.WaitForNextTickAsync(Cancellation);
            }
        }

        public async ValueTask DisposeAsync()
        {
            First.Dispose();
            _second.Dispose();
            await second.DisposeAsync();
            await auth.DisposeAsync();
        }
    }
}
