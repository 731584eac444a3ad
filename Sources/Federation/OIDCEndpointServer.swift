import Synchronization
public import WorkloadIdentity
public import ZeroTrust

/// Serves the documents of an OpenID Connect issuer to anybody who asks for them by the issuer's own name.
///
/// Before there are a certificate and keys, connections are closed or answered 503.
///
/// ```swift
/// let server = try await OIDCEndpointServer.start(issuer, address: address, port: 443)
/// try server.endpoint.show(certificateFile: "id.pem", keyFile: "id.key")
/// server.serve(documents)
/// ```
public final class OIDCEndpointServer: Sendable {
    private final class Shared: Sendable {
        /// Guards what is served.
        let documents = Mutex<OIDCDocuments?>(nil)
    }

    /// The server, and what it shows.
    public let endpoint: HTTPSEndpoint
    private let shared: Shared

    private init(_ endpoint: HTTPSEndpoint, _ shared: Shared) {
        self.endpoint = endpoint
        self.shared = shared
    }

    /// Listens.
    ///
    /// - Parameters:
    ///   - issuer: under whose name it is asked.
    ///   - address: the address.
    ///   - port: the port; 0 for any that is free.
    /// - Returns: the server, which has nothing to show and nothing to serve yet.
    /// - Throws: where the address cannot be listened on.
    public static func start(
        _ issuer: OIDCIssuer,
        address: IPAddress,
        port: Int
    ) async throws -> OIDCEndpointServer {
        let shared = Shared()
        let endpoint = try await HTTPSEndpoint.start(address: address, port: port) { request in
            answer(request, of: issuer, shared.documents.withLock { $0 })
        }
        return OIDCEndpointServer(endpoint, shared)
    }

    /// The port that it listens on.
    public var port: Int { endpoint.port }

    /// Serves documents from the next request on; nil for none, as where no cloud would take them.
    public func serve(_ documents: OIDCDocuments?) { shared.documents.withLock { $0 = documents } }

    /// Stops listening.
    public func stop() async { await endpoint.stop() }

    /// What a request is answered with.
    static func answer(
        _ request: HTTPSEndpoint.Request,
        of issuer: OIDCIssuer,
        _ documents: OIDCDocuments?
    ) -> HTTPSEndpoint.Answer {
        // Another name that leads here is no issuer: whoever believes it believes whoever made the name.
        guard isName(request.host, of: issuer) else { return .init(problem: 400) }
        let path = String(request.target.prefix { $0 != "?" })
        guard [OIDCDocuments.discoveryPath, OIDCDocuments.keysPath].contains(where: { path == issuer.path + $0 }) else {
            return .init(problem: 404)
        }
        guard request.method == "GET" || request.method == "HEAD" else { return .init(problem: 405) }
        guard let documents else { return .init(problem: 503) }
        let isKeys = path == issuer.path + OIDCDocuments.keysPath
        return .init(200, Array((isKeys ? documents.keys : documents.discovery).utf8))
    }

    /// Whether a `Host` line names the issuer, perhaps with a port, as behind one that is mapped.
    private static func isName(_ host: String?, of issuer: OIDCIssuer) -> Bool {
        guard let host = host?.lowercased() else { return false }
        let parts = host.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.first.map(String.init) == issuer.host else { return false }
        return parts.count == 1 || UInt16(parts[1]) != nil
    }
}
