using System.Globalization;
using System.Text;
using Mana.Ports.Checks;
using Mana.Ports.Model;

namespace Mana.Ports.Rendering;

/// <summary>The schema as a document for people: reality, the plan, and what does not fit.</summary>
internal sealed class MarkdownDocument
{
    private readonly PortSchema _schema;
    private readonly StringBuilder _text = new();

    private MarkdownDocument(PortSchema schema) => _schema = schema;

    public static string Render(PortSchema schema)
    {
        var document = new MarkdownDocument(schema);
        document.Write();
        return document._text.ToString();
    }

    private void Write()
    {
        Line($"# {_schema.Title ?? "Port Schema"}");
        Line();
        Line($"<!-- Rendered from {Path.GetFileName(_schema.Path)}: change that, then run \"mana ports render --write\". \"mana ports check\" finds edits by hand. -->");
        Line();
        Line("Two layers: the **real** ports, where services listen today, and the **planned** ranges, where they should. The last");
        Line("part lists where the two, or the plan and its principles, contradict each other.");
        Line();
        Reality();
        Plan();
        Drifts();
        Notes();
    }

    private void Reality()
    {
        Line("## Real ports");
        Line();
        foreach (var host in _schema.Hosts)
        {
            var ports = Real(port => port.Host == host.Name && port.Status == ServiceStatus.Running);
            if (ports.Count == 0)
            {
                continue;
            }

            var about = string.Join(", ", new[] { host.Address, host.Note, host.Reconciled is { } day ? $"compared {Date(day)}" : null }.OfType<string>());
            Line($"### {Text(host.Title ?? host.Name)}{(about.Length > 0 ? $" ({Text(about)})" : "")}");
            Line();
            RealTable(ports);
        }

        var idle = Real(port => port.Status == ServiceStatus.NotDeployed);
        if (idle.Count > 0)
        {
            Line("### Not deployed");
            Line();
            RealTable(idle);
        }
    }

    private void RealTable(List<(PortService Service, RealPort Port)> ports)
    {
        Line("| Port | Service | Plan | Public | Health | Metrics | Since | Notes |");
        Line("|---|---|---|---|---|---|---|---|");
        foreach (var (service, port) in ports)
        {
            var planned = service.Planned.Where(one => one.Name == port.Name).Select(one => one.Port).ToList();
            var plan = planned.Count == 0 ? "none" : planned.Contains(port.Port) ? "as planned" : string.Join(", ", planned);
            var notes = string.Join("; ", new[]
            {
                port.Task is { } task ? $"task {task}" : null,
                port.Container is { } inside && inside != port.Port ? string.Create(CultureInfo.InvariantCulture, $"container {inside}") : null,
                port.Note,
                service.Note,
            }.OfType<string>());
            Row(Number(port.Port) + Protocol(port.Protocol), Name(service, port.Name), plan, Code(port.Public), Code(port.Health), Code(port.Metrics), port.Since is { } since ? Date(since) : "", Text(notes));
        }

        Line();
    }

    private void Plan()
    {
        Line("## Planned ranges");
        Line();
        foreach (var range in _schema.Ranges)
        {
            Line($"### {range.Ports.First}-{range.Ports.Last}: {Text(range.Title)}");
            Line();
            foreach (var sentence in new[] { range.Purpose, range.Note }.OfType<string>())
            {
                Line(Text(sentence.TrimEnd('.')) + ".");
            }

            if (range.Purpose is not null || range.Note is not null)
            {
                Line();
            }

            PlanTable(range.Name, Planned(port => !port.Internal && (port.Range ?? _schema.RangeOf(port.Port)?.Name) == range.Name));
        }

        var nowhere = Planned(port => !port.Internal && port.Range is null && _schema.RangeOf(port.Port) is null);
        if (nowhere.Count > 0)
        {
            Line("### Outside of every range");
            Line();
            PlanTable(null, nowhere);
        }

        var inside = Planned(port => port.Internal);
        if (inside.Count > 0)
        {
            Line("### Internal only (no host publishes these)");
            Line();
            PlanTable(null, inside);
        }
    }

    private void PlanTable(string? range, List<(PortService Service, PlannedPort Port)> ports)
    {
        var paired = ports.Exists(one => one.Service.Pair is not null || one.Service.LocalFirst);
        var rows = ports.Select(one => (one.Port.Port, Cells: (string[])
        [
            Number(one.Port.Port) + Protocol(one.Port.Protocol), Name(one.Service, one.Port.Name), Text(one.Service.Runtime ?? ""), Text(About(one.Service)),
            .. paired ? [Pair(one.Service)] : Array.Empty<string>(), Word(one.Service),
        ])).ToList();
        foreach (var reserved in _schema.Reserved.Where(reserved => range is not null && reserved.Ports.Count > 0 && (reserved.Range ?? _schema.RangeOf(reserved.Ports[0].First)?.Name) == range))
        {
            var left = Left(reserved);
            if (left.Count > 0)
            {
                rows.Add((left[0].First, [string.Join(", ", left), "(reserved)", "", Text(reserved.Note ?? ""), .. paired ? [""] : Array.Empty<string>(), "reserved"]));
            }
        }

        if (rows.Count == 0)
        {
            Line("Nothing is planned here.");
            Line();
            return;
        }

        string[] heads = ["Port", "Service", "Runtime", "Description", .. paired ? ["Corresponds to"] : Array.Empty<string>(), "Status"];
        Row(heads);
        Line($"|{string.Concat(heads.Select(_ => "---|"))}");
        foreach (var (_, cells) in rows.OrderBy(row => row.Port))
        {
            Row(cells);
        }

        Line();
    }

