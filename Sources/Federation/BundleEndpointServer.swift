import Synchronization
public import ZeroTrust

/// Serves this trust domain's bundle to anybody who asks (SPIFFE Federation §5.2.1.3 and §5.2.2.3).
///
/// Before there are a certificate and a bundle, connections are closed or answered 503.
///
/// ```swift
/// let server = try await BundleEndpointServer.start(address: address, port: 8444)
/// try server.endpoint.show(svid)
/// server.serve(document)
/// ```
public final class BundleEndpointServer: Sendable {
    private final class Document: Sendable {
        /// Guards what is served.
        let bytes = Mutex<[UInt8]?>(nil)
    }

    /// The server, and what it shows.
    public let endpoint: HTTPSEndpoint
    private let document: Document

    private init(_ endpoint: HTTPSEndpoint, _ document: Document) {
        self.endpoint = endpoint
        self.document = document
    }

    /// Listens.
    ///
    /// - Parameters:
    ///   - address: the address.
    ///   - port: the port; 0 for any that is free.
    /// - Returns: the server, which has nothing to show and nothing to serve yet.
    /// - Throws: where the address cannot be listened on.
    public static func start(address: IPAddress, port: Int) async throws -> BundleEndpointServer {
        let document = Document()
        let endpoint = try await HTTPSEndpoint.start(address: address, port: port) { request in
            answer(request.method, request.target, document.bytes.withLock { $0 })
        }
        return BundleEndpointServer(endpoint, document)
    }

    /// The port that it listens on.
    public var port: Int { endpoint.port }

    /// Serves a document from the next request on.
    public func serve(_ document: [UInt8]) { self.document.bytes.withLock { $0 = document } }

    /// Stops listening.
    public func stop() async { await endpoint.stop() }

    /// What a request is answered with.
    static func answer(_ method: String, _ target: String, _ document: [UInt8]?) -> HTTPSEndpoint.Answer {
        guard target.prefix(while: { $0 != "?" }) == "/" else { return .init(problem: 404) }
        guard method == "GET" || method == "HEAD" else { return .init(problem: 405) }
        return document.map { .init(200, $0) } ?? .init(problem: 503)
    }
}
