using System.Globalization;
using System.Net;
using System.Text;
using Mana.Ports.Checks;
using Mana.Ports.Model;

namespace Mana.Ports.Rendering;

/// <summary>The fleet as a picture: hosts, ranges and what is free. One file, no script, nothing from elsewhere.</summary>
internal sealed class HtmlPicture
{
    /// <summary>A range shows its numbers in rows of ten, as the numbers themselves are written.</summary>
    private const int RowLength = 10;

    private readonly PortSchema _schema;
    private readonly SchemaIndex _index;

    // A fleet that was just adopted has no plan yet, and nothing that could contradict one.
    private readonly bool _hasPlan;
    private readonly StringBuilder _html = new();

    private HtmlPicture(PortSchema schema) => (_schema, _index, _hasPlan) = (schema, new SchemaIndex(schema), schema.Services.Any(service => service.Planned.Any(port => !port.Internal)));

    public static string Render(PortSchema schema)
    {
        var picture = new HtmlPicture(schema);
        picture.Write();
        return picture._html.ToString();
    }

    private void Write()
    {
        var title = Escape(_schema.Title ?? "Port Schema");
        Line("<!doctype html>");
        Line($"<!-- Rendered from {Escape(Path.GetFileName(_schema.Path))} by \"mana ports render --write\"; \"mana ports check\" finds edits by hand. -->");
        Line("<html lang=\"en\">");
        Line("<head>");
        Line("<meta charset=\"utf-8\">");
        Line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        Line("<meta name=\"color-scheme\" content=\"light dark\">");
        Line($"<title>{title}</title>");
        Line("<style>");
        _html.Append(PictureStyle.Css);
        Line("</style>");
        Line("</head>");
        Line("<body>");
        Line("<header>");
        Line($"<h1>{title}</h1>");
        Line("<ul class=\"legend\" aria-label=\"What the colours mean\">");
        foreach (var state in PictureStyle.States)
        {
            Line($"<li><span class=\"swatch {state.Class}\"></span>{(state.Class == "match" && !_hasPlan ? "runs" : state.Meaning)}</li>");
        }

        Line("</ul>");
        Line("</header>");
        Line("<main>");
        Hosts();
        Ranges();
        Outside();
        Line("</main>");
        Line("</body>");
        Line("</html>");
    }

    private void Hosts()
    {
        Line("<section aria-labelledby=\"hosts\">");
        Line("<h2 id=\"hosts\">Hosts</h2>");
        Line("<div class=\"hosts\">");
        foreach (var host in _schema.Hosts)
        {
            Line($"<article aria-label=\"{Escape(host.Title ?? host.Name)}\">");
            Line($"<h3>{Escape(host.Title ?? host.Name)}</h3>");
            var about = string.Join(" · ", new[] { host.Address, host.Note, host.Reconciled is { } day ? $"compared {Date(day)}" : null }.OfType<string>());
            if (about.Length > 0)
            {
                Line($"<p class=\"about\">{Escape(about)}</p>");
            }

            Line("<ul class=\"listeners\">");
            var listeners = _schema.Services.SelectMany(service => service.Real.Where(port => port.Host == host.Name).Select(port => (service, port)))
                .OrderBy(one => one.port.Port).ThenBy(one => one.service.Name, StringComparer.Ordinal);
            foreach (var (service, port) in listeners)
            {
                var state = StateOf(service, port);
                var more = string.Join(" · ", new[] { Difference(service, port), port.Public }.OfType<string>());
                Line($"<li class=\"{state}\"><b>{Number(port.Port)}</b> <span>{Escape(Name(service, port.Name))}</span>{(more.Length > 0 ? $"<small>{Escape(more)}</small>" : "")}</li>");
            }

            Line("</ul>");
            Line("</article>");
        }

        Line("</div>");
        Line("</section>");
    }

    private void Ranges()
    {
        Line("<section aria-labelledby=\"ranges\">");
        Line("<h2 id=\"ranges\">Ranges</h2>");
        foreach (var range in _schema.Ranges)
        {
            var ports = Enumerable.Range(range.Ports.First, range.Ports.Count).Where(port => _index.RangeOf(port) == range).ToList();
            var free = ports.Count(port => !_index.IsUsed(port) && !KnownPorts.IsBlockedByBrowsers(port));
            Line($"<article class=\"range\" aria-label=\"{Escape(range.Title)}\">");
            Line($"<h3><span class=\"span\">{range.Ports.First}–{range.Ports.Last}</span> {Escape(range.Title)}</h3>");
            Line(string.Create(CultureInfo.InvariantCulture, $"<p class=\"about\">{Escape(string.Join(" ", new[] { range.Purpose, range.Note }.OfType<string>().Select(one => one.TrimEnd('.') + ".")))} {free} of {range.Ports.Count} free.</p>"));
            Line($"<meter min=\"0\" max=\"{range.Ports.Count}\" value=\"{range.Ports.Count - free}\">{range.Ports.Count - free} of {range.Ports.Count} used</meter>");
            Cells(range);
            Line("</article>");
        }

        Line("</section>");
    }

