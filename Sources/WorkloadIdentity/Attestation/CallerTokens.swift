public import Logging
public import RPC
import WireProtos
import ZeroTrust

/// Gives the credential endpoint a JWT-SVID of the process that is connected to it.
///
/// It is asked by the endpoint's user alone, and only for audiences that the configuration names: whoever takes the
/// endpoint over gets tokens for the cloud, of processes that are connected to something, and for nothing else.
public final class CallerTokens: Sendable {
    private let authority: Authority
    private let callers: LocalCallers
    private let allowedUIDs: Set<UInt32>
    private let audiences: @Sendable () -> Set<String>
    private let onIssue: @Sendable (TokenIssuance) async throws -> Void
    private let logger: Logger

    /// A service.
    ///
    /// - Parameters:
    ///   - authority: who issues.
    ///   - registry: the entries.
    ///   - proofs: which process has loaded what.
    ///   - attestor: finds out what a process is.
    ///   - allowedUIDs: the users that the endpoint may run as.
    ///   - audiences: the audiences that tokens may be asked for now.
    ///   - logger: where refusals are told.
    ///   - onIssue: records each token; where it throws, the token is not handed out.
    public init(
        authority: Authority,
        registry: EntryRegistry,
        proofs: ModelProofs = ModelProofs(),
        attestor: WorkloadAttestor,
        allowedUIDs: Set<UInt32>,
        audiences: @escaping @Sendable () -> Set<String>,
        logger: Logger,
        onIssue: @escaping @Sendable (TokenIssuance) async throws -> Void
    ) {
        self.authority = authority
        // What a token was exchanged for is for the cloud to end: nobody here looks at the caller any longer.
        self.callers = LocalCallers(registry: registry, proofs: proofs, attestor: attestor, continuous: nil)
        self.allowedUIDs = allowedUIDs
        self.audiences = audiences
        self.onIssue = onIssue
        self.logger = logger
    }

    /// The service, for an `RPCServer`.
    public var service: RPCService {
        RPCService(
            ServiceName.callerTokens,
            methods: [.unary("IssueCallerToken", handler: issue)],
            intercept: { [allowedUIDs] context in
                guard let uid = context.credentials?.uid, allowedUIDs.contains(uid) else {
                    throw RPCStatus(.permissionDenied, "tokens of callers are given to the credential endpoint only")
                }
            }
        )
    }

    private func issue(
        _ request: Attestation_IssueCallerTokenRequest,
        _ context: RPCContext
    ) async throws -> Attestation_IssueCallerTokenResponse {
        guard audiences().contains(request.audience) else {
            logger.warning("caller token refused", metadata: ["audience": "\(request.audience.prefix(255))"])
            throw RPCStatus(
                .permissionDenied,
                "tokens for `\(request.audience.prefix(255))` are not given to the endpoint"
            )
        }
        do {
            let (process, grants) = try await callers.grants(ofSocket: request.socket.inode, uid: request.socket.uid)
            guard let entry = grants.withoutModels.first(where: { $0.id.description == request.spiffeID }) else {
                throw IdentityError(
                    .notFound,
                    "the process \(process.credentials.pid) is not entitled to that identity"
                )
            }
            let token = try authority.issue(JWTSVIDRequest(id: entry.id, audiences: [request.audience]))
            do { try await onIssue(TokenIssuance(token, entry: entry.name, process: process)) } catch {
                logger.error("JWT-SVID not recorded", metadata: ["spiffe.id": "\(entry.id)", "error": "\(error)"])
                throw RPCStatus(.unavailable, "the token cannot be recorded, and is not handed out")
            }
            var response = Attestation_IssueCallerTokenResponse()
            response.token = token.token.value
            response.tokenID = token.tokenID
            return response
        } catch let error as IdentityError {
            logger.info("caller token refused", metadata: ["error": "\(error)"])
            let isOurs = [.exhausted, .unavailable, .issuance].contains(error.code)
            throw RPCStatus(isOurs ? .unavailable : .permissionDenied, error.message)
        }
    }
}
