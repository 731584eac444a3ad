public import Glibc
public import Resources
import ZeroTrust

/// Who may administer: roles for local users and for SPIFFE IDs.
///
/// Root, and the user that Lapwing runs as, are operators without being named: somebody has to be the first.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: AdminPolicy
/// metadata:
///   name: administrators
/// spec:
///   bindings:
///     - role: operator
///       uids: [1000]
///     - role: viewer
///       spiffeIDs: [spiffe://cluster.local/ns/ops/sa/console]
/// ```
public struct AdminPolicy: Hashable, Sendable {
    /// The roles of each caller that is named.
    public private(set) var roles: [AdminCaller: Set<AdminRole>]

    /// The kind of the resource.
    public static let kind = "AdminPolicy"

    /// A policy.
    public init(roles: [AdminCaller: Set<AdminRole>] = [:]) {
        self.roles = roles
    }

    /// The policy of all `AdminPolicy` resources among these documents together.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in any of them.
    public static func load(_ documents: [Document]) throws -> AdminPolicy {
        let mine = documents.filter { $0.kind == kind && $0.apiVersion.hasPrefix("lapwing.dev/") }
        var policy = AdminPolicy()
        for bindings in try collectingDiagnostics(mine, read) {
            for (caller, role) in bindings { policy.roles[caller, default: []].insert(role) }
        }
        return policy
    }

    private static func read(_ document: Document) throws -> [(AdminCaller, AdminRole)] {
        var fields = try FieldReader(identityResource: document)
        let bindings = try fields.required("bindings") { try $0.list(readBinding) }
        try fields.finish()
        return bindings.flatMap { $0 }
    }

    private static func readBinding(_ value: Value) throws -> [(AdminCaller, AdminRole)] {
        var fields = try FieldReader(value, of: "binding")
        let role = try fields.required("role") { value in
            AdminRole(rawValue: try value.oneOf(AdminRole.allCases.map(\.rawValue)))
        }
        let users = try fields.optional("uids") { value in
            try value.list { AdminCaller.user(UInt32(try $0.integer(in: 0...Int(UInt32.max - 1)))) }
        }
        let workloads = try fields.optional("spiffeIDs") { value in
            try value.list { item in
                try item.checked {
                    let id = try SPIFFEID(try item.string())
                    try WorkloadEntry.check(id: id)
                    return AdminCaller.workload(id)
                }
            }
        }
        try fields.finish()
        let callers = (users ?? []) + (workloads ?? [])
        guard let role, !callers.isEmpty else { throw value.error("a binding needs `uids` or `spiffeIDs`") }
        return callers.map { ($0, role) }
    }

    /// Whether a caller may do something.
    ///
    /// - Parameters:
    ///   - caller: who asks.
    ///   - action: what for.
    ///   - owner: the user that Lapwing runs as.
    /// - Returns: whether one of the caller's roles permits it.
    public func permits(_ caller: AdminCaller, _ action: AdminAction, owner: UInt32 = geteuid()) -> Bool {
        if caller == .user(0) || caller == .user(owner) { return true }
        return roles[caller]?.contains { $0.permits(action) } ?? false
    }
}
