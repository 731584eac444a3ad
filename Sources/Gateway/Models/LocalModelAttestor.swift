public import SPIFFE

/// Finds out which models a local process is proved to have loaded, from whoever holds the proofs of loaders.
public protocol LocalModelAttestor: Sendable {
    /// The models that the process, or every process that holds the socket, is proved to have loaded now, in the order in
    /// which they were proved; empty where none is proved.
    ///
    /// - Throws: where nobody could say.
    func models(of peer: LocalPeer) async throws -> [ModelClaim]

    /// Whether an error of ``models(of:)`` says nothing about the process: the one who knows could not be asked, or has to be
    /// asked again.
    func isSilence(_ error: any Error) -> Bool
}

/// Where nobody holds any proofs.
struct NoModelProofs: LocalModelAttestor {
    func models(of peer: LocalPeer) async throws -> [ModelClaim] { [] }
    func isSilence(_ error: any Error) -> Bool { false }
}
