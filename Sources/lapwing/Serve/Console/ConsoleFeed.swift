import AuditLog
import Authorization
import Console
import Foundation
import Gateway
import Monitoring
import Synchronization
import ZeroTrust

/// The picture of the newest records, brought up to date when a page is asked for; nothing is read while nobody looks.
actor ConsoleFeed {
    /// The picture, and of what it is made.
    struct View: Sendable {
        var picture = TrafficPicture()
        /// The first entry that was read.
        var first: UInt64 = 0
        /// The entry that is read next.
        var next: UInt64 = 0
    }

    /// The most entries that are read at once when the picture is begun, or was left behind for long.
    static let window: UInt64 = 50_000
    private static let batch: UInt64 = 4_096

    private let log: LogWriter
    private var view: View?
    /// When the log was read last.
    private var read: ContinuousClock.Instant?

    /// How old a picture may be: reading the log once does for all pages that are asked for meanwhile.
    private static let freshness = Duration.milliseconds(400)

    init(log: LogWriter) {
        self.log = log
    }

    /// Reads what is new.
    func update(_ callees: Callees) async -> View {
        let now = ContinuousClock.now
        if let view, let read, now - read < Self.freshness { return view }
        read = now
        let end = log.stats.acknowledged
        let reader = LogReader(directory: log.directory)
        // What was pruned is not there to be counted.
        let least = max(end > Self.window ? end - Self.window : 0, (try? reader.minimumIndex()) ?? 0)
        var view = self.view ?? View(first: least, next: least)
        // What nobody looked at for long is begun anew.
        if view.next < least { view = View(first: least, next: least) }
        while view.next < end {
            guard let entries = try? reader.entries(in: view.next..<min(view.next + Self.batch, end)),
                let last = entries.last
            else { break }
            for entry in entries { Self.take(entry, callees, &view.picture) }
            view.next = last.index + 1
        }
        self.view = view
        return view
    }

    private static func take(_ entry: LogReader.Entry, _ callees: Callees, _ picture: inout TrafficPicture) {
        guard let record = try? entry.record() else { return }
        switch record {
        case .decision(let decision): picture.take(Sighting(decision, entry: entry.index, callees))
        case .completion(let completion):
            if completion.guardrail?.rule != nil { picture.take(refusedAnswerAt: completion.time) }
        case .refusals(let refusals): picture.take(refusals: refusals.count, at: refusals.second)
        case .act(let act):
            guard act.action == "identity.x509.issue", act.outcome == .allow,
                let text = act.reason?.split(separator: "expires ").last, let expires = Timestamp(text)
            else { return }
            picture.take(TrafficPicture.Issuance(issued: act.time, expires: expires), of: act.subject)
        case .bodies, .sampling: return
        }
    }
}

/// Which workload a request was to, by the port that it came to and by the route that it took.
struct Callees: Sendable {
    private var ports: [UInt16: String] = [:]
    private var routes: [String: String] = [:]
    /// The gateway of each workload's SPIFFE ID.
    private(set) var gateways: [String: String] = [:]

    init(_ process: GatewayProcess) {
        let running = process.running.withLock { $0 }
        let trustDomain = process.settings.trustDomain.value
        for gateway in running.configuration.gateways {
            guard let id = try? gateway.identity(in: trustDomain).description else { continue }
            gateways[id] = gateway.name
            for listener in gateway.listeners { ports[UInt16(clamping: listener.port)] = id }
            for port in (running.servers[gateway.name]?.ports ?? [:]).values { ports[UInt16(clamping: port)] = id }
            for route in gateway.routes { routes[route.name] = id }
        }
    }

    /// The workload's SPIFFE ID.
    func callee(of record: DecisionRecord) -> String {
        ports[record.request.destination.port] ?? record.route.flatMap { routes[$0] }
            ?? "port \(record.request.destination.port)"
    }
}

extension Sighting {
    /// A decision as the console counts it.
    init(_ record: DecisionRecord, entry: UInt64, _ callees: Callees) {
        let seen = Observation(record, record: entry)
        let isOutbound = seen.marks.contains(.leaves)
        self.init(
            entry: entry,
            id: record.id.description,
            time: record.time,
            caller: record.caller?.spiffeID.description ?? "anonymous@\(record.source.address)",
            callee: isOutbound ? record.request.authority : callees.callee(of: record),
            asked: Self.asked(record.request),
            isAllowed: record.outcome == .allow,
            reason: record.reason,
            // Where a guardrail or a limit refused what a rule had allowed, the rule is not the grounds.
            rule: Decision.Reason(rawValue: record.reason) == nil
                ? nil : record.policy.map { "\($0.namespace)/\($0.name):\($0.rule)" }
        )
        isUndeclared = seen.marks.contains(.undeclared)
        isPlaintext = seen.marks.contains(.plaintext)
        self.isOutbound = isOutbound
        isGuarded = record.outcome == .deny && record.guardrail?.rule != nil
        if !isOutbound {
            model =
                record.model
                ?? seen.model.map { $0.name.hasPrefix("route:") ? "behind \($0.name.dropFirst(6))" : $0.name }
        }
        digest = record.caller?.modelDigest
        signer = record.caller?.modelSigner
    }

    /// What was asked, in one line; a head that could not be read asks nothing.
    private static func asked(_ request: DecisionRecord.Request) -> String {
        let words = [request.method, String(request.path.prefix(120))].filter { !$0.isEmpty }
        return words.isEmpty ? "(malformed)" : words.joined(separator: " ")
    }
}
