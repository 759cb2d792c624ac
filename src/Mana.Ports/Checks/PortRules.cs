namespace Mana.Ports.Checks;

/// <summary>All rules. An id is never given to another rule.</summary>
public static class PortRules
{
    internal static readonly PortRule Taken = new("PS001", "port-taken", Severity.Error,
        "One port has one owner: on a host, for a protocol and an address; and in the plan.",
        """
        Two services that listen on the same port of the same host cannot both start; which of them wins depends on who
        was first. The same number on two hosts is fine, and so are tcp and udp, and two different bind addresses. In the
        plan a number without a host stands for every host.
        To do: give one of the two another number (mana ports next --range NAME, then mana ports move).
        """);

    internal static readonly PortRule PlannedForAnother = new("PS002", "planned-for-another", Severity.Error,
        "A real port is not the number that the plan gives to another service.",
        """
        Whoever deploys the other service after the plan finds its number in use, or sends requests to the wrong service
        without an error: both answer /health.
        To do: move one of them, or give the planned service another number.
        """);

    internal static readonly PortRule OutsideRange = new("PS003", "outside-range", Severity.Error,
        "A port lies in the range that it belongs to, and in one at all.",
        """
        A number outside of every range has no place in the document, and the next service may be given it by accident.
        A number that says which range it belongs to must lie in it. Ports that no host publishes (internal: true) belong
        to no range.
        To do: draw a range where the services are, or move them into one.
        """);

    internal static readonly PortRule RealDiffers = new("PS004", "real-differs-from-plan", Severity.Error,
        "A service listens where the plan says.",
        """
        Everybody who reads the plan connects to the wrong port. Plans rot in this way first: the document says one
        number, the container another, and monitoring a third.
        To do: execute the move (mana ports move SERVICE PORT), or accept reality and change the plan. Several ports of one
        service are compared by their names.
        """);

    internal static readonly PortRule PairDigits = new("PS005", "pair-digits", Severity.Info,
        "A back end and its web front end share the last digit where that is possible.",
        """
        With 3031 and 5011 whoever knows one knows the other. Blocks are ten numbers wide and begin at different tens
        (back ends at 3030, front ends at 5010), so the last digit is what can be shared.
        To do: nothing in a hurry; take the matching number when one of the two moves anyway.
        """);

    internal static readonly PortRule ReservedUsed = new("PS006", "reserved-used", Severity.Error,
        "A number that is kept for growth is used only by a service that the plan put there.",
        """
        Reserved numbers are the room that their range has to grow. A service that the plan puts into the reserve of its
        own range is that growth. A service that merely listens there, or is planned there for another range, takes the
        room away unseen.
        To do: plan the service there, move it, or make the reserve smaller.
        """);

    internal static readonly PortRule RangeSmall = new("PS007", "range-small", Severity.Info,
        "A range is as large as the policy wants ranges to be.",
        """
        policy.range-size says how many numbers a range should have. A smaller one fills up and its services end up
        elsewhere.
        To do: widen the range where its neighbours allow it, or lower policy.range-size to what you mean.
        """);

    internal static readonly PortRule RangeFull = new("PS008", "range-full", Severity.Warning,
        "A range has room to grow.",
        """
        Less of the range is free than policy.room asks for (in percent; 20 where nothing is said). Reserved numbers are
        free ones. The next services will be given numbers outside of the range.
        To do: widen the range, or draw a second one.
        """);

    internal static readonly PortRule RangesOverlap = new("PS009", "ranges-overlap", Severity.Warning,
        "Two ranges share no number.",
        """
        A number in two ranges has two purposes. Where ranges overlap, a number counts as part of the smaller one, and
        mana ports next offers it only there.
        To do: end one range where the other begins.
        """);

    internal static readonly PortRule WellKnown = new("PS010", "well-known-port", Severity.Warning,
        "A port is none that browsers block, that belongs to another product, or that the system hands out.",
        """
        Browsers refuse to open some ports whatever listens there (the Fetch standard's list of bad ports, 5060 and 6000
        among them; an error, because nobody can open the service). Below 1024 a service needs privileges. The well-known
        port of another product misleads tools and people. From 32768 on Linux hands numbers out for outgoing
        connections, so that a service sometimes cannot start.
        To do: choose another number.
        """);

