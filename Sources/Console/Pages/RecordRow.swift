package import ZeroTrust

/// A request or an act in a list.
package struct RecordRow: Sendable {
    /// The entry in the log.
    package let entry: UInt64
    /// Its id.
    package let id: String
    /// When.
    package let time: Timestamp
    /// Who.
    package let caller: String
    /// Whom, or to what.
    package let callee: String
    /// What was asked or done.
    package let asked: String
    /// `allow`, `deny` or `failed`.
    package let outcome: String
    /// On what grounds.
    package let reason: String
    /// The policy whose rule decided, its namespace and its name; nil where none did.
    package var policy: (namespace: String, name: String, rule: Int)?

    /// A line.
    package init(
        entry: UInt64,
        id: String,
        time: Timestamp,
        caller: String,
        callee: String,
        asked: String,
        outcome: String,
        reason: String,
        policy: (namespace: String, name: String, rule: Int)? = nil
    ) {
        self.entry = entry
        self.id = id
        self.time = time
        self.caller = caller
        self.callee = callee
        self.asked = asked
        self.outcome = outcome
        self.reason = reason
        self.policy = policy
    }

    /// The line of a request.
    package init(_ seen: Sighting) {
        let parts = seen.rule?.split(separator: ":", maxSplits: 1).map(String.init) ?? []
        let names = parts.first?.split(separator: "/", maxSplits: 1).map(String.init) ?? []
        self.init(
            entry: seen.entry,
            id: seen.id,
            time: seen.time,
            caller: seen.caller,
            callee: seen.callee,
            asked: seen.asked,
            outcome: seen.isAllowed ? "allow" : "deny",
            reason: seen.reason,
            policy: names.count == 2 && parts.count == 2 ? (names[0], names[1], Int(parts[1]) ?? 0) : nil
        )
    }

    /// The columns of such a list.
    static let columns: [Listing.Column] = [
        .init("Time"), .init("Caller"), .init("Called"), .init("Asked"), .init("Decision"), .init("Grounds"),
    ]

    /// The cells.
    func cells(now: Timestamp) -> [HTML] {
        let isGood = outcome == "allow"
        let grounds: HTML
        if let policy {
            let place = ConsolePath.policy(namespace: policy.namespace, name: policy.name)
            grounds = "<a href=\"\(place)#r\(policy.rule)\">\(policy.namespace)/\(policy.name), rule \(policy.rule)</a>"
        } else {
            grounds = "<code>\(reason)</code>"
        }
        return [
            "<a href=\"\(ConsolePath.record(id))\">\(TimeText.short(time, now: now))</a>",
            HTML.isolated(Self.short(caller)),
            callee.isEmpty ? "" : HTML.isolated(Self.short(callee)),
            "<span class=\"code\">\(asked)</span>",
            "<span class=\"tag \(isGood ? "ok" : "bad")\">\(outcome)</span>",
            grounds,
        ]
    }

    /// The texts of the cells, for our own script.
    package func texts(now: Timestamp) -> [String] {
        let grounds = policy.map { "\($0.namespace)/\($0.name), rule \($0.rule)" } ?? reason
        return [
            String(TimeText.plain(time).suffix(8)), Self.short(caller), Self.short(callee), asked, outcome, grounds,
        ].map(VisibleText.plain)
    }

    /// A SPIFFE ID in Kubernetes' form as `NAMESPACE/ACCOUNT`.
    package static func short(_ id: String) -> String {
        let parts = id.split(separator: "/").map(String.init)
        guard id.hasPrefix("spiffe://"), parts.count == 6, parts[2] == "ns", parts[4] == "sa" else { return id }
        return parts[3] + "/" + parts[5]
    }
}
