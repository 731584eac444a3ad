import FoundationEssentials
import Logging
import RPC
import SPIFFE
import SwiftProtobuf
import Synchronization
import WireProtos
import ZeroTrust

/// The JWT profile of the Workload API (SPIFFE Workload API §6).
extension WorkloadAPIService {
    /// `FetchJWTSVID`.
    func fetchJWTSVID(
        _ request: WorkloadAPI_JWTSVIDRequest,
        _ context: RPCContext
    ) async throws -> WorkloadAPI_JWTSVIDResponse {
        // §4.5: what is missing is said before anything is looked at.
        guard !request.audience.isEmpty, !request.audience.contains("") else {
            throw RPCStatus(.invalidArgument, "an audience is needed")
        }
        var wanted: SPIFFEID?
        if !request.spiffeID.isEmpty {
            do { wanted = try SPIFFEID(request.spiffeID) } catch {
                throw RPCStatus(.invalidArgument, "`\(request.spiffeID.prefix(200))` is no SPIFFE ID: \(error)")
            }
        }
        return try await identify(context) { try await tokens(for: $0, wanted, request) }
    }

    private func tokens(
        for caller: ServedCaller,
        _ wanted: SPIFFEID?,
        _ request: WorkloadAPI_JWTSVIDRequest
    ) async throws -> WorkloadAPI_JWTSVIDResponse {
        let process = caller.attested.process
        let entries = caller.grants.withoutModels
        // One token for an ID, by the first of its entries.
        var ids: Set<SPIFFEID> = []
        let chosen = entries.filter { (wanted == nil || $0.id == wanted) && ids.insert($0.id).inserted }
        guard !chosen.isEmpty else {
            logger.info(
                "token for another refused",
                metadata: ["process.pid": "\(process.credentials.pid)", "spiffe.id": "\(request.spiffeID.prefix(200))"]
            )
            throw RPCStatus(.permissionDenied, "this process is not entitled to that identity")
        }
        var response = WorkloadAPI_JWTSVIDResponse()
        var hints: Set<String> = []
        for entry in chosen {
            let token = try await token(for: entry, request.audience, caller)
            var message = WorkloadAPI_JWTSVID()
            message.spiffeID = token.id.description
            message.svid = token.token.value
            if let hint = entry.hint, hints.insert(hint).inserted { message.hint = hint }
            response.svids.append(message)
        }
        return response
    }

    /// A token that is still fresh, or a new one once it is recorded.
    func token(
        for entry: WorkloadEntry,
        _ audiences: [String],
        _ caller: ServedCaller
    ) async throws -> IssuedJWTSVID {
        let process = caller.attested.process
        let key = FreshTokens.Key(
            entry: entry,
            audiences: audiences,
            pid: process.credentials.pid,
            startTime: process.startTime
        )
        let now = clock()
        let signer = authority.snapshot.withLock { $0.tokenSigner?.id }
        if let signer, let token = tokens.withLock({ $0.token(key, signedBy: signer, at: now) }),
            !registry.snapshot.revocations.revokes(number: token.tokenID)
        {
            return token
        }
        let issued: IssuedJWTSVID
        do {
            issued = try authority.issue(JWTSVIDRequest(id: entry.id, audiences: audiences))
        } catch {
            if error.code == .invalidArgument { throw RPCStatus(.invalidArgument, error.message) }
            logger.error("JWT-SVID not issued", metadata: ["spiffe.id": "\(entry.id)", "error": "\(error)"])
            throw RPCStatus(.unavailable, "a token cannot be issued at the moment")
        }
        if !entry.outlivesProcess {
            let number = IssuedNumber(
                number: issued.tokenID,
                notAfter: issued.expiresAt,
                entry: entry.name,
                id: issued.id
            )
            try note([number], for: caller)
            try await keep([number], for: caller)
        }
        do {
            try await onIssue(TokenIssuance(issued, entry: entry.name, process: process))
        } catch {
            logger.error("JWT-SVID not recorded", metadata: ["spiffe.id": "\(entry.id)", "error": "\(error)"])
            throw RPCStatus(.unavailable, "the token cannot be recorded, and is not handed out")
        }
        tokens.withLock { $0.insert(issued, key, at: now) }
        return issued
    }

    /// `FetchJWTBundles`.
    func fetchJWTBundles(
        _ request: WorkloadAPI_JWTBundlesRequest,
        _ context: RPCContext,
        _ writer: RPCWriter<WorkloadAPI_JWTBundlesResponse>
    ) async throws {
        var last: [JWTBundle] = []
        try await serve(context) { caller in
            let foreign = federation.bundles(of: caller.grants.federatesWith)
            let bundles = [authority.jwtBundle] + foreign.map(JWTBundle.init)
            guard bundles != last else { return Pushed() }
            last = bundles
            var response = WorkloadAPI_JWTBundlesResponse()
            for bundle in bundles { response.bundles[bundle.trustDomain.id.description] = Data(bundle.jwks.utf8) }
            try await writer.write(response)
            return Pushed()
        }
    }

    /// `ValidateJWTSVID`.
    func validateJWTSVID(
        _ request: WorkloadAPI_ValidateJWTSVIDRequest,
        _ context: RPCContext
    ) async throws -> WorkloadAPI_ValidateJWTSVIDResponse {
        guard !request.audience.isEmpty else { throw RPCStatus(.invalidArgument, "an audience is needed") }
        guard !request.svid.isEmpty else { throw RPCStatus(.invalidArgument, "a token is needed") }
        let grants = try await identify(context) { $0.grants }
        // Rule 25: each token by the keys of its own trust domain, and of those only that the caller gets anyway.
        let bundles = [authority.jwtBundle] + federation.bundles(of: grants.federatesWith).map(JWTBundle.init)
        do {
            let svid = try JWTSVID(
                request.svid,
                audiences: [request.audience],
                bundles: Dictionary(bundles.map { ($0.trustDomain, $0) }) { first, _ in first },
                at: clock()
            )
            guard !registry.snapshot.revocations.ids.contains(svid.id) else {
                throw RPCStatus(.invalidArgument, "`\(svid.id)` is revoked (token_subject_revoked)")
            }
            if let number = svid.tokenID, registry.snapshot.revocations.revokes(number: number) {
                throw RPCStatus(.invalidArgument, "the token is revoked (token_revoked)")
            }
            var response = WorkloadAPI_ValidateJWTSVIDResponse()
            response.spiffeID = svid.id.description
            response.claims = try Google_Protobuf_Struct(jsonString: svid.claims)
            return response
        } catch let refusal as TokenRefusal {
            throw RPCStatus(.invalidArgument, "\(refusal.message) (\(refusal.code.rawValue))")
        }
    }
}
