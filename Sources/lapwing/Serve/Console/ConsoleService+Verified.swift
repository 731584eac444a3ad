import Console
import Foundation
import Logging
import MutualTLS
import NIOCore
import SPIFFE
import Synchronization
import WorkloadIdentity
import ZeroTrust

/// The console over mutual TLS: the caller's SVID says who they are, and nothing else opens it.
extension ConsoleService {
    /// Listens where the settings say; nowhere where they do not.
    ///
    /// - Throws: ``CommandError`` where it cannot.
    func listenVerified() async throws {
        guard let place = process.settings.resource.consoleListener else { return }
        let gate = RequestGate(namesOverTLS: place.names)
        let told = Mutex<ContinuousClock.Instant?>(nil)
        let logger = process.logger
        do {
            let server = try await ConsoleServer.start(
                overTLSOn: place.address,
                port: place.port,
                identity: { [weak self] in self?.verifiedIdentity },
                onRefusal: { [acts] refused in
                    acts.record(
                        refusedFor: refused.refusal.code,
                        from: ConsoleHandler.address(refused.remoteAddress)
                    )
                    // Anybody can call: one in a second is told of.
                    let isTold = told.withLock { last in
                        if let last, .now - last < .seconds(1) { return false }
                        last = .now
                        return true
                    }
                    guard isTold else { return }
                    logger.warning(
                        "console connection refused",
                        metadata: [
                            "source": "\(refused.remoteAddress?.ipAddress ?? "")",
                            "reason": "\(refused.refusal.code)", "error": "\(refused.refusal.message)",
                        ]
                    )
                },
                answer: { [weak self] request, peer in
                    await self?.answer(request, of: peer, gate)
                        ?? .whole(Self.message(503, "The console is stopping", ["It ends."]))
                }
            )
            verified.withLock { $0 = server }
            logger.info(
                "console listening",
                metadata: ["address": "\(place.address)", "port": "\(server.port)", "over": "mutual TLS"]
            )
        } catch {
            throw CommandError(
                .unreachable,
                "the console cannot listen: \(error); change `consoleListener` in Settings, at \(place.location)"
            )
        }
    }

    /// What is shown, and by what callers are judged; nil while there is no SVID.
    private var verifiedIdentity: TLSIdentity? {
        configuration.consoleGateway.flatMap { try? process.identities.identity(of: $0) }
    }

    /// Why whoever was verified in a handshake is not to be believed any more; nil where they are.
    private func doubt(of peer: Peer) -> String? {
        guard let identity = verifiedIdentity else { return "the console has no identity of its own any more" }
        if let refusal = identity.refusal(of: peer) { return refusal.message }
        return peer.notAfter > Date() ? nil : "the certificate has expired"
    }

    private func answer(
        _ request: ConsoleRequest,
        of peer: Peer,
        _ gate: RequestGate
    ) async -> ConsoleServer.Answer {
        let caller = AdminCaller.workload(peer.id)
        if let refusal = gate.refusal(of: request) {
            acts.record(refused: .openConsole, on: request.path, by: caller, reason: refusal.reason)
            return .whole(Self.message(refusal.status, "Not here", ["Refused: \(refusal.reason)."]))
        }
        if let doubt = doubt(of: peer) {
            acts.record(refused: .openConsole, on: request.path, by: caller, reason: doubt)
            return .whole(Self.message(403, "Not any more", ["Your certificate is not believed any more."]))
        }
        guard permits(caller, .openConsole) else {
            acts.record(refused: .openConsole, on: request.path, by: caller)
            return .whole(Self.noRole)
        }
        let path = ConsolePath(path: request.path, form: request.query)
        if let path, path.isPublic {
            // Links that open the console are for its place on loopback.
            return .whole(Self.asset(path) ?? Self.nothing(request.path))
        }
        let session: ConsoleSessions<AdminCaller>.Session
        do { session = try await self.session(of: caller, peer) } catch {
            return .whole(Self.message(503, "Not let in", ["That you came in cannot be recorded."]))
        }
        let visit = Visit(
            session: session,
            isOpen: { [self] in
                doubt(of: peer) == nil && sessions.withLock { $0.use(verified: caller, at: .now) } != nil
            },
            leave: { [self] in
                sessions.withLock { $0.end(verified: caller) }
                return Self.message(
                    200,
                    "You have left",
                    ["Your certificate opens it again: close the browser, so that it shows it to nobody."]
                )
            }
        )
        return await answer(request, path, visit)
    }

    /// The session of a caller; one that begins is in the log before anything is shown.
    ///
    /// - Throws: where the log takes no record.
    private func session(of caller: AdminCaller, _ peer: Peer) async throws -> ConsoleSessions<AdminCaller>.Session {
        if let session = sessions.withLock({ $0.use(verified: caller, at: .now) }) { return session }
        try await acts.record(
            AdminAction.openConsole.rawValue,
            on: process.settings.node.value,
            by: caller,
            reason: "over mutual TLS, with the certificate of serial number \(peer.serialNumber)"
        )
        var generator = SystemRandomNumberGenerator()
        return sessions.withLock { $0.begin(verified: caller, at: .now, using: &generator) }
    }
}
