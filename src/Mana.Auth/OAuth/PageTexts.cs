using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.OAuth;

/// <summary>What the sign-in page says, in German or English. Where a text takes a part, the part is HTML already.</summary>
internal sealed class PageTexts
{
    private readonly bool _german;

    private PageTexts(bool german) => _german = german;

    public string Language => _german ? "de" : "en";

    public string Title => _german ? "Anmelden · Mana" : "Sign in · Mana";

    public string SignInTitle => _german ? "Anmelden" : "Sign in";

    public string Email => _german ? "E-Mail-Adresse" : "E-mail address";

    public string Password => _german ? "Passwort" : "Password";

    public string SignIn => _german ? "Anmelden" : "Sign in";

    public string Cancel => _german ? "Abbrechen" : "Cancel";

    public string AllowButton => _german ? "Erlauben" : "Allow";

    public string DenyButton => _german ? "Ablehnen" : "Deny";

    public string SwitchButton => _german ? "Mit einem anderen Konto anmelden" : "Use another account";

    public string FaultTitle => _german ? "Diese Anfrage ist nicht in Ordnung" : "This request is not in order";

    /// <summary>German where the browser prefers it to everything else.</summary>
    public static PageTexts For(HttpContext context)
    {
        var preferred = context.Request.GetTypedHeaders().AcceptLanguage.OrderByDescending(language => language.Quality ?? 1).FirstOrDefault();
        return new PageTexts(preferred?.Value.Value?.Split('-')[0].Equals("de", StringComparison.OrdinalIgnoreCase) == true);
    }

    public string WantsIn(string client) => _german ? $"{client} möchte mit deinem Konto arbeiten." : $"{client} would like to work with your account.";

    public string Allow(string client) => _german ? $"{client} Zugriff erlauben?" : $"Allow {client} access?";

    public string SignedInAs(string email) => _german ? $"Du bist als {email} angemeldet. Die Anwendung dürfte dann:" : $"You are signed in as {email}. The application could then:";

    public string Where(string resource, string host) => _german
        ? $"Das gilt für {resource}. Danach geht es zurück zu {host}. Du kannst die Erlaubnis jederzeit zurücknehmen."
        : $"This is for {resource}. You then go back to {host}. You can take the permission back at any time.";

    public string Scope(string scope) => (scope, _german) switch
    {
        (Scopes.Read, true) => "alles lesen, was in deinen Bereichen steht",
        (Scopes.Read, false) => "read everything in your spaces",
        (Scopes.Write, true) => "in deinen Bereichen etwas anlegen und ändern; löschen nur, was deine Werkzeugregeln erlauben",
        (Scopes.Write, false) => "create and change things in your spaces; delete only what your tool policy allows",
        _ => scope,
    };

    public string Fault(AuthorizationFault fault) => (fault, _german) switch
    {
        (AuthorizationFault.UnknownClient, true) => "Diese Anwendung ist hier nicht eingetragen. Ein Administrator kann sie mit „mana clients add“ eintragen.",
        (AuthorizationFault.UnknownClient, false) => "This application is not registered here. An administrator can register it with \"mana clients add\".",
        (AuthorizationFault.UnknownRedirect, true) => "Die Adresse, zu der es zurückgehen soll (redirect_uri), ist für diese Anwendung nicht eingetragen. Deshalb geht es hier nicht weiter.",
        (AuthorizationFault.UnknownRedirect, false) => "The address to go back to (redirect_uri) is not registered for this application, so this is where it ends.",
        (_, true) => "Ein Parameter kommt mehrfach vor.",
        (_, false) => "A parameter is there more than once.",
    };

    public string Notice(PageNotice notice)
    {
        var minutes = ((notice.RetryAfterSeconds ?? 0) + 59) / 60;
        var wait = notice.RetryAfterSeconds is > 90
            ? string.Create(CultureInfo.InvariantCulture, $"{minutes} {(_german ? "Minuten" : "minutes")}")
            : string.Create(CultureInfo.InvariantCulture, $"{notice.RetryAfterSeconds ?? 1} {(_german ? "Sekunden" : "seconds")}");
        return (notice.Code, _german) switch
        {
            ("INVALID_CREDENTIALS" or "VALIDATION", true) => "E-Mail-Adresse oder Passwort stimmt nicht.",
            ("INVALID_CREDENTIALS" or "VALIDATION", false) => "The e-mail address or the password is wrong.",
            ("ACCOUNT_LOCKED" or "RATE_LIMITED", true) => $"Zu viele Versuche. Bitte warte {wait}.",
            ("ACCOUNT_LOCKED" or "RATE_LIMITED", false) => $"Too many attempts. Please wait {wait}.",
            ("EMAIL_NOT_VERIFIED", true) => "Diese E-Mail-Adresse ist noch nicht bestätigt.",
            ("EMAIL_NOT_VERIFIED", false) => "This e-mail address is not confirmed yet.",
            ("STALE", true) => "Die Seite war nicht mehr aktuell. Bitte versuch es noch einmal.",
            ("STALE", false) => "The page was out of date. Please try again.",
            (_, true) => "Das geht gerade nicht. Bitte versuch es später noch einmal.",
            (_, false) => "This does not work at the moment. Please try again later.",
        };
    }
}
