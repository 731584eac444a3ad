import NIOCore
import RPC
import SPIFFE
import ZeroTrust

/// The model that the process at the other end of a local connection is proved to have loaded, and by what it was found out.
struct LocalModel: Sendable {
    let claim: ModelClaim
    let owner: ConnectionOwner

    /// Who is at the other end of a connection that we made.
    enum Place: Sendable {
        /// The process that listens on a Unix socket; nil where it has ended.
        case process(ConnectionOwner?)
        /// Whoever accepts a TCP connection with these ends, of which the upstream's own is the first.
        case socket(ConnectionOwner.Ends)

        /// The place of a connection by its channel and its descriptor.
        init(_ descriptor: CInt, local: SocketAddress?, remote: SocketAddress?) {
            if let own = Exchange.Endpoint(remote), let other = Exchange.Endpoint(local) {
                self = .socket(ConnectionOwner.Ends(own: own, other: other))
            } else {
                self = .process(PeerCredentials(socket: descriptor).flatMap { ConnectionOwner(unix: $0) })
            }
        }
    }

    /// Finds it out, and asks again for as long as nobody could say.
    ///
    /// Over TCP the process is known once it has accepted the connection.
    static func find(
        _ requirement: ModelRequirement,
        of place: Place,
        asking attestor: any LocalModelAttestor,
        until end: ContinuousClock.Instant
    ) async -> Result<LocalModel, UnprovenModel> {
        var pause = Duration.milliseconds(1)
        while !Task.isCancelled {
            let owner: ConnectionOwner?
            switch place {
            case .process(nil): return .failure(.noProof)
            case .process(let listener): owner = listener
            case .socket(let ends): owner = ConnectionOwner(ends)
            }
            if let owner {
                do {
                    let models = try await attestor.models(of: owner.peer)
                    if owner.isUnchanged {
                        guard !models.isEmpty else { return .failure(.noProof) }
                        guard let claim = requirement.first(of: models) else { return .failure(.otherModel) }
                        return .success(LocalModel(claim: claim, owner: owner))
                    }
                    // Another process may have taken a connection over; one that listened and has ended proves nothing.
                    if case .process = place { return .failure(.noProof) }
                } catch {
                    guard attestor.isSilence(error) else { return .failure(.noProof) }
                }
            }
            guard ContinuousClock.now + pause < end else { break }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
        return .failure(.unknown)
    }

    /// Whether the process is proved to have loaded the model still.
    ///
    /// - Throws: where nobody could say.
    func holds(asking attestor: any LocalModelAttestor) async throws -> Bool {
        do {
            let models = try await attestor.models(of: owner.peer)
            return owner.isUnchanged && models.contains(claim)
        } catch {
            guard attestor.isSilence(error) else { return false }
            throw error
        }
    }
}
