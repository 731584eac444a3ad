import AuditLog
import Authorization
import ZeroTrust

/// What a decision record of a caller was made from: one that says the same of another request is written by copying.
///
/// It is only for requests of which the record holds nothing else: no provider was asked, no guardrail judged, no token
/// came, and no trace context.
final class RecentDecision {
    /// The number of the snapshot that has the policies, their digest and how they are read.
    private let snapshot: UInt64
    private let method: String
    private let path: String
    private let authority: String
    private let headers: [Exchange.Header]
    private let decision: Decision?
    private let refusal: String?
    /// Which route of that snapshot; an idle connection keeps neither.
    private let route: ObjectIdentifier?
    let template: DecisionTemplate

    /// What a record is made from that says the same of every request of its caller, but for what is given here.
    init(
        _ template: DecisionTemplate,
        _ snapshot: GatewaySnapshot,
        _ exchange: Exchange,
        _ decision: Decision?,
        refusedFor refusal: String?,
        _ route: RouteTable.Entry?
    ) {
        self.template = template
        self.snapshot = snapshot.number
        self.method = exchange.method
        self.path = exchange.path
        self.authority = exchange.authority
        self.headers = exchange.headers
        self.decision = decision
        self.refusal = refusal
        self.route = route.map { ObjectIdentifier($0) }
    }

    /// Whether the record of a request of the same caller says the same, but for its id, its time, how long the decision took
    /// and the port that it came from.
    ///
    /// What a client can choose of it is ASCII, so that texts that are equal are the same bytes.
    func isLike(
        _ snapshot: GatewaySnapshot,
        _ exchange: borrowing Exchange,
        _ decision: Decision?,
        refusedFor refusal: String?,
        _ route: RouteTable.Entry?
    ) -> Bool {
        self.snapshot == snapshot.number && self.route == route.map { ObjectIdentifier($0) } && path == exchange.path
            && authority == exchange.authority && method == exchange.method && self.decision == decision
            && self.refusal == refusal && headers == exchange.headers
    }
}

/// The last decision records of a caller that others may be like, the newest first: a few, since callers ask for several
/// things by turns.
struct RecentDecisions {
    private static let most = 4
    private var decisions: [RecentDecision] = []
    private var pause = TemplatePause(afterFirst: true)

    /// The template of a record that says the same of a request; nil where none does.
    mutating func template(
        _ snapshot: GatewaySnapshot,
        _ exchange: borrowing Exchange,
        _ decision: Decision?,
        refusedFor refusal: String?,
        _ route: RouteTable.Entry?
    ) -> DecisionTemplate? {
        for place in decisions.indices
        where decisions[place].isLike(snapshot, exchange, decision, refusedFor: refusal, route) {
            pause.wasUsed()
            return decisions[place].template
        }
        return nil
    }

    /// Whether a record that is like none of them is to be added.
    mutating func wantsAnother() -> Bool { pause.isOver() }

    /// Adds one, in the place of the oldest where there are enough.
    mutating func add(_ decision: RecentDecision) {
        if decisions.count == Self.most { decisions.removeLast() }
        decisions.insert(decision, at: 0)
    }
}

/// The same for completion records, which say nothing of a connection; of those that hold nothing of a model, of tokens or of
/// a guardrail.
final class RecentCompletion {
    private let status: Int?
    private let bytesReceived: UInt64
    private let bytesSent: UInt64
    private let upstream: String?
    private let ending: CompletionRecord.Ending
    let template: CompletionTemplate

    init(_ template: CompletionTemplate, of record: CompletionRecord) {
        self.template = template
        self.status = record.status
        self.bytesReceived = record.bytesReceived
        self.bytesSent = record.bytesSent
        self.upstream = record.upstream
        self.ending = record.ending
    }

    /// Whether a record says the same, but for its id, its time and its timings.
    func isLike(
        status: Int?,
        bytesReceived: UInt64,
        bytesSent: UInt64,
        upstream: String?,
        ending: CompletionRecord.Ending
    ) -> Bool {
        self.status == status && self.bytesSent == bytesSent && self.bytesReceived == bytesReceived
            && self.ending == ending && self.upstream == upstream
    }
}

/// How many records pass before another template is made: more and more while those that are made are of no use.
struct TemplatePause {
    private static let longest = 64
    private var length = 0
    private var left: Int

    /// A pause that is over at once, or once one record has passed: for a connection that may carry no other.
    init(afterFirst: Bool = false) { left = afterFirst ? 1 : 0 }

    /// The template was of use.
    mutating func wasUsed() { length = 0 }

    /// Whether another template is to be made, since the one that is there was of no use.
    mutating func isOver() -> Bool {
        guard left == 0 else {
            left -= 1
            return false
        }
        left = length
        length = min(2 * length + 1, Self.longest)
        return true
    }
}