    private void Cells(PortRange range)
    {
        Line("<ul class=\"cells\">");
        for (var row = range.Ports.First; row <= range.Ports.Last;)
        {
            // Rows in which nothing happens become one line: a range may have thousands of numbers.
            var end = row;
            while (end <= range.Ports.Last && IsEmpty(range, end))
            {
                end++;
            }

            var emptyUntil = end > range.Ports.Last ? end : end / RowLength * RowLength;
            if (emptyUntil - row >= 2 * RowLength)
            {
                Line($"<li class=\"gap\">{row}–{emptyUntil - 1} free</li>");
                row = emptyUntil;
                continue;
            }

            var last = Math.Min(range.Ports.Last, (row / RowLength * RowLength) + RowLength - 1);
            for (; row <= last; row++)
            {
                Cell(range, row);
            }
        }

        Line("</ul>");
    }

    private bool IsEmpty(PortRange range, int port) =>
        _index.RangeOf(port) == range && !_index.IsUsed(port) && _index.ReservedAt(port).Count == 0 && !KnownPorts.IsBlockedByBrowsers(port);

    private void Cell(PortRange? range, int port)
    {
        var owners = _index.PlannedAt(port).Select(one => (Name: Name(one.Service, one.Port.Name), Text: "planned"))
            .Concat(_index.RealAt(port).Select(one => (Name: Name(one.Service, one.Port.Name), Text: one.Port.Status == ServiceStatus.Running ? $"runs on {one.Port.Host}" : "not deployed")))
            .GroupBy(one => one.Name, StringComparer.Ordinal).ToList();
        var running = _index.RealAt(port).Where(one => one.Port.Status == ServiceStatus.Running).ToList();
        var state = owners.Count == 0
            ? _index.RangeOf(port) != range ? "other"
                : KnownPorts.IsBlockedByBrowsers(port) ? "blocked"
                : _index.ReservedAt(port).Count > 0 ? "reserved" : "free"
            : running.Count == 0 ? "planned"
            : running.TrueForAll(one => StateOf(one.Service, one.Port) == "match") && owners.Count == 1 ? "match" : "drift";
        var words = owners.Count > 0 ? string.Join("; ", owners.Select(owner => $"{owner.Key}: {string.Join(", ", owner.Select(one => one.Text))}"))
            : state switch { "reserved" => "reserved", "blocked" => "blocked by browsers", "other" => "in another range", _ => "free" };
        var names = string.Concat(owners.Select(owner => $"<span>{Escape(owner.Key)}</span>"));
        Line($"<li class=\"{state}\" title=\"{Number(port)} {Escape(words)}\"><b>{Number(port)}</b>{(names.Length > 0 ? names : $"<i>{words}</i>")}</li>");
    }

    private void Outside()
    {
        var ports = _schema.Services.SelectMany(service => service.Planned.Select(port => port.Port).Concat(service.Real.Select(port => port.Port)))
            .Where(port => _index.RangeOf(port) is null).Distinct().Order().ToList();
        if (ports.Count == 0)
        {
            return;
        }

        Line("<section aria-labelledby=\"outside\">");
        Line("<h2 id=\"outside\">Outside of every range</h2>");
        Line("<ul class=\"cells\">");
        foreach (var port in ports)
        {
            Cell(null, port);
        }

        Line("</ul>");
        Line("</section>");
    }

    private string StateOf(PortService service, RealPort port) =>
        port.Status == ServiceStatus.NotDeployed ? "planned"
        : !_hasPlan || service.Planned.Any(planned => planned.Name == port.Name && planned.Port == port.Port) ? "match" : "drift";

    private string? Difference(PortService service, RealPort port) =>
        !_hasPlan ? null
        : service.Planned.FirstOrDefault(planned => planned.Name == port.Name) is not { } planned ? "not planned"
        : planned.Port == port.Port ? null
        : string.Create(CultureInfo.InvariantCulture, $"planned {planned.Port}");

    private static string Name(PortService service, string? port) => port is null ? service.Name : $"{service.Name} ({port})";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Line(string text) => _html.Append(text).Append('\n');
}
