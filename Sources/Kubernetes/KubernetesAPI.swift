import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SPIFFE
import WorkloadIdentity

/// Speaks to a Kubernetes API server, or a kubelet: JSON over HTTPS, bounded in time and bytes, no redirects.
///
/// ```swift
/// let api = try KubernetesAPI(.inCluster)
/// let pod = try await api.get("/api/v1/namespaces/ml/pods/model-0")
/// ```
public final class KubernetesAPI: Sendable {
    /// The longest answer that is read, in bytes.
    static let maximumAnswer = 32 * 1024 * 1024
    /// The longest event of a watch: an object has 1.5 MiB at most.
    static let maximumEvent = 4 * 1024 * 1024
    /// How deep an answer may be nested: what is managed by whom is told deep down.
    private static let maximumDepth = 64

    private let server: KubernetesServer
    private let client: HTTPClient
    private let timeout: TimeAmount

    /// A client, which connects when it is asked something; it has to be closed.
    ///
    /// - Throws: ``KubernetesFailure`` where the file of certificate authorities cannot be read.
    public init(_ server: KubernetesServer, timeout: Duration = .seconds(5)) throws(KubernetesFailure) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let file = server.authoritiesFile {
            do { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file)) } catch {
                let advice =
                    file == KubernetesServer.inCluster.authoritiesFile
                    ? "it is there in a pod; elsewhere a KubernetesAttestation names the cluster by its `apiServer`"
                    : "it has to hold certificates in PEM form"
                throw KubernetesFailure(.badFile, "the certificate authorities in `\(file)` cannot be read; \(advice)")
            }
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: TimeAmount(timeout))
        self.server = server
        self.timeout = TimeAmount(timeout)
        self.client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration
        )
    }

    /// Ends all connections.
    public func close() async { try? await client.shutdown() }

    /// Asks for a document.
    ///
    /// - Throws: ``KubernetesFailure``.
    func get(_ path: String) async throws -> StrictJSON {
        try await answer(to: try request(.GET, path))
    }

    /// Has an object looked at or made.
    ///
    /// - Throws: ``KubernetesFailure``.
    func post(_ path: String, _ body: StrictJSON) async throws -> StrictJSON {
        var request = try request(.POST, path)
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(Array(body.text.utf8))
        return try await answer(to: request)
    }

    /// Follows the events of a watch to its end, which the server makes after the time that it was asked for.
    ///
    /// - Throws: ``KubernetesFailure``, and what `body` throws.
    func watch(_ path: String, within limit: Duration, _ body: (StrictJSON) throws -> Void) async throws {
        let response = try await execute(try request(.GET, path), timeout: TimeAmount(limit))
        try Self.check(response, path)
        var rest: [UInt8] = []
        do {
            for try await buffer in response.body {
                rest.append(contentsOf: buffer.readableBytesView)
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = Array(rest[..<end])
                    rest.removeSubrange(...end)
                    guard !line.isEmpty else { continue }
                    try body(try Self.parse(line, path))
                }
                guard rest.count <= Self.maximumEvent else {
                    throw KubernetesFailure(
                        .badAnswer,
                        "`\(path)` sends an event of more than \(Self.maximumEvent) bytes"
                    )
                }
            }
        } catch let failure as KubernetesFailure {
            throw failure
        } catch is HTTPClientError {
            throw KubernetesFailure(.unreachable, "the watch of `\(path)` broke")
        }
    }

    // MARK: One request

    private func request(_ method: HTTPMethod, _ path: String) throws(KubernetesFailure) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: server.url + path)
        request.method = method
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "lapwing")
        if let file = server.tokenFile {
            let token: String
            do {
                token = try PrivateFile.readPublic(file, maximum: 64 * 1024).trimmingCharacters(
                    in: .whitespacesAndNewlines
                )
            } catch {
                throw KubernetesFailure(.badFile, error.message)
            }
            guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw KubernetesFailure(.badFile, "`\(file)` holds no token")
            }
            request.headers.add(name: "authorization", value: "Bearer \(token)")
        }
        return request
    }

    private func execute(_ request: HTTPClientRequest, timeout: TimeAmount) async throws -> HTTPClientResponse {
        do { return try await client.execute(request, timeout: timeout) } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw KubernetesFailure(.unreachable, "`\(server.url)` cannot be reached: \(error)")
        }
    }

    private func answer(to request: HTTPClientRequest) async throws -> StrictJSON {
        let response = try await execute(request, timeout: timeout)
        let path = String(request.url.dropFirst(server.url.count))
        try Self.check(response, path)
        do {
            let bytes = Array(buffer: try await response.body.collect(upTo: Self.maximumAnswer))
            return try Self.parse(bytes, path)
        } catch let failure as KubernetesFailure {
            throw failure
        } catch is NIOTooManyBytesError {
            throw KubernetesFailure(.badAnswer, "`\(path)` answers with more than \(Self.maximumAnswer) bytes")
        } catch {
            throw KubernetesFailure(.unreachable, "the answer of `\(path)` broke off: \(error)")
        }
    }

    private static func check(_ response: HTTPClientResponse, _ path: String) throws(KubernetesFailure) {
        let code = response.status.code
        switch code {
        case 200, 201: return
        case 401, 403:
            throw KubernetesFailure(.forbidden, "`\(path)` answers \(code): our service account may not do that")
        case 404: throw KubernetesFailure(.notFound, "`\(path)` answers 404")
        case 410: throw KubernetesFailure(.gone, "`\(path)` answers 410")
        default: throw KubernetesFailure(.badStatus, "`\(path)` answers \(code)")
        }
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws(KubernetesFailure) -> StrictJSON {
        do { return try StrictJSON(bytes, maximumDepth: maximumDepth) } catch {
            throw KubernetesFailure(.badAnswer, "`\(path)` answers with what is no JSON: \(error.message)")
        }
    }
}
