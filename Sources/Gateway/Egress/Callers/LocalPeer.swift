public import RPC
public import ZeroTrust

/// Who is at the other end of a connection to the egress listener, as the kernel says it.
public enum LocalPeer: Sendable {
    /// The process that connected to a Unix socket.
    case process(PeerCredentials)
    /// A TCP socket of this machine, by its inode and the user who made it.
    case socket(inode: UInt64, uid: UInt32)
}

/// Finds out which workload a local process is, by the entries that the authority gives SVIDs by.
public protocol LocalCallerAttestor: Sendable {
    /// The SPIFFE IDs that the caller is entitled to, the first by the names of their entries; empty where no entry fits.
    ///
    /// - Throws: where nobody could say; the caller is then refused.
    func identities(of peer: LocalPeer) async throws -> [SPIFFEID]

    /// Whether an error of ``identities(of:)`` says nothing about the caller: the one who knows could not be asked.
    func isSilence(_ error: any Error) -> Bool
}

extension LocalCallerAttestor {
    /// Every error is about the caller.
    public func isSilence(_ error: any Error) -> Bool { false }
}
