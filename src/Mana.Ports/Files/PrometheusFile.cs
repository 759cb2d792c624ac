namespace Mana.Ports.Files;

/// <summary>Prometheus: the targets of its scrape jobs.</summary>
public sealed class PrometheusFile : IPortFile
{
    private const string Section = "scrape_configs";

    /// <inheritdoc/>
    public string Kind => "prometheus";

    /// <inheritdoc/>
    public bool Claims(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var name = System.IO.Path.GetFileName(path);
        return name.Contains("prometheus", StringComparison.OrdinalIgnoreCase)
            && name.EndsWith(".yml", StringComparison.OrdinalIgnoreCase) | name.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public IReadOnlyList<PortMention> Read(string path, string text)
    {
        var source = new SourceText(text);
        try
        {
            return [.. YamlReader.Read(source).OfType<YamlMap>()
                .SelectMany(map => map.Own.Where(entry => entry.Key.Value == Section))
                .SelectMany(entry => (entry.Value as YamlList)?.Items ?? [])
                .OfType<YamlMap>()
                .SelectMany(job => Mentions(source, path, job))];
        }
        catch (PortFileException e)
        {
            throw e.In(path);
        }
    }

    /// <inheritdoc/>
    public string Put(string text, PortFact fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        if (fact.MetricsPath is null)
        {
            return text;
        }

        var source = new SourceText(text);
        var section = YamlSection.Require(source, Section);
        var mentions = Read("", text);
        var own = mentions.Where(mention => mention.Service == fact.Service).ToList();
        var renumbered = Renumbering.Edits(source, own, mention => Endpoint.IsContainer(mention.Address) ? fact.Inside : fact.Port);
        if (own.Exists(mention => mention.Role == PortRole.Scrape))
        {
            return GeneratedBlock.Restamp(text, source.Replace(renumbered.Concat(Paths(section, fact.Service, fact.MetricsPath))));
        }

        if (own.Count > 0)
        {
            // Whether it answers is watched already; its metrics are not.
            var watched = source.Replace(renumbered);
            return watched == text ? Append(source, section, mentions, fact) : Put(GeneratedBlock.Restamp(text, watched), fact);
        }

        return Append(source, section, mentions, fact);
    }

    /// <summary>The path in the job that was generated for a service; what people wrote keeps the one they gave it.</summary>
    private static IEnumerable<(int Offset, int Length, string With)> Paths(YamlSection section, string service, string path)
    {
        var blocks = GeneratedBlock.Find(section.Source).Where(block => block.Name == service).ToList();
        return from job in section.Items.OfType<YamlMap>()
               let line = section.Source.LineAt(job.Start)
               where blocks.Exists(block => line > block.First && line < block.Last)
               let old = job["metrics_path"] as YamlScalar
               where old is not null && old.Value != path && old.ContentStart(section.Source.Text) >= 0
               select (old.ContentStart(section.Source.Text), old.Value.Length, path);
    }

    private string Append(SourceText source, YamlSection section, IReadOnlyList<PortMention> mentions, PortFact fact)
    {
        section.RequireBlockStyle();
        var starts = section.Items.Select(item => YamlLayout.DashLine(source, item)).ToList();
        var indent = new string(' ', starts is [var first, ..] ? source.IndentOf(first) : source.IndentOf(section.KeyLine) + 2);
        var after = section.Items is [.., var last] ? GeneratedBlock.Around(source, YamlLayout.Block(source, last)).Last : section.KeyLine;

        // Prometheus reaches the others by the network of the containers, or by the machine's ports; so it will this one.
        var byName = mentions.Count == 0 || mentions.Count(mention => Endpoint.IsContainer(mention.Address)) * 2 >= mentions.Count;
        var machine = mentions.Select(mention => mention.Address).FirstOrDefault(Endpoint.IsThisMachine) ?? "localhost";
        string[] lines =
        [
            $"{indent}- job_name: {fact.Service}",
            $"{indent}  metrics_path: {fact.MetricsPath}",
            $"{indent}  static_configs:",
            $"{indent}    - targets: [\"{(byName ? $"{fact.Service}:{fact.Inside}" : $"{machine}:{fact.Port}")}\"]",
        ];
        return section.Insert(after, YamlLayout.IsAiry(source, starts), GeneratedBlock.Wrap(fact.Service, lines, indent), IsThere);

        bool IsThere(string result) => Read("", result).Any(mention => mention.Service == fact.Service && mention.Role == PortRole.Scrape);
    }

    /// <inheritdoc/>
    public string Remove(string text, string service)
    {
        var source = new SourceText(text);
        if (YamlSection.Find(source, Section) is not { } section)
        {
            return text;
        }

        foreach (var job in section.Items.OfType<YamlMap>())
        {
            var mentions = Mentions(source, "", job).ToList();
            if (!mentions.Any(mention => mention.Service == service))
            {
                continue;
            }

            if (mentions.FirstOrDefault(mention => mention.Service != service) is { } neighbour)
            {
                throw source.Fault(job.Start, $"the job {job.Text("job_name")} also scrapes {neighbour.Service}; take {service} out of its targets by hand");
            }

            section.RequireBlockStyle();
            return Remove(YamlLayout.RemoveBlock(source, YamlLayout.Block(source, job)), service);
        }

        return text;
    }

    /// <summary>Where each scraped service serves its metrics.</summary>
    internal static Dictionary<string, string> MetricsPaths(string text)
    {
        var source = new SourceText(text);
        return (YamlSection.Find(source, Section)?.Items ?? []).OfType<YamlMap>()
            .SelectMany(job => Mentions(source, "", job).Where(mention => mention.Role == PortRole.Scrape).Select(mention => (mention.Service, Path: job.Text("metrics_path"))))
            .Where(one => one.Path?.StartsWith('/') == true)
            .DistinctBy(one => one.Service).ToDictionary(one => one.Service, one => one.Path!, StringComparer.Ordinal);
    }

    /// <summary>Jobs whose targets stand elsewhere: in files, in DNS, in an orchestrator.</summary>
    internal static IEnumerable<LeftOutEntry> LeftOut(string path, string text)
    {
        var source = new SourceText(text);
        return (YamlSection.Find(source, Section)?.Items ?? []).OfType<YamlMap>()
            .SelectMany(job => job.Own.Where(entry => entry.Key.Value.EndsWith("_sd_configs", StringComparison.Ordinal))
                .Select(entry => new LeftOutEntry(path, source.Position(entry.Key.Start).Line, job.Text("job_name") ?? "a job", $"its targets come from {entry.Key.Value}, which are not read here")));
    }

    private static IEnumerable<PortMention> Mentions(SourceText source, string path, YamlMap job)
    {
        var targets = ((job["static_configs"] as YamlList)?.Items ?? []).OfType<YamlMap>()
            .SelectMany(config => (config["targets"] as YamlList)?.Items ?? []).OfType<YamlScalar>();

        // An exporter that tries others out is told whom in a parameter: the path of the job is the exporter's own.
        var isProbe = ((job["relabel_configs"] as YamlList)?.Items ?? []).OfType<YamlMap>().Any(rule => rule.Text("target_label") == "__param_target");
        foreach (var target in targets)
        {
            if (LocatedText.Expand(source, target, new Dictionary<string, string>()) is not { } located || Endpoint.Parse(located.Text) is not { } endpoint)
            {
                continue;
            }

            // A target on the containers' network says whose it is; on a machine only the job does.
            var service = Endpoint.IsContainer(endpoint.Host) ? endpoint.Host : job.Text("job_name") ?? endpoint.Host;
            var (line, column) = source.Position(located.OffsetAt(endpoint.Index));
            yield return new PortMention(service, endpoint.Port, isProbe ? PortRole.Probe : PortRole.Scrape, path, line, column, target.Value, null, endpoint.Host);
        }
    }
}
