using System.Globalization;
using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>Runs the rules.</summary>
public static class SchemaCheck
{
    /// <summary>All findings of the rules that look at the schema alone, exceptions applied.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="today">The day that end dates are compared with.</param>
    public static IReadOnlyList<Finding> Run(PortSchema schema, DateOnly today) => Apply(schema, Raw(schema, today), today, filesToo: false);

    /// <summary>As <see cref="Run(PortSchema, DateOnly)"/>, with what was found in the files that follow the schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="today">The day that end dates are compared with.</param>
    /// <param name="inFiles">What a look at the files found.</param>
    public static IReadOnlyList<Finding> Run(PortSchema schema, DateOnly today, IEnumerable<Finding> inFiles) =>
        Apply(schema, Raw(schema, today).Concat(inFiles), today, filesToo: true);

    private static IEnumerable<Finding> Raw(PortSchema schema, DateOnly today)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var index = new SchemaIndex(schema);
        return
        [
            .. OwnerChecks.Taken(index),
            .. OwnerChecks.PlannedForAnother(index),
            .. RangeChecks.OutsideRange(index),
            .. PlanChecks.RealDiffers(index),
            .. PlanChecks.PairDigits(index),
            .. RangeChecks.ReservedUsed(index),
            .. RangeChecks.Sizes(index),
            .. RangeChecks.Overlaps(index),
            .. EntryChecks.WellKnown(index),
            .. EntryChecks.MissingPaths(index),
            .. PlanChecks.PairMissing(index),
            .. EntryChecks.Stale(index, today),
        ];
    }

    private static List<Finding> Apply(PortSchema schema, IEnumerable<Finding> found, DateOnly today, bool filesToo)
    {
        var exceptions = schema.Exceptions.ToLookup(one => Key(one.Rule, one.Subject), StringComparer.Ordinal);
        var used = new HashSet<AllowedFinding>(ReferenceEqualityComparer.Instance);
        var findings = new List<Finding>();
        foreach (var finding in found)
        {
            // Of several that fit the longest counts.
            AllowedFinding? exception = null;
            foreach (var fits in exceptions[Key(finding.Rule, finding.Subject)].Where(one => one.Port is null || one.Port == finding.Port))
            {
                used.Add(fits);
                exception = exception is null || fits.Until > exception.Until ? fits : exception;
            }

            findings.Add(exception is null ? finding
                : today <= exception.Until ? finding with { Allowed = exception }
                : finding with
                {
                    Severity = Severity.Warning,
                    Message = string.Create(CultureInfo.InvariantCulture, $"{finding.Message}; its exception ended on {exception.Until:yyyy-MM-dd}"),
                });
        }

        findings.AddRange(schema.Exceptions.Where(one => !used.Contains(one)).Select(one => Useless(schema, one, filesToo)).OfType<Finding>());
        return [.. findings.OrderBy(finding => finding.Path, StringComparer.Ordinal).ThenBy(finding => finding.At.Line).ThenBy(finding => finding.At.Column)
            .ThenBy(finding => finding.Rule, StringComparer.Ordinal).ThenBy(finding => finding.Message, StringComparer.Ordinal)];
    }

    private static string Key(string rule, string subject) => $"{rule} {subject}";

    private static Finding? Useless(PortSchema schema, AllowedFinding exception, bool filesToo)
    {
        var known = PortRules.Find(exception.Rule) is not null;
        if (known && !filesToo && PortRules.IsAboutFiles(exception.Rule))
        {
            return null;
        }

        var about = string.Create(CultureInfo.InvariantCulture, $"{exception.Rule} of {exception.Subject}{(exception.Port is { } port ? $" {port}" : "")}");
        return new Finding
        {
            Rule = PortRules.UselessException.Id,
            Severity = PortRules.UselessException.Severity,
            Subject = exception.Subject,
            Port = exception.Port,
            Message = known
                ? $"the exception for {about} allows nothing that is found; take it out"
                : $"the exception for {about} names a rule that does not exist{Suggest(exception.Rule)}",
            Path = schema.Path,
            At = exception.At,
        };
    }

    private static string Suggest(string rule) =>
        Suggestions.Nearest(rule, PortRules.All.Select(one => one.Id)) is { } nearest ? $"; did you mean {nearest}?" : "";
}
