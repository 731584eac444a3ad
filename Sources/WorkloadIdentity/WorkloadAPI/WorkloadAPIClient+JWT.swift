import Logging
public import RPC
public import SPIFFE
import SwiftProtobuf
import WireProtos
public import ZeroTrust

/// A workload's side of the JWT profile.
extension WorkloadAPIClient {
    /// What happens on a stream of JWT bundles.
    public enum BundleEvent: Sendable {
        /// All bundles: they replace whatever there was.
        case bundles(JWTBundleSet)
        /// There is no identity for this process, or no longer.
        case denied(RPCStatus)
        /// The connection was lost, or what came could not be relied on.
        case interrupted(any Error)
    }

    /// JWT-SVIDs for some audiences, each verified by the bundles that the same API gives.
    ///
    /// - Parameters:
    ///   - audiences: for whom the tokens are to be meant; at least one.
    ///   - id: which identity; nil for all.
    ///   - timeout: how long the two calls may take, each.
    /// - Returns: at least one token; the first is the default.
    /// - Throws: `RPCStatus` as the server ended the call, or ``IdentityError`` for an answer that cannot be relied on.
    public func fetchJWTSVIDs(
        audiences: [String],
        id: SPIFFEID? = nil,
        timeout: Duration = .seconds(10)
    ) async throws -> [JWTSVID] {
        let client = try await connect()
        defer { Task { await client.close() } }
        var request = WorkloadAPI_JWTSVIDRequest()
        request.audience = audiences
        request.spiffeID = id?.description ?? ""
        let response: WorkloadAPI_JWTSVIDResponse = try await client.unary(
            Self.path("FetchJWTSVID"),
            request,
            metadata: Self.metadata,
            timeout: timeout
        )
        // Asked for after the token, so that the key which signed it is among them.
        let bundles = try await Self.bundles(client, timeout)
        guard !response.svids.isEmpty else {
            throw IdentityError(.unavailable, "the Workload API sent no JWT-SVID")
        }
        return try response.svids.map { message in
            let svid: JWTSVID
            do throws(TokenRefusal) {
                svid = try JWTSVID(message.svid, audiences: Set(audiences), bundles: bundles, at: clock())
            } catch {
                throw IdentityError(
                    .unavailable,
                    "the Workload API sent a token that cannot be relied on: \(error.message) (\(error.code.rawValue))"
                )
            }
            guard svid.id.description == message.spiffeID, id == nil || svid.id == id else {
                throw IdentityError(.unavailable, "the Workload API sent a token of `\(svid.id)` under another name")
            }
            return svid
        }
    }

    /// The JWT bundles, once.
    ///
    /// - Throws: `RPCStatus` as the server ended the call, or `SVIDError` for an answer that cannot be relied on.
    public func fetchJWTBundles(timeout: Duration = .seconds(10)) async throws -> JWTBundleSet {
        let client = try await connect()
        defer { Task { await client.close() } }
        return try await Self.bundles(client, timeout)
    }

    /// Has the Workload API validate a token.
    ///
    /// - Parameters:
    ///   - token: the token, in compact form.
    ///   - audience: for whom it has to be meant.
    ///   - timeout: how long the call may take.
    /// - Returns: whose it is, and its claims as a JSON object.
    /// - Throws: `RPCStatus` with INVALID_ARGUMENT and the reason for a token that is not valid.
    public func validateJWTSVID(
        _ token: Redacted<String>,
        audience: String,
        timeout: Duration = .seconds(10)
    ) async throws -> (id: SPIFFEID, claims: String) {
        let client = try await connect()
        defer { Task { await client.close() } }
        var request = WorkloadAPI_ValidateJWTSVIDRequest()
        request.audience = audience
        request.svid = token.value
        let response: WorkloadAPI_ValidateJWTSVIDResponse = try await client.unary(
            Self.path("ValidateJWTSVID"),
            request,
            metadata: Self.metadata,
            timeout: timeout
        )
        return (try SPIFFEID(response.spiffeID), try response.claims.jsonString())
    }

    /// The JWT bundles from now on, for as long as they are read; the connection is made again whenever it is lost.
    public func jwtBundleEvents() -> AsyncStream<BundleEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: BundleEvent.self)
        let task = Task {
            var delay = Self.firstDelay
            while !Task.isCancelled {
                do {
                    let client = try await connect()
                    defer { Task { await client.close() } }
                    let responses = try await client.serverStreaming(
                        Self.path("FetchJWTBundles"),
                        WorkloadAPI_JWTBundlesRequest(),
                        metadata: Self.metadata,
                        as: WorkloadAPI_JWTBundlesResponse.self
                    )
                    for try await response in responses {
                        continuation.yield(.bundles(try Self.read(response)))
                        delay = Self.firstDelay
                    }
                    throw RPCStatus(.unavailable, "the Workload API ended the stream")
                } catch let status as RPCStatus where status.code == .permissionDenied {
                    continuation.yield(.denied(status))
                } catch is CancellationError {
                    break
                } catch {
                    logger.info("workload api interrupted", metadata: ["error": "\(error)"])
                    continuation.yield(.interrupted(error))
                }
                try? await Task.sleep(for: delay * Double.random(in: 0.8...1.2))
                delay = min(delay * 2, Self.longestDelay)
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private static func bundles(_ client: RPCClient, _ timeout: Duration) async throws -> JWTBundleSet {
        let responses = try await client.serverStreaming(
            path("FetchJWTBundles"),
            WorkloadAPI_JWTBundlesRequest(),
            metadata: metadata,
            timeout: timeout,
            as: WorkloadAPI_JWTBundlesResponse.self
        )
        for try await response in responses { return try read(response) }
        throw RPCStatus(.unavailable, "the Workload API ended the call without an answer")
    }

    private static func read(_ response: WorkloadAPI_JWTBundlesResponse) throws -> JWTBundleSet {
        var bundles: JWTBundleSet = [:]
        for (name, jwks) in response.bundles {
            let id = try SPIFFEID(name)
            guard id.path.isEmpty else {
                throw IdentityError(.unavailable, "the Workload API sent a bundle of `\(id)`, which is no trust domain")
            }
            bundles[id.trustDomain] = try JWTBundle(trustDomain: id.trustDomain, jwks: Array(jwks))
        }
        return bundles
    }
}
