import AuditLog
import Foundation
import Resources

/// The `AuditPolicy` resource: who witnesses this node's log.
struct AuditPolicyResource: Sendable, Equatable {
    /// The witnesses and their quorum, as the policy file has them.
    let witnesses: LogPolicy?
    /// How often the witnesses are asked for a new checkpoint.
    let interval: Duration

    static let kind = "AuditPolicy"

    /// The policy of a configuration; without the resource, no witness.
    ///
    /// - Throws: `ResourceError` where there are two, or one that cannot be used.
    static func load(_ documents: [Document]) throws -> AuditPolicyResource {
        let all = documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }
        guard let document = all.first else { return AuditPolicyResource(witnesses: nil, interval: .seconds(10)) }
        if all.count > 1 {
            throw ResourceError(at: all[1].location, "there is an `AuditPolicy` already, at \(document.location)")
        }
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "the AuditPolicy has no `spec`")
        }
        var fields = try FieldReader(spec, of: kind)
        let resource = try fields.required("witnesses") { value in
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
            return AuditPolicyResource(witnesses: policy, interval: interval ?? .seconds(10))
        }
        try fields.finish()
        return resource
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
