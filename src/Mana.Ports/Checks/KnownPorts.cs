namespace Mana.Ports.Checks;

/// <summary>Numbers that something outside of the fleet has a say in.</summary>
public static class KnownPorts
{
    /// <summary>The first number that Linux gives to outgoing connections.</summary>
    private const int FirstEphemeral = 32_768, LastEphemeral = 60_999;

    // https://fetch.spec.whatwg.org/#bad-port, compared with the text of 2026-07-02.
    private static readonly HashSet<int> Blocked =
    [
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117,
        119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
        989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    ];

    // Products whose clients and scanners look for them at one number. Several names: drop-in replacements keep the port.
    private static readonly Dictionary<int, string[]> Products = new()
    {
        [21] = ["ftp"],
        [22] = ["ssh", "sftp", "gitea", "forgejo", "gitlab"],
        [25] = ["smtp", "mail", "postfix", "exim", "stalwart"],
        [53] = ["dns", "unbound", "pihole", "pi-hole", "adguard"],
        [110] = ["pop3", "mail", "dovecot", "stalwart"],
        [123] = ["ntp", "chrony"],
        [143] = ["imap", "mail", "dovecot", "stalwart"],
        [389] = ["ldap"],
        [465] = ["smtp", "mail", "postfix", "exim", "stalwart"],
        [587] = ["smtp", "mail", "postfix", "exim", "stalwart"],
        [636] = ["ldap"],
        [993] = ["imap", "mail", "dovecot", "stalwart"],
        [995] = ["pop3", "mail", "dovecot", "stalwart"],
        [1433] = ["mssql", "sqlserver", "sql-server"],
        [1521] = ["oracle"],
        [1883] = ["mqtt", "mosquitto"],
        [2049] = ["nfs"],
        [2181] = ["zookeeper"],
        [2375] = ["docker"],
        [2376] = ["docker"],
        [2379] = ["etcd"],
        [3306] = ["mysql", "mariadb"],
        [3389] = ["rdp"],
        [4222] = ["nats"],
        [4190] = ["sieve", "mail", "dovecot", "stalwart"],
        [4317] = ["otel", "opentelemetry", "tempo", "jaeger", "alloy"],
        [4318] = ["otel", "opentelemetry", "tempo", "jaeger", "alloy"],
        [5353] = ["mdns", "avahi"],
        [5432] = ["postgres", "pg", "timescale"],
        [5672] = ["rabbitmq", "amqp"],
        [5900] = ["vnc"],
        [6379] = ["redis", "valkey", "keydb", "dragonfly"],
        [6443] = ["kube", "k3s", "k8s"],
        [8086] = ["influx"],
        [9042] = ["cassandra", "scylla"],
        [9090] = ["prometheus", "victoria", "mimir", "thanos"],
        [9091] = ["pushgateway"],
        [9092] = ["kafka", "redpanda"],
        [9093] = ["alertmanager"],
        [9100] = ["node-exporter", "node_exporter"],
        [9200] = ["elasticsearch", "opensearch"],
        [10250] = ["kubelet"],
        [11211] = ["memcached"],
        [11434] = ["ollama"],
        [15672] = ["rabbitmq"],
        [27017] = ["mongo"],
    };

    /// <summary>Whether no browser opens the number.</summary>
    /// <param name="port">The number.</param>
    public static bool IsBlockedByBrowsers(int port) => Blocked.Contains(port);

    /// <summary>Whether no browser opens the service, which is no product that belongs there and that browsers never open.</summary>
    /// <param name="service">Its name, and what else is known of it: image, runtime.</param>
    /// <param name="port">The number.</param>
    /// <param name="protocol">Browsers open no datagram ports, so none is blocked.</param>
    public static bool IsBlocked(string service, int port, string protocol = "tcp") => protocol == "tcp" && Blocked.Contains(port) && !IsAtHome(service, port);

    /// <summary>Why a number is a bad choice for a service; null where it is none.</summary>
    /// <param name="service">Its name, and what else is known of it: a product may have its own number.</param>
    /// <param name="port">The number.</param>
    /// <param name="protocol">tcp or udp.</param>
    public static string? Objection(string service, int port, string protocol = "tcp") =>
        IsAtHome(service, port) ? null
        : IsBlocked(service, port, protocol) ? "browsers refuse to open this port"
        : Products.TryGetValue(port, out var names) ? $"this is the well-known port of {names[0]}"
        : port < 1024 ? "ports below 1024 need privileges"
        : port is >= FirstEphemeral and <= LastEphemeral ? "Linux gives this number to outgoing connections (32768-60999)"
        : null;

    private static bool IsAtHome(string service, int port) =>
        Products.TryGetValue(port, out var names) && Array.Exists(names, name => service.Contains(name, StringComparison.OrdinalIgnoreCase));
}
