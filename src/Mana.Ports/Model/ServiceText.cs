using System.Globalization;
using System.Text.RegularExpressions;

namespace Mana.Ports.Model;

/// <summary>Writes a service as lines of a schema.</summary>
internal static partial class ServiceText
{
    public static IEnumerable<string> Render(PortService service, string indent, string step)
    {
        var inner = indent + step;
        yield return $"{indent}{service.Name}:";
        foreach (var (key, value) in Fields(service))
        {
            yield return $"{inner}{key}: {value}";
        }

        foreach (var line in Layer("planned", [.. service.Planned.Select(Planned)], inner, step).Concat(Layer("real", [.. service.Real.Select(Real)], inner, step)))
        {
            yield return line;
        }
    }

    private static IEnumerable<(string Key, string Value)> Fields(PortService service)
    {
        if (service.Description is { } description)
        {
            yield return ("description", Scalar(description));
        }

        if (service.Runtime is { } runtime)
        {
            yield return ("runtime", Scalar(runtime));
        }

        if (service.DeclaredStatus is { } status)
        {
            yield return ("status", Word(status));
        }

        if (service.Pair is { } pair)
        {
            yield return ("pair", Scalar(pair));
        }

        if (service.LocalFirst)
        {
            yield return ("local-first", "true");
        }

        if (service.Managed)
        {
            yield return ("managed", "true");
        }

        if (service.Expects.Count > 0)
        {
            yield return ("expects", $"[{string.Join(", ", service.Expects)}]");
        }

        if (service.Note is { } note)
        {
            yield return ("note", Scalar(note));
        }
    }

    private static IEnumerable<string> Layer(string key, IReadOnlyList<string> ports, string indent, string step)
    {
        if (ports.Count == 1)
        {
            yield return $"{indent}{key}: {ports[0]}";
        }
        else if (ports.Count > 1)
        {
            yield return $"{indent}{key}:";
            foreach (var port in ports)
            {
                yield return $"{indent}{step}- {port}";
            }
        }
    }

    private static string Planned(PlannedPort port) => Flow(
        ("name", port.Name),
        ("port", Number(port.Port)),
        ("range", port.Range),
        ("host", port.Host),
        ("protocol", port.Protocol == "tcp" ? null : port.Protocol),
        ("internal", port.Internal ? "true" : null));

    private static string Real(RealPort port) => Flow(
        ("name", port.Name),
        ("host", port.Host),
        ("port", Number(port.Port)),
        ("address", port.Address),
        ("protocol", port.Protocol == "tcp" ? null : port.Protocol),
        ("status", Word(port.Status)),
        ("public", port.Public),
        ("health", port.Health),
        ("metrics", port.Metrics),
        ("container", port.Container is { } container ? Number(container) : null),
        ("since", port.Since?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        ("task", port.Task),
        ("note", port.Note));

    private static string Flow(params (string Key, string? Value)[] fields) =>
        "{ " + string.Join(", ", fields.Where(field => field.Value is not null).Select(field =>
            $"{field.Key}: {(field.Key is "port" or "container" or "internal" or "since" ? field.Value : Scalar(field.Value!))}")) + " }";

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);

    /// <summary>As the schema writes a status.</summary>
    internal static string Word(ServiceStatus status) => status switch
    {
        ServiceStatus.Running => "running",
        ServiceStatus.NotDeployed => "not-deployed",
        ServiceStatus.Future => "future",
        ServiceStatus.Reserved => "reserved",
        _ => "planned",
    };

    /// <summary>Plain where that is safe in braces, too; in double quotes otherwise.</summary>
    private static string Scalar(string text) =>
        Plain().IsMatch(text) && text is not ("true" or "false" or "null")
            ? text
            : "\"" + string.Concat(text.Select(c => c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when char.IsControl(c) || c is '\u0085' or '\u2028' or '\u2029' or '\ufeff' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            })) + "\"";

    [GeneratedRegex(@"^[\p{L}/(][\p{L}\p{N} ._/()+;=-]*(?<! )\z")]
    private static partial Regex Plain();
}
