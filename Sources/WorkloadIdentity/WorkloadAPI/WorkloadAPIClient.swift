public import FoundationEssentials
public import Logging
public import RPC
public import SPIFFE
import WireProtos
import ZeroTrust

/// A workload's side of the Workload API: its X.509-SVIDs and bundles, kept fresh over a connection that is made again
/// whenever it is lost.
///
/// ```swift
/// let client = WorkloadAPIClient(endpoint: try WorkloadEndpoint("unix:///run/lapwing/workload.sock"), logger: logger)
/// for try await event in client.events() {
///     switch event {
///     case .context(let context): try identity.update(svid: context.defaultSVID, bundles: context.bundles)
///     case .denied: identity.withdraw()
///     case .interrupted: break
///     }
/// }
/// ```
public struct WorkloadAPIClient: Sendable {
    /// What happens on a stream.
    public enum Event: Sendable {
        /// The full state: it replaces whatever there was.
        case context(X509Context)
        /// There is no identity for this process, or no longer: what it holds must not be used (Workload API §5.2.1).
        case denied(RPCStatus)
        /// The connection was lost, or what came could not be relied on; what was held stays good until it expires.
        case interrupted(any Error)
    }

    let endpoint: WorkloadEndpoint
    let clock: @Sendable () -> Date
    let logger: Logger

    static let metadata: RPCMetadata = [WorkloadAPIService.securityHeader: "true"]
    static let firstDelay: Duration = .milliseconds(100)
    static let longestDelay: Duration = .seconds(5)

    /// A client of an endpoint; it connects when something is asked for.
    public init(
        endpoint: WorkloadEndpoint,
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger
    ) {
        self.endpoint = endpoint
        self.clock = clock
        self.logger = logger
    }

    /// The X.509-SVIDs and bundles, once.
    ///
    /// - Throws: `RPCStatus` as the server ended the call, or ``IdentityError`` for an answer that cannot be relied on.
    public func fetchX509Context(timeout: Duration = .seconds(10)) async throws -> X509Context {
        let client = try await connect()
        defer { Task { await client.close() } }
        let responses = try await client.serverStreaming(
            Self.path("FetchX509SVID"),
            WorkloadAPI_X509SVIDRequest(),
            metadata: Self.metadata,
            timeout: timeout,
            as: WorkloadAPI_X509SVIDResponse.self
        )
        for try await response in responses { return try X509Context(response, at: clock()) }
        throw RPCStatus(.unavailable, "the Workload API ended the call without an answer")
    }

    /// The bundles, once.
    ///
    /// - Throws: `RPCStatus` as the server ended the call, or ``IdentityError`` for an answer that cannot be relied on.
    public func fetchX509Bundles(timeout: Duration = .seconds(10)) async throws -> X509BundleSet {
        let client = try await connect()
        defer { Task { await client.close() } }
        let responses = try await client.serverStreaming(
            Self.path("FetchX509Bundles"),
            WorkloadAPI_X509BundlesRequest(),
            metadata: Self.metadata,
            timeout: timeout,
            as: WorkloadAPI_X509BundlesResponse.self
        )
        for try await response in responses {
            var bundles: X509BundleSet = [:]
            for (name, der) in response.bundles {
                let trustDomain = try SPIFFEID(name).trustDomain
                bundles[trustDomain] = try X509Bundle(trustDomain: trustDomain, der: Array(der))
            }
            return bundles
        }
        throw RPCStatus(.unavailable, "the Workload API ended the call without an answer")
    }

    /// What happens from now on, for as long as it is read.
    ///
    /// It ends by throwing only where trying again is of no use: INVALID_ARGUMENT.
    public func events() -> AsyncThrowingStream<Event, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: Event.self)
        let task = Task {
            var delay = Self.firstDelay
            while !Task.isCancelled {
                do {
                    try await follow { event in
                        delay = Self.firstDelay
                        continuation.yield(event)
                    }
                } catch let status as RPCStatus where status.code == .invalidArgument {
                    continuation.finish(throwing: status)
                    return
                } catch let status as RPCStatus where status.code == .permissionDenied {
                    logger.warning("identity denied", metadata: ["error": "\(status)"])
                    continuation.yield(.denied(status))
                } catch is CancellationError {
                    break
                } catch {
                    logger.info("workload api interrupted", metadata: ["error": "\(error)"])
                    continuation.yield(.interrupted(error))
                }
                // A fleet that lost its server does not come back in one instant.
                try? await Task.sleep(for: delay * Double.random(in: 0.8...1.2))
                delay = min(delay * 2, Self.longestDelay)
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Follows one stream to its end.
    private func follow(_ body: (Event) -> Void) async throws {
        let client = try await connect()
        defer { Task { await client.close() } }
        let responses = try await client.serverStreaming(
            Self.path("FetchX509SVID"),
            WorkloadAPI_X509SVIDRequest(),
            metadata: Self.metadata,
            as: WorkloadAPI_X509SVIDResponse.self
        )
        for try await response in responses { body(.context(try X509Context(response, at: clock()))) }
        throw RPCStatus(.unavailable, "the Workload API ended the stream")
    }

    func connect() async throws -> RPCClient {
        switch endpoint {
        case .unix(let path): try await RPCClient.connect(unixSocket: path)
        case .tcp(let address, let port): try await RPCClient.connect(host: address.description, port: Int(port))
        }
    }

    static func path(_ method: String) -> String { "/\(ServiceName.workloadAPI)/\(method)" }
}
