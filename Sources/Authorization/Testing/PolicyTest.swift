public import Resources
import ZeroTrust

/// A decision table: requests, and what the policies have to say of each.
///
/// It is the resource of kind `PolicyTest`, and lies beside the policies that it tests:
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: PolicyTest
/// metadata: { name: inference, namespace: ml-inference }
/// spec:
///   workload: { labels: { app: inference-service } }
///   defaults: { host: inference.example, method: POST }
///   cases:
///   - { caller: cluster.local/ns/ml-api/sa/api-gateway, path: [/v1/predict, /v1/stream], expect: allow }
///   - { caller: anonymous, path: /v1/predict, expect: deny }
/// ```
///
/// Where a caller, a method, a path or a host is a list, the row stands for each combination.
public struct PolicyTest: Sendable {
    /// The API version of the resource.
    public static let apiVersion = "lapwing.dev/v1alpha1"
    /// The kind of the resource.
    public static let kind = "PolicyTest"
    /// The most cases that one table may stand for.
    public static let maximumCases = 20_000

    /// What the requests go to.
    public enum Target: Sendable, Hashable {
        /// A gateway's workload, with its defaults and its way with paths: the one named, or the only one.
        case gateway(String?)
        /// A workload that the table describes itself.
        case workload(Workload, PolicyEngine.Options, PathNormalization)
    }

    /// The table's name.
    public let name: String
    /// What the requests go to.
    public let target: Target
    /// The cases, each combination of a row one.
    public let cases: [PolicyTestCase]
    /// Where the table begins.
    public let location: SourceLocation

    /// Reads the tables among documents; other kinds are left to their own modules.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in any of them.
    public static func load(_ documents: [Document]) throws -> [PolicyTest] {
        try collectingDiagnostics(documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }) {
            try PolicyTest($0)
        }
    }

    /// Reads one table.
    ///
    /// - Throws: `ResourceError` with what is wrong in it.
    public init(_ document: Document) throws {
        guard document.apiVersion == Self.apiVersion else {
            throw ResourceError(
                at: document.location,
                "unknown version `\(document.apiVersion)` of PolicyTest; expected `\(Self.apiVersion)`"
            )
        }
        guard let spec = document.spec, !spec.isNull else {
            throw ResourceError(at: document.location, "a PolicyTest needs `spec`")
        }
        var fields = try FieldReader(spec, of: "PolicyTest spec")
        self.name = document.metadata.name
        self.location = document.location
        self.target = try Self.target(&fields, namespace: document.metadata.namespace)
        let defaults = try fields.optional("defaults") { try PolicyTestRow($0, of: "defaults") } ?? PolicyTestRow()
        let rows = try fields.required("cases") { list in
            let rows = try list.list { try PolicyTestRow($0, of: "a case") }
            guard !rows.isEmpty else { throw list.error("`cases` is empty; a table needs at least one") }
            return rows
        }
        try fields.finish()
        let cases = try collectingDiagnostics(rows) { try $0.filled(from: defaults).cases() }
        guard cases.reduce(0, { $0 + $1.count }) <= Self.maximumCases else {
            throw ResourceError(
                at: document.location,
                "the table stands for more than \(Self.maximumCases) cases; divide it"
            )
        }
        self.cases = cases.flatMap(\.self)
    }

    private static func target(_ fields: inout FieldReader, namespace: String) throws -> Target {
        let gateway = try fields.optional("gateway") { try $0.string() }
        let workload = try fields.optional("workload") { try Workload(tested: $0, namespace: namespace) }
        let compatibility = try fields.optional("compatibility") {
            Compatibility(rawValue: try $0.oneOf(Compatibility.allCases.map(\.rawValue))) ?? .strict
        }
        let normalization = try fields.optional("pathNormalization") {
            PathNormalization(rawValue: try $0.oneOf(PathNormalization.allCases.map(\.rawValue))) ?? .base
        }
        let trustDomains = try fields.optional("trustDomains") { try $0.list { try $0.string() } }
        let providers = try fields.optional("providers") { try $0.list { try $0.string() } }
        let own = ["compatibility", "pathNormalization", "trustDomains", "providers"]
        guard let workload else {
            for name in own {
                if let value = fields.value(name), !value.isNull {
                    throw value.error("`\(name)` goes with `workload`; a gateway says it itself")
                }
            }
            return .gateway(gateway)
        }
        guard gateway == nil else {
            throw ResourceError(at: fields.location, "at most one of `gateway` and `workload` may be set")
        }
        let options = PolicyEngine.Options(
            compatibility: compatibility ?? .strict,
            trustDomains: trustDomains ?? [],
            providers: Set(providers ?? [])
        )
        return .workload(workload, options, normalization ?? .base)
    }
}

extension Workload {
    /// Reads the workload of a table.
    fileprivate init(tested value: Value, namespace: String) throws {
        var fields = try FieldReader(value, of: "workload")
        let own = try fields.optional("namespace") { try $0.string() }
        let labels = try fields.optional("labels") { labels in
            var result: [String: String] = [:]
            for entry in try labels.mapping() { result[entry.key] = try entry.value.string() }
            return result
        }
        let account = try fields.optional("serviceAccount") { try $0.string() }
        try fields.finish()
        self.init(namespace: own ?? namespace, labels: labels ?? [:], serviceAccount: account)
    }
}
