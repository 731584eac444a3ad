import ZeroTrust

/// What changes for the requests that were seen when new policies take the place of the old.
public struct ReplayReport: Sendable {
    /// The name and version of the encoded form.
    public static let format = "lapwing-policy-replay/1"

    /// Requests whose decision changes in the same way: the same rules and reasons on both sides.
    public struct Change: Sendable {
        /// The most requests of a change that are kept; they are counted all the same.
        public static let maximumRequests = 1000

        /// The decision of the old policies.
        public let old: Decision
        /// The decision of the new policies.
        public let new: Decision
        /// How many requests it concerns.
        public private(set) var count = 0
        /// How many of them differ from one another.
        public private(set) var distinct = 0
        /// The different requests, in the order in which they were seen.
        public private(set) var requests: [ObservedRequest] = []
        /// Why the side that denies the first of them does so.
        public internal(set) var explanation: Explanation?

        init(old: Decision, new: Decision) {
            self.old = old
            self.new = new
        }

        mutating func add(_ request: ObservedRequest) {
            count += request.count
            distinct += 1
            if requests.count < Self.maximumRequests { requests.append(request) }
        }

        /// What is newly denied comes first, then what concerns the most requests.
        func precedes(_ other: Change) -> Bool {
            func rank(_ change: Change) -> (Int, Int, String) {
                (
                    change.new.outcome == .deny ? 0 : 1, -change.count,
                    "\(change.old.matchedPolicy) \(change.new.matchedPolicy)"
                )
            }
            return rank(self) < rank(other)
        }
    }

    /// What puts requests into one change.
    struct Key: Hashable {
        private let reasons: [Decision.Reason]
        private let rules: [RuleReference?]

        init(old: Decision, new: Decision) {
            self.reasons = [old.reason, new.reason]
            self.rules = [old.rule, new.rule]
        }
    }

    /// How many requests were decided.
    public let total: Int
    /// How many of them differ from one another.
    public let distinct: Int
    /// How many requests have the same outcome by another rule.
    public let otherRule: Int
    /// What changes; what is newly denied first.
    public let changes: [Change]

    /// How many requests have another outcome.
    public var changed: Int { changes.reduce(0) { $0 + $1.count } }
}

extension ReplayReport: Encodable {
    private struct Form: Encodable {
        struct Verdict: Encodable { let outcome, reason: String, rule, location: String? }

        struct Request: Encodable {
            let method, path, host: String
            let caller: String?
            let source: String
            let port: UInt16
            let count: Int
            let id: String?
        }

        struct Change: Encodable {
            let old, new: Verdict
            let count, distinct: Int
            let requests: [Request]
            let edit: String?
        }

        let format: String
        let total, distinct, changed, otherRule: Int
        let changes: [Change]
    }

    /// Writes the versioned form.
    public func encode(to encoder: any Encoder) throws {
        func verdict(_ decision: Decision) -> Form.Verdict {
            .init(
                outcome: decision.outcome.rawValue,
                reason: decision.reason.rawValue,
                rule: decision.rule?.description,
                location: decision.rule.map { "\($0.location)" }
            )
        }
        let form = Form(
            format: Self.format,
            total: total,
            distinct: distinct,
            changed: changed,
            otherRule: otherRule,
            changes: changes.map { change in
                .init(
                    old: verdict(change.old),
                    new: verdict(change.new),
                    count: change.count,
                    distinct: change.distinct,
                    requests: change.requests.map { request in
                        .init(
                            method: request.attributes.method,
                            path: request.attributes.path,
                            host: request.attributes.authority,
                            caller: request.attributes.caller.name,
                            source: "\(request.attributes.source)",
                            port: request.attributes.destination.port,
                            count: request.count,
                            id: request.id
                        )
                    },
                    edit: change.explanation?.edit
                )
            }
        )
        try form.encode(to: encoder)
    }
}
