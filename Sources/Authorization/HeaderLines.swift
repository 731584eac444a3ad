import ZeroTrust

/// Several lines of one header, as Envoy 1.40 reads them.
///
/// Of the headers that it knows by name Envoy keeps one value: the lines that are not empty, with a comma between them.
/// That value is what its filters see. Of any other header its rules look at each line by itself.
enum HeaderLines {
    /// The headers, in lower case, of which Envoy keeps one value.
    ///
    /// Each was found with two lines put to a real one; those that it takes out before any filter runs are not here.
    private static let joined: Set<String> = [
        "accept", "accept-encoding", "access-control-request-headers", "access-control-request-method",
        "access-control-request-private-network", "authorization", "cache-control", "cdn-loop", "content-encoding",
        "content-type", "expect", "grpc-accept-encoding", "grpc-timeout", "if-match", "if-modified-since",
        "if-none-match", "if-range", "if-unmodified-since", "origin", "pragma", "proxy-status", "referer",
        "user-agent", "via", "x-client-trace-id", "x-envoy-attempt-count", "x-envoy-decorator-operation",
        "x-envoy-downstream-service-cluster", "x-envoy-downstream-service-node", "x-envoy-expected-rq-timeout-ms",
        "x-envoy-external-address", "x-envoy-force-trace", "x-envoy-hedge-on-per-try-timeout", "x-envoy-ip-tags",
        "x-envoy-is-timeout-retry", "x-envoy-max-retries", "x-envoy-original-host", "x-envoy-original-path",
        "x-envoy-original-url", "x-envoy-retriable-header-names", "x-envoy-retriable-status-codes",
        "x-envoy-retry-grpc-on", "x-envoy-retry-on", "x-envoy-upstream-alt-stat-name",
        "x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-upstream-rq-timeout-alt-response",
        "x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-stream-duration-ms", "x-forwarded-client-cert",
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-request-id",
    ]

    /// Whether Envoy makes one value of several lines of a header, by its name in lower case.
    static func areJoined(_ name: String) -> Bool { joined.contains(name) }

    /// The one value of a header's lines, or nil where it has none.
    static func value(of name: String, in headers: [Exchange.Header]) -> String? {
        var value: String?
        for header in headers where header.name == name {
            guard let before = value, !before.isEmpty else {
                value = header.value
                continue
            }
            if !header.value.isEmpty { value = before + "," + header.value }
        }
        return value
    }
}
