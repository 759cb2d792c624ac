using System.Diagnostics.Metrics;

namespace Mana.Auth;

/// <summary>What mana-auth counts.</summary>
internal sealed class AuthMetrics
{
    private readonly Counter<long> _signIns;
    private readonly Counter<long> _registrations;
    private readonly Counter<long> _rows;
    private readonly Counter<long> _cleanups;
    private readonly Counter<long> _oauth;

    public AuthMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("mana.auth");
        _signIns = meter.CreateCounter<long>("mana_auth_sign_ins", description: "Sign-in attempts by result");
        _registrations = meter.CreateCounter<long>("mana_auth_registrations", description: "Sign-ups by result");
        _rows = meter.CreateCounter<long>("mana_auth_persona_rows", description: "Rows stored about personas, by kind");
        _cleanups = meter.CreateCounter<long>("mana_auth_space_cleanups", description: "Requests to remove the records of a deleted space, by result");
        _oauth = meter.CreateCounter<long>("mana_auth_oauth", description: "What became of clients' requests: code, deny, exchange, refresh, reuse, revoke");
    }

    public void SignIn(string? failure) => _signIns.Add(1, new KeyValuePair<string, object?>("result", failure ?? "ok"));

    public void Registration(string? failure) => _registrations.Add(1, new KeyValuePair<string, object?>("result", failure ?? "ok"));

    public void RowsWritten(string kind, int count) => _rows.Add(count, new KeyValuePair<string, object?>("kind", kind));

    public void OAuth(string what) => _oauth.Add(1, new KeyValuePair<string, object?>("event", what));

    public void SpaceCleanup(bool succeeded) => _cleanups.Add(1, new KeyValuePair<string, object?>("result", succeeded ? "ok" : "error"));
}
