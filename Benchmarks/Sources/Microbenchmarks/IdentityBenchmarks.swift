import Foundation
import Logging
import Synchronization
import WorkloadIdentity
import ZeroTrust

/// Making an X.509-SVID: a key, a certificate, a signature.
enum IdentityBenchmarks {
    static func all() async throws -> [Benchmark] {
        let authority = Authority(
            Authority.Options(trustDomain: try TrustDomain("cluster.local")),
            store: MemoryStore(),
            keys: MemoryKeyStore(),
            logger: Logger(label: "benchmark", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        try await authority.maintain()
        let request = SVIDRequest(id: try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway"))
        return [
            Benchmark("identity/issue an X.509-SVID with its key") { count in
                for _ in 0..<count { blackHole(try authority.issue(request)) }
            }
        ]
    }
}

/// The authority's state in memory; entries are not part of what is measured.
private final class MemoryStore: AuthorityStore {
    // The stored state, nil before the first commit.
    private let stored = Mutex<AuthorityState?>(nil)

    func authorityState(of trustDomain: TrustDomain) -> AuthorityState {
        stored.withLock { $0 } ?? AuthorityState(trustDomain: trustDomain)
    }

    func commit(_ state: AuthorityState) -> AuthorityState {
        var state = state
        state.revision += 1
        stored.withLock { [state] in $0 = state }
        return state
    }

    func entries() -> StoredEntries { StoredEntries(entries: [], revision: 0) }

    func entriesRevision() -> Int64 { 0 }

    func create(_ entry: WorkloadEntry, by creator: String, at now: Date) throws -> StoredEntry {
        throw WrongResult("create")
    }

    func update(_ entry: WorkloadEntry, expecting revision: Int64) throws -> StoredEntry {
        throw WrongResult("update")
    }

    func delete(_ name: String, expecting revision: Int64?) throws -> Int64 {
        throw WrongResult("delete")
    }
}
