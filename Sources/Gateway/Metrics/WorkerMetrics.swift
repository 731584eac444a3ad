import Authorization

/// What one event loop has counted.
///
/// It is confined to the loop; a scrape copies it there and merges the copies.
struct WorkerMetrics: Sendable {
    /// What tells decisions apart.
    struct DecisionKey: Hashable, Sendable {
        let isAllowed: Bool
        let policy: String
        let reason: String
    }

    /// What tells requests apart, in the words of Istio's standard metrics.
    struct RequestKey: Hashable, Sendable {
        let source: String
        let upstream: String
        let status: Int
    }

    /// What tells durations apart; each is a histogram, so that there are fewer of them than of requests.
    struct DurationKey: Hashable, Sendable {
        let source: String
        let status: Int
    }

    /// What tells connections without HTTP apart.
    struct ConnectionKey: Hashable, Sendable {
        let source: String
        let upstream: String
    }

    /// What tells the answers of providers apart.
    struct CheckKey: Hashable, Sendable {
        let provider: String
        let answer: String
    }

    var checks = SeriesCounts<CheckKey>()
    var checkDuration = Histogram.requests
    var decisions = SeriesCounts<DecisionKey>()
    var requests = SeriesCounts<RequestKey>()
    var opened = SeriesCounts<ConnectionKey>()
    var closed = SeriesCounts<ConnectionKey>()
    var refusals: [String: UInt64] = [:]
    var requestDuration = Histogram.requests
    var durations = SeriesHistograms<DurationKey>()
    var decisionDuration = Histogram.decisions
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var connectionsOpened: UInt64 = 0
    var connections = 0
    var acceptPauses: UInt64 = 0
    var upstreamConnects: UInt64 = 0
    var upstreamFailures: UInt64 = 0
    var upstreamRetries: UInt64 = 0
    /// Connections of HTTP/2 to upstreams that were ended for what came on them, by reason.
    var upstreamErrors: [String: UInt64] = [:]
    var recordFailures: UInt64 = 0
    var droppedSeries: UInt64 = 0

    mutating func countDecision(isAllowed: Bool, policy: String, reason: String) {
        let key = DecisionKey(isAllowed: isAllowed, policy: policy, reason: reason)
        guard !decisions.count(key) else { return }
        droppedSeries += 1
        decisions.countOther(DecisionKey(isAllowed: isAllowed, policy: "other", reason: reason))
    }

    mutating func countCheck(provider: String, answer: String, latency: UInt64) {
        checkDuration.observe(latency)
        guard !checks.count(CheckKey(provider: provider, answer: answer)) else { return }
        droppedSeries += 1
        checks.countOther(CheckKey(provider: "other", answer: answer))
    }

    mutating func countRequest(source: String, upstream: String, status: Int) {
        let key = RequestKey(source: source, upstream: upstream, status: status)
        guard !requests.count(key) else { return }
        droppedSeries += 1
        requests.countOther(RequestKey(source: "other", upstream: upstream, status: status))
    }

    mutating func countDuration(source: String, status: Int, _ nanoseconds: UInt64) {
        guard !durations.observe(nanoseconds, DurationKey(source: source, status: status)) else { return }
        droppedSeries += 1
        durations.observeOther(nanoseconds, DurationKey(source: "other", status: status))
    }

    mutating func countOpened(source: String, upstream: String) {
        guard !opened.count(ConnectionKey(source: source, upstream: upstream)) else { return }
        droppedSeries += 1
        opened.countOther(ConnectionKey(source: "other", upstream: upstream))
    }

    mutating func countClosed(source: String, upstream: String) {
        guard !closed.count(ConnectionKey(source: source, upstream: upstream)) else { return }
        droppedSeries += 1
        closed.countOther(ConnectionKey(source: "other", upstream: upstream))
    }

    mutating func merge(_ other: WorkerMetrics) {
        checks.merge(other.checks)
        checkDuration.merge(other.checkDuration)
        decisions.merge(other.decisions)
        requests.merge(other.requests)
        opened.merge(other.opened)
        closed.merge(other.closed)
        refusals.merge(other.refusals, uniquingKeysWith: +)
        requestDuration.merge(other.requestDuration)
        durations.merge(other.durations)
        decisionDuration.merge(other.decisionDuration)
        bytesReceived += other.bytesReceived
        bytesSent += other.bytesSent
        connectionsOpened += other.connectionsOpened
        connections += other.connections
        acceptPauses += other.acceptPauses
        upstreamConnects += other.upstreamConnects
        upstreamFailures += other.upstreamFailures
        upstreamRetries += other.upstreamRetries
        upstreamErrors.merge(other.upstreamErrors, uniquingKeysWith: +)
        recordFailures += other.recordFailures
        droppedSeries += other.droppedSeries
    }
}
