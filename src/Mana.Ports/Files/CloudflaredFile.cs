namespace Mana.Ports.Files;

/// <summary>cloudflared: which public name leads to which port.</summary>
public sealed class CloudflaredFile : IPortFile
{
    private const string Section = "ingress";

    /// <inheritdoc/>
    public string Kind => "cloudflared";

    /// <inheritdoc/>
    public bool Claims(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Contains("cloudflared", StringComparison.OrdinalIgnoreCase)
            && path.EndsWith(".yml", StringComparison.OrdinalIgnoreCase) | path.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase);
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
                .Select(rule => Mention(source, path, rule))
                .OfType<PortMention>()];
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
        if (fact.PublicAddress is not { } address)
        {
            return text;
        }

        var source = new SourceText(text);
        var section = YamlSection.Require(source, Section);
        var generated = section.Items.OfType<YamlMap>().Where(rule => IsGenerated(source, rule, fact.Service)).ToList();
        var own = Read("", text).Where(mention => mention.Service == fact.Service || IsName(mention.Address, address))
            .Concat(generated.Select(rule => Mention(source, "", rule)).OfType<PortMention>()).Distinct().ToList();
        if (own.Count > 0)
        {
            var renamed = from rule in generated
                          let name = rule["hostname"] as YamlScalar
                          where name is not null && !IsName(name.Value, address) && name.ContentStart(text) >= 0
                          select (name.ContentStart(text), name.Value.Length, address);
            return GeneratedBlock.Restamp(text, source.Replace(Renumbering.Edits(
                source, own, mention => mention.Text.Contains($"//{fact.Service}:", StringComparison.Ordinal) ? fact.Inside : fact.Port).Concat(renamed)));
        }

        section.RequireBlockStyle();
        var starts = section.Items.Select(item => YamlLayout.DashLine(source, item)).ToList();
        var indent = new string(' ', starts is [var first, ..] ? source.IndentOf(first) : source.IndentOf(section.KeyLine) + 2);
        var lines = GeneratedBlock.Wrap(fact.Service, [$"{indent}- hostname: {address}", $"{indent}  service: http://localhost:{fact.Port}"], indent);

        // Rules are tried in order, and the last one catches everything.
        var named = section.Items.Where(item => item is YamlMap rule && rule["hostname"] is not null).ToList();
        var after = named is [.., var last] ? GeneratedBlock.Around(source, YamlLayout.Block(source, last)).Last : section.KeyLine;
        return section.Insert(after, named.Count > 0 && YamlLayout.IsAiry(source, starts), lines, IsThere);

        bool IsThere(string result) => Read("", result).Any(mention => mention.Address == address);
    }

    /// <inheritdoc/>
    public string Remove(string text, string service)
    {
        var source = new SourceText(text);
        if (YamlSection.Find(source, Section) is not { } section)
        {
            return text;
        }

        // A service is also known by its public name.
        foreach (var rule in section.Items.OfType<YamlMap>())
        {
            if (IsGenerated(source, rule, service) || Mention(source, "", rule) is { } mention && (mention.Service == service || IsName(mention.Address, service)))
            {
                section.RequireBlockStyle();
                return Remove(YamlLayout.RemoveBlock(source, YamlLayout.Block(source, rule)), service);
            }
        }

        return text;
    }

    private static bool IsGenerated(SourceText source, YamlMap rule, string service) =>
        GeneratedBlock.Find(source).Any(block => block.Name == service && source.LineAt(rule.Start) is var line && line > block.First && line < block.Last);

    private static bool IsName(string? one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static PortMention? Mention(SourceText source, string path, YamlMap rule)
    {
        // Without a scheme it is no address but an answer: http_status:404, hello_world.
        if (rule["service"] is not YamlScalar service || !service.Value.Contains("://", StringComparison.Ordinal) || Endpoint.Parse(service.Value) is not { } endpoint)
        {
            return null;
        }

        // The service's own name where the tunnel runs beside it, else what the world calls it.
        var hostname = rule.Text("hostname");
        var name = Endpoint.IsContainer(endpoint.Host) ? endpoint.Host : hostname?.Split('.').FirstOrDefault(label => label is not ("" or "*")) ?? endpoint.Host;
        var content = service.ContentStart(source.Text);
        var (line, column) = source.Position(content < 0 ? service.Start : content + endpoint.Index);
        return new PortMention(name, endpoint.Port, PortRole.Ingress, path, line, column, service.Value, null, hostname);
    }
}
