import ZeroTrust

/// M7: an identity whose requests guardrails refuse more often than others', or one attack that comes from several.
///
/// What is usual is how often anybody's requests are refused; each identity has a sum of evidence that its rate is five
/// times that. A campaign is the same rule, and a similar prompt where prompts are known, at several identities within an
/// hour. What is refused for a limit, or because the gateway has no room, is no attack, and is not counted at all.
struct AdversarialInput: Detector {
    /// The evidence from which on it is a finding, in natural units: 13 is odds of half a million to one, since there are
    /// many identities with many requests.
    static let limit = 13.0
    /// How many identities make a campaign.
    static let campaign = 3
    private static let hour: Int64 = 3_600_000_000_000
    private static let maximumClusters = 1_024
    private static let maximumMembers = 64
    /// Bits in which prompts of one campaign may differ.
    private static let distance = 10

    /// Refused and all guarded requests of everybody; both are halved as they grow, so that what is usual may change.
    private var refused = 0.0
    private var guarded = 0.0
    private var callers: [UInt32: Record] = [:]
    private var clusters: [Cluster] = []
    private let maximumCallers: Int

    private struct Record {
        var cusum = Cusum()
        var refused: UInt64 = 0
        var guarded: UInt64 = 0
    }

    private struct Cluster {
        var rule: String
        var fingerprint: UInt64?
        var members: [UInt32]
        var last: Int64
        var first: UInt64
    }

    init(maximumCallers: Int) {
        self.maximumCallers = maximumCallers
    }

    mutating func observe(_ seen: Observed, _ book: inout Casebook) {
        let observation = seen.observation
        guard observation.wasGuarded || observation.guardRule != nil else { return }
        if let rule = observation.guardRule {
            // The name of an ending says that a request was over before it was judged.
            guard LimitRule(rawValue: rule) == nil, CompletionRecord.Ending(rawValue: rule) == nil else { return }
        }
        let wasRefused = observation.guardRule != nil
        // One refusal among 200 is what is presumed before anything is known.
        let usual = (refused + 1) / (guarded + 200)
        var record = callers[seen.caller] ?? Record()
        // The end of a request was counted when it began.
        let requests: UInt64 = observation.marks.contains(.continuation) ? 0 : 1
        record.guarded += requests
        if wasRefused { record.refused += 1 }
        record.cusum.observe(wasRefused, usual: usual, suspected: max(5 * usual, 0.05))
        if record.cusum.sum > Self.limit {
            reportTrend(record, usual, seen, &book)
            record.cusum.reset()
        }
        if callers[seen.caller] != nil || callers.count < maximumCallers { callers[seen.caller] = record }
        // Nobody weighs more than a tenth of what is presumed usual, so that an attacker does not become the usual.
        if Double(record.guarded) <= max(guarded * 0.5, 200) || !wasRefused {
            guarded += Double(requests)
            if wasRefused { refused += 1 }
            if guarded > 100_000 { (refused, guarded) = (refused / 2, guarded / 2) }
        }
        if let rule = observation.guardRule { joinCampaign(rule, seen, &book) }
    }

    private func reportTrend(_ record: Record, _ usual: Double, _ seen: Observed, _ book: inout Casebook) {
        let share = Double(record.refused) / Double(max(record.guarded, record.refused))
        let key = FindingKey(.adversarialInput, UInt64(seen.caller))
        book.report(key, seen, severity: .high, amount: share) { names in
            Signal(
                type: .adversarialInput,
                severity: .high,
                subject: names[seen.caller],
                cause: "guardrails refuse the requests of `\(names[seen.caller])` far more often than others': "
                    + "\(record.refused) of \(record.guarded), usual is \(Coverage.percent(usual))",
                measure: .init(
                    baseline: usual,
                    observed: share,
                    threshold: max(5 * usual, 0.05),
                    unit: "share of requests refused by guardrails"
                )
            )
        }
    }

    private mutating func joinCampaign(_ rule: String, _ seen: Observed, _ book: inout Casebook) {
        let prompt = seen.observation.prompt?.fingerprint
        clusters.removeAll { seen.time - $0.last > Self.hour }
        let found = clusters.firstIndex { cluster in
            guard cluster.rule == rule else { return false }
            switch (cluster.fingerprint, prompt) {
            case (nil, nil): return true
            case (let known?, let new?): return SimHash.distance(known, new) <= Self.distance
            default: return false
            }
        }
        guard let place = found else {
            if clusters.count >= Self.maximumClusters { clusters.removeFirst() }
            clusters.append(
                Cluster(
                    rule: rule,
                    fingerprint: prompt,
                    members: [seen.caller],
                    last: seen.time,
                    first: StableHash.of(StableHash.of(rule), seen.observation.record)
                )
            )
            return
        }
        clusters[place].last = max(clusters[place].last, seen.time)
        if clusters[place].members.count < Self.maximumMembers, !clusters[place].members.contains(seen.caller) {
            clusters[place].members.append(seen.caller)
        }
        let cluster = clusters[place]
        // Without prompts the rule is all that ties them together, so that there have to be more.
        let needed = cluster.fingerprint == nil ? Self.campaign + 2 : Self.campaign
        guard cluster.members.count >= needed else { return }
        let key = FindingKey(.adversarialInput, 1 << 63 | cluster.first >> 1, 1)
        book.report(key, seen, severity: .high, amount: Double(cluster.members.count)) { _ in
            Signal(
                type: .adversarialInput,
                severity: .high,
                subject: "\(cluster.members.count) callers",
                object: rule,
                cause:
                    "\(cluster.members.count) callers sent the same attack within an hour, refused by the rule `\(rule)`",
                measure: .init(
                    baseline: 1,
                    observed: Double(cluster.members.count),
                    threshold: Double(needed),
                    unit: "callers"
                ),
                attack: ["T1190", "T1588.007"]
            )
        }
    }

    mutating func setBack(to time: Int64) {
        for place in clusters.indices { clusters[place].last = min(clusters[place].last, time) }
    }

    func write(to writer: inout StateWriter) {
        writer.write(refused)
        writer.write(guarded)
        writer.write(UInt64(callers.count))
        for (caller, record) in callers.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(caller))
            writer.write(record.cusum.sum)
            writer.write(record.refused)
            writer.write(record.guarded)
        }
        writer.write(UInt64(clusters.count))
        for cluster in clusters {
            writer.write(cluster.rule)
            writer.write(UInt64(cluster.fingerprint == nil ? 0 : 1))
            writer.write(cluster.fingerprint ?? 0)
            writer.write(UInt64(cluster.members.count))
            for member in cluster.members { writer.write(UInt64(member)) }
            writer.write(cluster.last)
            writer.write(cluster.first)
        }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        (callers, clusters) = ([:], [])
        refused = try reader.double()
        guarded = try reader.double()
        for _ in 0..<(try reader.count(of: 11)) {
            let caller = UInt32(clamping: try reader.number())
            callers[caller] = Record(
                cusum: Cusum(sum: try reader.double()),
                refused: try reader.number(),
                guarded: try reader.number()
            )
        }
        for _ in 0..<(try reader.count(of: 6)) {
            let rule = try reader.string()
            let isKnown = try reader.number() == 1
            let fingerprint = try reader.number()
            var members: [UInt32] = []
            for _ in 0..<(try reader.count(of: 1)) { members.append(UInt32(clamping: try reader.number())) }
            clusters.append(
                Cluster(
                    rule: rule,
                    fingerprint: isKnown ? fingerprint : nil,
                    members: members,
                    last: try reader.signed(),
                    first: try reader.number()
                )
            )
        }
    }
}
