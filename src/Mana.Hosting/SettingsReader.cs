using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Mana.Hosting;

/// <summary>The configuration of a service cannot be used; the message says every fault and what would be right.</summary>
public sealed class ConfigurationException(string message) : Exception(message);

/// <summary>Reads settings by their environment names and gathers every fault, so that one start shows them all.</summary>
/// <remarks>Empty strings count as unset, as in compose files that pass <c>KEY=${KEY}</c>.</remarks>
public sealed class SettingsReader(IConfiguration configuration)
{
    private readonly List<string> _errors = [];

    /// <summary>What was wrong so far.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Where the service runs.</summary>
    public ManaEnvironment Environment => ManaEnvironment.From(configuration);

    /// <summary>Adds a fault found by the caller.</summary>
    public void Fault(string message) => _errors.Add(message);

    /// <summary>The value, or null when unset or empty.</summary>
    public string? Optional(string key) => configuration[key] is { Length: > 0 } value ? value : null;

    /// <summary>The value, or the fallback when unset or empty.</summary>
    public string Text(string key, string fallback) => Optional(key) ?? fallback;

    /// <summary>A whole number above zero.</summary>
    public int PositiveInt(string key, int fallback) => Int(key, fallback, 1, "a positive integer");

    /// <summary>A port; 0 asks the system for a free one.</summary>
    public int Port(string key, int fallback)
    {
        var port = Int(key, fallback, 0, "a positive integer");
        if (port > 65535)
        {
            _errors.Add($"{key} must be at most 65535, got \"{port}\"");
        }

        return port;
    }

    /// <summary>True for <c>1</c>, <c>true</c>, <c>yes</c>, <c>on</c>; false for their opposites.</summary>
    public bool Flag(string key, bool fallback)
    {
        switch (Optional(key)?.ToLowerInvariant())
        {
            case null:
                return fallback;
            case "1" or "true" or "yes" or "on":
                return true;
            case "0" or "false" or "no" or "off":
                return false;
            default:
                _errors.Add($"{key} must be true or false, got \"{configuration[key]}\"");
                return fallback;
        }
    }

    /// <summary>An absolute http or https address, without its trailing slash.</summary>
    public Uri Url(string key, string fallback)
    {
        var text = Text(key, fallback);
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0 && url.UserInfo.Length == 0)
        {
            return new Uri(url.AbsoluteUri.TrimEnd('/'));
        }

        // A URL with credentials must not reach the error text.
        var shown = text.Contains('@', StringComparison.Ordinal) ? "a value with credentials or an @" : $"\"{text}\"";
        _errors.Add($"{key} must be an absolute http(s) URL without query or credentials, got {shown}");
        return new Uri(fallback);
    }

    /// <summary>Throws when anything was wrong.</summary>
    /// <exception cref="ConfigurationException">Names every fault.</exception>
    public void ThrowIfInvalid(string service)
    {
        if (_errors.Count > 0)
        {
            throw new ConfigurationException($"{service} cannot start: {string.Join("; ", _errors)}");
        }
    }

    private int Int(string key, int fallback, int minimum, string wanted)
    {
        if (Optional(key) is not { } text)
        {
            return fallback;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= minimum)
        {
            return value;
        }

        _errors.Add($"{key} must be {wanted}, got \"{text}\"");
        return fallback;
    }
}