    /// <summary>What of the reserve no plan has drawn on yet.</summary>
    private List<PortSpan> Left(ReservedPorts reserved)
    {
        var drawn = _schema.Services.SelectMany(service => service.Planned).Where(port => !port.Internal && reserved.Contains(port.Port)).Select(port => port.Port).Distinct().Order().ToList();
        var left = new List<PortSpan>();
        foreach (var span in reserved.Ports)
        {
            var first = span.First;
            foreach (var port in drawn.Where(span.Contains))
            {
                if (port > first)
                {
                    left.Add(new PortSpan(first, port - 1));
                }

                first = port + 1;
            }

            if (first <= span.Last)
            {
                left.Add(new PortSpan(first, span.Last));
            }
        }

        return left;
    }

    private void Drifts()
    {
        // The document depends on the schema alone, so nothing in it is measured by today's date.
        var findings = SchemaCheck.Run(_schema, DateOnly.MinValue);
        Line("## Open drifts");
        Line();
        Line(findings.Count == 0
            ? "None: the plan, reality and the principles agree."
            : "What `mana ports check` finds. `mana ports explain PS004` says what a rule means and what to do.");
        Line();
        if (findings.Count > 0)
        {
            Row("Rule", "About", "Finding", "Allowed until");
            Line("|---|---|---|---|");
            foreach (var finding in findings.OrderBy(finding => finding.Rule, StringComparer.Ordinal).ThenBy(finding => finding.Port).ThenBy(finding => finding.Subject, StringComparer.Ordinal))
            {
                Row(finding.Rule, Text(finding.Subject), Text(WithoutLines(finding.Message)), finding.Allowed is { } allowed ? Date(allowed.Until) : "");
            }

            Line();
            foreach (var reasons in findings.Where(finding => finding.Allowed is not null).Select(finding => (finding.Rule, finding.Allowed!.Reason)).Distinct().OrderBy(one => one.Rule, StringComparer.Ordinal).GroupBy(one => one.Rule))
            {
                Line($"- {reasons.Key} is allowed because: {Text(string.Join(" ", reasons.Select(one => one.Reason)))}");
            }

            Line();
        }
    }

    private void Notes()
    {
        if (_schema.Principles.Count > 0)
        {
            Line("## Principles");
            Line();
            foreach (var principle in _schema.Principles)
            {
                Line($"- {Text(principle)}");
            }

            Line();
        }

        Line("## Adding a service");
        Line();
        Line("`mana ports add NAME --range RANGE --host HOST` takes the next free number of the range and writes the schema, this");
        Line("document, compose, the environment and Prometheus in one go; `--dry-run` shows the change first.");
        if (_schema.History.Count > 0)
        {
            Line();
            Line("## History");
            Line();
            foreach (var entry in _schema.History)
            {
                Line($"- {Date(entry.Date)}: {Text(entry.Note)}");
            }
        }
    }

    private List<(PortService Service, RealPort Port)> Real(Func<RealPort, bool> which) =>
        [.. _schema.Services.SelectMany(service => service.Real.Where(which).Select(port => (service, port))).OrderBy(one => one.port.Port).ThenBy(one => one.service.Name, StringComparer.Ordinal)];

    private List<(PortService Service, PlannedPort Port)> Planned(Func<PlannedPort, bool> which) =>
        [.. _schema.Services.SelectMany(service => service.Planned.Where(which).Select(port => (service, port))).OrderBy(one => one.port.Port).ThenBy(one => one.service.Name, StringComparer.Ordinal)];

    /// <summary>The note of what runs stands in the first part, and that of a local-first front end in its own column.</summary>
    private static string About(PortService service) => service.Note is { } note && service.Real.Count == 0 && !service.LocalFirst
        ? $"{service.Description}{(service.Description is null ? "" : ". ")}{note}"
        : service.Description ?? "";

    private string Pair(PortService service)
    {
        if (service.Pair is not { } name)
        {
            return service.LocalFirst ? $"({Text(service.Note ?? "local-first only")})" : "";
        }

        var port = _schema.Services.FirstOrDefault(one => one.Name == name)?.Planned.Select(one => (int?)one.Port).FirstOrDefault();
        return $"{(port is { } number ? Number(number) + " " : "")}{Text(name)}";
    }

    private static string Word(PortService service) => service.Status switch
    {
        ServiceStatus.Running => string.Join(", ", service.Real.Where(port => port.Status == ServiceStatus.Running).Select(port => string.Create(CultureInfo.InvariantCulture, $"runs on {port.Host} {port.Port}")).Distinct()),
        ServiceStatus.NotDeployed => "not deployed",
        var status => ServiceText.Word(status),
    };

    /// <summary>A line number would change with every line above it.</summary>
    private static string WithoutLines(string message) => System.Text.RegularExpressions.Regex.Replace(message, @" \(line [0-9]+\)|, line [0-9]+(?=\))", "");

    private static string Name(PortService service, string? port) => Text(port is null ? service.Name : $"{service.Name} ({port})");

    private static string Text(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    private static string Code(string? text) => text is null ? "" : $"`{text.Replace("`", "", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal)}`";

    private static string Protocol(string protocol) => protocol == "tcp" ? "" : $"/{protocol}";

    private static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Row(params string[] cells) => Line($"| {string.Join(" | ", cells)} |");

    private void Line(string text = "") => _text.Append(text).Append('\n');
}
