public import Logging
public import RPC
import SPIFFE
import WireProtos
import ZeroTrust

/// Tells the gateway who a local caller of its egress listener is, by the SPIFFE IDs that the Workload API would give to the
/// same process, and which models a local upstream is proved to have loaded.
///
/// It is asked by the gateway's user alone, and gives away nothing but names. A process at the other end of TCP is found by
/// its socket's inode; where several processes hold the socket, they all have to be the same workload, or to have loaded the
/// model.
///
/// ```swift
/// let attestation = CallerAttestation(registry: registry, attestor: attestor, allowedUIDs: [0], logger: logger)
/// let server = RPCServer(services: [attestation.service])
/// ```
public final class CallerAttestation: Sendable {
    private let callers: LocalCallers
    private let allowedUIDs: Set<UInt32>
    private let logger: Logger

    /// A service.
    ///
    /// - Parameters:
    ///   - registry: the entries.
    ///   - proofs: which process has loaded what.
    ///   - attestor: finds out what a process is.
    ///   - continuous: looks at the callers from then on, and tells a gateway that one has changed; nil where nobody does.
    ///   - allowedUIDs: the users that a gateway may run as.
    ///   - logger: where refusals are told.
    public init(
        registry: EntryRegistry,
        proofs: ModelProofs = ModelProofs(),
        attestor: WorkloadAttestor,
        continuous: ContinuousAttestation? = nil,
        allowedUIDs: Set<UInt32>,
        logger: Logger
    ) {
        self.callers = LocalCallers(
            registry: registry,
            proofs: proofs,
            attestor: attestor,
            continuous: continuous
        )
        self.allowedUIDs = allowedUIDs
        self.logger = logger
    }

    /// The service, for an `RPCServer`.
    public var service: RPCService {
        RPCService(
            ServiceName.attestation,
            methods: [
                .unary("AttestCaller", handler: attest), .unary("AttestModels", handler: attestModels),
                .serverStreaming("Watch", handler: watch),
            ],
            intercept: { [allowedUIDs] context in
                guard let uid = context.credentials?.uid, allowedUIDs.contains(uid) else {
                    throw RPCStatus(.permissionDenied, "callers are attested for the gateway's user only")
                }
            }
        )
    }

    private func attest(
        _ request: Attestation_AttestCallerRequest,
        _ context: RPCContext
    ) async throws -> Attestation_AttestCallerResponse {
        try await answering(request) {
            switch request.caller {
            case .process(let process): try await attest(process)
            case .socket(let socket): try await attest(socket)
            case nil: throw RPCStatus(.invalidArgument, "`process` or `socket` is needed")
            }
        }
    }

    private func attestModels(
        _ request: Attestation_AttestCallerRequest,
        _ context: RPCContext
    ) async throws -> Attestation_AttestModelsResponse {
        try await answering(request) {
            let proofs =
                switch request.caller {
                case .process(let process): try callers.proofs(of: try held(process))
                case .socket(let socket): try await callers.proofs(ofSocket: socket.inode, uid: socket.uid)
                case nil: throw RPCStatus(.invalidArgument, "`process` or `socket` is needed")
                }
            var response = Attestation_AttestModelsResponse()
            response.models = proofs.map { proof in
                var model = Attestation_LoadedModel()
                model.digest = proof.claim.digest
                model.signer = proof.claim.signer
                return model
            }
            return response
        }
    }

    /// Says in gRPC's words why somebody could not be attested.
    private func answering<Response>(
        _ request: Attestation_AttestCallerRequest,
        _ attest: () async throws -> Response
    ) async throws -> Response {
        do { return try await attest() } catch let error as IdentityError {
            logger.info("process not attested", metadata: ["error": "\(error)"])
            switch (error.code, request.caller) {
            case (.exhausted, _): throw RPCStatus(.unavailable, error.message)
            // A process that has forked, or one that ends, holds a socket for a moment with somebody else: ask again.
            case (.processGone, .socket?), (.conflict, .socket?): throw RPCStatus(.aborted, error.message)
            default: throw RPCStatus(.permissionDenied, error.message)
            }
        }
    }

    /// Tells a gateway that it has to ask again for whoever it still serves.
    private func watch(
        _ request: Attestation_WatchCallersRequest,
        _ context: RPCContext,
        _ writer: RPCWriter<Attestation_CallersChanged>
    ) async throws {
        let (changes, announce) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let entries = callers.registry.changes.observe { announce.yield() }
        let proofs = callers.proofs.changes.observe { announce.yield() }
        let pods = callers.attestor.changes?.observe { announce.yield() }
        let processes = callers.continuous?.changes.observe { announce.yield() }
        defer {
            if let processes { callers.continuous?.changes.remove(processes) }
            if let pods { callers.attestor.changes?.remove(pods) }
            callers.registry.changes.remove(entries)
            callers.proofs.changes.remove(proofs)
        }
        try await writer.write(Attestation_CallersChanged())
        for await _ in changes { try await writer.write(Attestation_CallersChanged()) }
    }

    private func attest(_ process: Attestation_Process) async throws -> Attestation_AttestCallerResponse {
        try response(await callers.grants(of: try held(process)).map(\.entry), pid: process.pid)
    }

    private func held(_ process: Attestation_Process) throws -> WorkloadProcess {
        try WorkloadProcess(
            PeerCredentials(
                pid: process.pid,
                uid: process.uid,
                gid: process.gid,
                groups: process.groups,
                process: ProcessHandle(pid: process.pid)
            )
        )
    }

    private func attest(_ socket: Attestation_TCPSocket) async throws -> Attestation_AttestCallerResponse {
        let (process, grants) = try await callers.grants(ofSocket: socket.inode, uid: socket.uid)
        return try response(grants.map(\.entry), pid: process.credentials.pid)
    }

    private func response(_ entries: [WorkloadEntry], pid: Int32) throws -> Attestation_AttestCallerResponse {
        var identities: [String] = []
        for entry in entries where !identities.contains(entry.id.description) {
            identities.append(entry.id.description)
        }
        guard !identities.isEmpty else {
            throw IdentityError(.notFound, "no entry fits the process \(pid)")
        }
        var response = Attestation_AttestCallerResponse()
        response.spiffeIds = identities
        response.pid = pid
        return response
    }
}
