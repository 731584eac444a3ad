import AuditLog
import Foundation
import Gateway
import Resources

/// The `AuditPolicy` resource: who witnesses this node's log, where its records go beside it, and which
/// bodies are kept.
struct AuditPolicyResource: Sendable, Equatable {
    /// The witnesses and their quorum, as the policy file has them.
    let witnesses: LogPolicy?
    /// How often the witnesses are asked for a new checkpoint.
    let interval: Duration
    /// Where records go beside the log.
    let sinks: [AuditSink]
    /// Which bodies are kept; nil for none.
    let bodies: BodyPolicy?
    /// How long what is kept, and what nobody may remove; nil where nothing is ever removed.
    let retention: AuditRetention?
    /// What becomes of requests for whose records the disk has no room.
    let fullDisk: FullDiskChoice

    /// What becomes of requests for whose records the disk has no room.
    enum FullDiskChoice: String, Sendable, CaseIterable {
        /// They are refused.
        case refuse
        /// They go on, and how many there were is recorded once there is room.
        case recordGap
    }

    static let kind = "AuditPolicy"

    /// The policy of a configuration; without the resource, no witness.
    ///
    /// - Throws: `ResourceError` where there are two, or one that cannot be used.
    static func load(_ documents: [Document]) throws -> AuditPolicyResource {
        let all = documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }
        guard let document = all.first else {
            return AuditPolicyResource(
                witnesses: nil,
                interval: .seconds(10),
                sinks: [],
                bodies: nil,
                retention: nil,
                fullDisk: .refuse
            )
        }
        if all.count > 1 {
            throw ResourceError(at: all[1].location, "there is an `AuditPolicy` already, at \(document.location)")
        }
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "the AuditPolicy has no `spec`")
        }
        var fields = try FieldReader(spec, of: kind)
        let witnesses = try fields.optional("witnesses") { value in
            var fields = try FieldReader(value, of: "witnesses")
            let policy = try fields.required("policyFile") { value in
                try Self.policy(inFile: value.string(), beside: document.location.file, for: value)
            }
            let interval = try fields.optional("interval") { value in
                let interval = try value.duration()
                guard interval >= .seconds(1), interval <= .seconds(3600) else {
                    throw value.error("witnesses are asked every 1s to 1h")
                }
                return interval
            }
            try fields.finish()
            return (policy: policy, interval: interval)
        }
        let sinks = try fields.optional("sinks") { try Self.sinks($0) }
        let bodies = try fields.optional("bodies") { try BodyPolicy($0) }
        let retention = try fields.optional("retention") { try AuditRetention($0) }
        let fullDisk = try fields.optional("fullDisk") { value in
            FullDiskChoice(rawValue: try value.oneOf(FullDiskChoice.allCases.map(\.rawValue))) ?? .refuse
        }
        try fields.finish()
        return AuditPolicyResource(
            witnesses: witnesses?.policy,
            interval: witnesses?.interval ?? .seconds(10),
            sinks: sinks ?? [],
            bodies: bodies,
            retention: retention,
            fullDisk: fullDisk ?? .refuse
        )
    }

    private static func sinks(_ value: Value) throws -> [AuditSink] {
        let sinks = try value.list { try AuditSink($0) }
        var names: Set<String> = []
        for sink in sinks where !names.insert(sink.name).inserted {
            throw value.error("there are two sinks `\(sink.name)`; each has a name of its own")
        }
        return sinks
    }

    private static func policy(inFile path: String, beside document: String, for value: Value) throws -> LogPolicy {
        let place = URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: document).deletingLastPathComponent())
        guard let data = FileManager.default.contents(atPath: place.path) else {
            throw value.error("the policy file `\(place.path)` cannot be read")
        }
        let policy: LogPolicy
        do { policy = try LogPolicy(Array(data), file: place.path) } catch {
            throw value.error("\(error)")
        }
        for witness in policy.witnesses {
            guard let url = witness.url else { continue }
            if let problem = WitnessURL.problem(with: url) {
                throw value.error("the witness `\(witness.name)` of `\(place.path)`: \(problem)")
            }
        }
        let reachable = Set(policy.witnesses.filter { $0.url != nil }.map(\.name))
        guard policy.isUnwitnessed || policy.isReached(by: reachable) else {
            throw value.error(
                "the quorum of `\(place.path)` cannot be reached: only "
                    + "\(reachable.isEmpty ? "no witness" : reachable.sorted().joined(separator: ", ")) has a URL"
            )
        }
        return policy
    }
}

/// Where a witness may be asked.
enum WitnessURL {
    /// Why a URL is not used; nil where it is.
    ///
    /// Cosignatures prove themselves, so that plaintext could not forge one; it could hold one back, and show what the
    /// log's size is.
    static func problem(with url: String) -> String? {
        guard let parts = URL(string: url), let scheme = parts.scheme?.lowercased(), let host = parts.host(),
            !host.isEmpty, parts.user() == nil, parts.query() == nil, parts.fragment() == nil
        else { return "`\(url.prefix(200))` is no URL prefix; expected one such as https://witness.example/w1" }
        let isLoopback = ["127.0.0.1", "::1", "localhost"].contains(host)
        guard scheme == "https" || scheme == "http" && isLoopback else {
            return "`\(url.prefix(200))` is not reached over TLS; expected `https`, or `http` on loopback"
        }
        return nil
    }
}