    internal static readonly PortRule MissingPath = new("PS011", "missing-health-or-metrics", Severity.Warning,
        "A running service has the health and metrics paths that are expected of it.",
        """
        The service, or the range it lies in, expects health or metrics (expects: [health, metrics]), and none of its
        running ports has the path. Monitoring cannot see it.
        To do: add health: /health or metrics: /metrics to the real port, or take the expectation away.
        """);

    internal static readonly PortRule PairMissing = new("PS012", "pair-missing", Severity.Error,
        "The other half of a pair exists, knows of it, and runs where the one runs.",
        """
        A service names its pair and the schema has no such service (an error), the pair names somebody else, or one half
        runs and the other does not (warnings).
        To do: correct the name, add the missing service, or remove the pair.
        """);

    internal static readonly PortRule Stale = new("PS013", "stale-entry", Severity.Info,
        "An entry is still true.",
        """
        A service that is not deployed still holds a number (an information), or nobody has compared a host's real ports
        with the schema for longer than policy.stale-after-days (a warning).
        To do: remove the service or deploy it; run mana ports scan on the host and set its reconciled date.
        """);

    internal static readonly PortRule UselessException = new("PS014", "useless-exception", Severity.Warning,
        "An exception allows something.",
        """
        The exception names a rule that does not exist, or nothing is found that it would allow: the matter was settled.
        A finding whose exception is past its last day is reported as a warning by its own rule.
        To do: take the exception out.
        """);

    internal static readonly PortRule FileDiffers = new("PS015", "file-differs", Severity.Error,
        "A file that follows the schema has the schema's number.",
        """
        The file and the schema name different ports for one service, or the file names a service that the schema does
        not have.
        To do: mana ports move SERVICE PORT writes all files; or correct whichever of the two is wrong.
        """);

    internal static readonly PortRule FileMisses = new("PS016", "missing-from-file", Severity.Error,
        "A managed service stands in a file of every kind that follows the schema.",
        """
        The schema says managed: true and the file does not have the service. Of several files of one kind, such as a
        compose file in parts, one has to have it; a file with a host has the services of that host.
        To do: mana ports render --write adds it; or add the entry, or take managed away.
        """);

    internal static readonly PortRule GeneratedDiffers = new("PS017", "generated-differs", Severity.Error,
        "Generated text is what the schema generates.",
        """
        A rendered file, or a block between mana-ports markers, was edited by hand or is older than the schema.
        To do: mana ports render --write; what was written by hand is lost then, and belongs outside of the markers.
        A block that nothing in the schema generates any more is yours: remove its two markers.
        """);

    internal static readonly PortRule FileUnreadable = new("PS018", "file-unreadable", Severity.Error,
        "A file that follows the schema exists and can be read.",
        """
        The schema names a file that does not exist, that is of an unknown kind, or that cannot be understood.
        To do: correct its entry under files, or the file.
        """);

    /// <summary>In the order of their ids.</summary>
    public static IReadOnlyList<PortRule> All { get; } =
    [
        Taken, PlannedForAnother, OutsideRange, RealDiffers, PairDigits, ReservedUsed, RangeSmall, RangeFull, RangesOverlap, WellKnown,
        MissingPath, PairMissing, Stale, UselessException, FileDiffers, FileMisses, GeneratedDiffers, FileUnreadable,
    ];

    /// <summary>Whether a rule looks at the files that follow the schema, not at the schema alone.</summary>
    internal static bool IsAboutFiles(string id) => id == FileDiffers.Id || id == FileMisses.Id || id == GeneratedDiffers.Id || id == FileUnreadable.Id;

    /// <summary>The rule of an id, in any case; null where there is none.</summary>
    /// <param name="id">The id.</param>
    public static PortRule? Find(string id) => All.FirstOrDefault(rule => rule.Id.Equals(id, StringComparison.OrdinalIgnoreCase));
}
