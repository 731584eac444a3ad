import NIOPosix
import RPC

/// Which entries fit a process that is connected to a part of Lapwing, by whatever that part knows of the connection.
struct LocalCallers: Sendable {
    let registry: EntryRegistry
    let proofs: ModelProofs
    let attestor: WorkloadAttestor

    /// The entries that fit a process, by their names.
    func entries(of process: WorkloadProcess) async throws -> [WorkloadEntry] {
        let snapshot = registry.snapshot
        let selectors = try await attestor.selectors(of: process, kinds: snapshot.kinds)
        let loaded = snapshot.usesModels ? try proofs.proofs(of: process) : []
        return snapshot.grants(matching: selectors, proofs: loaded).map(\.entry)
    }

    /// The process that holds a TCP socket, the one with the lowest number of several, and the entries that fit it.
    ///
    /// - Throws: ``IdentityError`` where no process is found, or where those who hold it are not one and the same workload.
    func entries(
        ofSocket inode: UInt64,
        uid: UInt32
    ) async throws -> (process: WorkloadProcess, entries: [WorkloadEntry]) {
        // Looking through the descriptors of every process takes its time.
        let holders = try await NIOThreadPool.singleton.runIfActive {
            try SocketHolders.find(inode: inode, uid: uid)
        }
        var found: [WorkloadEntry]?
        for holder in holders {
            let entries = try await entries(of: holder)
            guard found == nil || found?.map(\.id) == entries.map(\.id) else {
                throw IdentityError(.conflict, "the socket \(inode) is held by more than one workload")
            }
            found = found ?? entries
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
