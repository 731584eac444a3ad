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

    /// The proofs of loaded models that cover a process now, by their numbers.
    func proofs(of process: WorkloadProcess) throws -> [ModelProof] {
        let snapshot = registry.snapshot
        return try proofs.proofs(of: process).filter { $0.isByLoader(of: snapshot) }
    }

    /// The proofs that cover every process which holds a TCP socket.
    ///
    /// - Throws: ``IdentityError`` where no process is found, or one of them let go of the socket meanwhile.
    func proofs(ofSocket inode: UInt64, uid: UInt32) async throws -> [ModelProof] {
        var found: [ModelProof]?
        for holder in try await holders(ofSocket: inode, uid: uid) {
            let proofs = try proofs(of: holder)
            found = found?.filter(proofs.contains) ?? proofs
            try requireHolding(holder, inode)
        }
        return found ?? []
    }

    /// The process that holds a TCP socket, the one with the lowest number of several, and what it is entitled to.
    ///
    /// - Throws: ``IdentityError`` where no process is found, or where those who hold it are not one and the same workload.
    func grants(
        ofSocket inode: UInt64,
        uid: UInt32
    ) async throws -> (process: WorkloadProcess, grants: [EntryGrant]) {
        let holders = try await holders(ofSocket: inode, uid: uid)
        var found: [EntryGrant]?
        for holder in holders {
            let grants = try await grants(of: holder)
            guard found == nil || found?.map(\.entry.id) == grants.map(\.entry.id) else {
                throw IdentityError(.conflict, "the socket \(inode) is held by more than one workload")
            }
            found = found ?? grants
            try requireHolding(holder, inode)
        }
        guard let first = holders.first, let found else {
            throw IdentityError(.processGone, "no process holds the socket \(inode)")
        }
        return (first, found)
    }

    /// Looking through the descriptors of every process takes its time.
    private func holders(ofSocket inode: UInt64, uid: UInt32) async throws -> [WorkloadProcess] {
        try await NIOThreadPool.singleton.runIfActive { try SocketHolders.find(inode: inode, uid: uid) }
    }

    private func requireHolding(_ holder: WorkloadProcess, _ inode: UInt64) throws(IdentityError) {
        guard SocketHolders.holds(holder, inode: inode) else {
            throw IdentityError(
                .processGone,
                "the process \(holder.credentials.pid) holds the socket \(inode) no longer"
            )
        }
    }
}
