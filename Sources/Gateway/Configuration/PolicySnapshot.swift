public import Authorization
import Synchronization

/// One generation of policy: an engine, what verifies tokens for it, and the digest that records carry.
public final class PolicySnapshot: Sendable {
    /// Decides.
    public let engine: PolicyEngine
    /// Verifies the tokens of requests, or nil where no `RequestAuthentication` selects the workload.
    public let tokens: TokenVerifier?
    /// The SHA-256 of what the engine was made from, in hexadecimal.
    public let digest: String

    /// A generation.
    public init(engine: PolicyEngine, tokens: TokenVerifier? = nil, digest: String) {
        self.engine = engine
        self.tokens = tokens
        self.digest = digest
    }
}

/// Where the policy in force is published; a new generation replaces the old one whole, under load.
///
/// Each event loop keeps the generation that it saw last and looks at a counter for each request, so that reading
/// policy takes no lock.
public final class PolicySnapshotBox: Sendable {
    private let generation = Atomic<UInt64>(1)
    /// Guards the reference alone.
    private let snapshot: Mutex<PolicySnapshot>

    /// A box with its first generation.
    public init(_ snapshot: PolicySnapshot) {
        self.snapshot = Mutex(snapshot)
    }

    /// The generation in force.
    public var current: PolicySnapshot { snapshot.withLock { $0 } }

    /// Puts a new generation in force: requests that are decided from now on see it.
    public func replace(_ next: PolicySnapshot) {
        snapshot.withLock { $0 = next }
        generation.wrappingAdd(1, ordering: .releasing)
    }

    /// A number that changes when the generation does.
    var stamp: UInt64 { generation.load(ordering: .acquiring) }
}
