using Mana.Cli.Clients;
using Mana.Cli.Commands.Up;
using Mana.Contracts;

namespace Mana.Cli.Commands.Simulate;

/// <summary>When each persona is due, as mana-auth says; asked again only for those that have come since.</summary>
internal sealed class PersonaTimes(AuthClient auth, UpSettings settings, TimeProvider clock)
{
    // Beyond this many, one list costs less than a question for each.
    private const int AskedOneByOne = 8;

    // A token lives for 15 minutes.
    private static readonly TimeSpan TokenTime = TimeSpan.FromMinutes(10);

    private readonly Dictionary<UserId, DateTimeOffset?> _due = [];
    private SignedIn? _admin;
    private string _jwt = "";
    private DateTimeOffset _jwtSince;

    /// <summary>The earliest moment at which anybody is due; null when nobody ever is again.</summary>
    public DateTimeOffset? Next => _due.Values.Min();

    /// <summary>Who is due at a moment, and since when.</summary>
    public IReadOnlyList<(UserId Persona, DateTimeOffset Due)> DueAt(DateTimeOffset moment) =>
        [.. _due.Where(entry => entry.Value <= moment).Select(entry => (entry.Key, entry.Value!.Value))];

    /// <summary>Asks for everybody.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var persona in await auth.ListPersonasAsync(await JwtAsync(cancellationToken), cancellationToken))
        {
            _due[persona.UserId] = persona.NextDueAt;
        }
    }

    /// <summary>Asks for those that had a visit to make.</summary>
    public async Task RefreshAsync(IReadOnlyList<(UserId Persona, DateTimeOffset Due)> personas, CancellationToken cancellationToken)
    {
        if (personas.Count > AskedOneByOne)
        {
            await LoadAsync(cancellationToken);
            return;
        }

        var jwt = await JwtAsync(cancellationToken);
        foreach (var (persona, _) in personas)
        {
            _due[persona] = (await auth.FindPersonaAsync(jwt, persona, cancellationToken))?.Persona.NextDueAt;
        }
    }

    /// <summary>A token that is good now: the clock has made a jump since the last.</summary>
    public async Task<string> JwtAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (_admin is not null && now - _jwtSince < TokenTime)
        {
            return _jwt;
        }

        try
        {
            _jwt = _admin is null ? await LoginAsync() : await auth.TokenAsync(_admin.SessionToken, cancellationToken);
        }
        catch (CliException e) when (e.Code == ExitCode.Refused && _admin is not null)
        {
            // The session ended in a long jump.
            _jwt = await LoginAsync();
        }

        _jwtSince = now;
        return _jwt;

        async Task<string> LoginAsync()
        {
            _admin = await auth.LoginAsync(settings.AdminEmail, settings.AdminPassword, cancellationToken);
            return _admin.Jwt;
        }
    }
}
