import NIOPosix
import RPC

/// What a process is entitled to that is connected to a part of Lapwing, by whatever that part knows of the connection.
struct LocalCallers: Sendable {
    let registry: EntryRegistry
    let proofs: ModelProofs
    let attestor: WorkloadAttestor
    /// Who looks at the callers from then on; nil where nobody does.
    let continuous: ContinuousAttestation?

    /// What a process is entitled to, by the names of the entries.
    func grants(of process: WorkloadProcess) async throws -> [EntryGrant] {
        continuous?.follow(process)
        let snapshot = registry.snapshot
        let selectors = try await attestor.selectors(of: process, kinds: snapshot.kinds)
        let loaded = snapshot.usesModels ? try proofs.proofs(of: process) : []
        return snapshot.grants(matching: selectors, proofs: loaded)
    }

    /// The process that holds a TCP socket, the one with the lowest number of several, and what it is entitled to.
    ///
    /// - Throws: ``IdentityError`` where no process is found, or where those who hold it are not one and the same workload.
    func grants(
        ofSocket inode: UInt64,
        uid: UInt32
    ) async throws -> (process: WorkloadProcess, grants: [EntryGrant]) {
        // Looking through the descriptors of every process takes its time.
        let holders = try await NIOThreadPool.singleton.runIfActive {
            try SocketHolders.find(inode: inode, uid: uid)
        }
        var found: [EntryGrant]?
        for holder in holders {
            let grants = try await grants(of: holder)
            guard found == nil || found?.map(\.entry.id) == grants.map(\.entry.id) else {
                throw IdentityError(.conflict, "the socket \(inode) is held by more than one workload")
            }
            found = found ?? grants
            guard SocketHolders.holds(holder, inode: inode) else {
                throw IdentityError(
                    .processGone,
                    "the process \(holder.credentials.pid) holds the socket \(inode) no longer"
                )
            }
        }
        guard let first = holders.first, let found else {
            throw IdentityError(.processGone, "no process holds the socket \(inode)")
        }
        return (first, found)
    }
}
