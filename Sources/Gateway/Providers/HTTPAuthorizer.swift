import Authorization
import MutualTLS
import NIOCore
import SPIFFE
import ZeroTrust

/// Asks a provider over HTTP: a request like the client's, answered 200 where that may go on.
///
/// A redirect is an answer like any other and is not followed: the client gets it, as it does from a server that wants
/// it to log in.
struct HTTPAuthorizer: ExternalAuthorizer {
    private let settings: EnvoyAuthorizationProvider.HTTPSettings
    private let connections: CheckConnections
    private let requestHeaders: HeaderSelection
    private let upstreamHeaders: HeaderSelection
    private let deniedHeaders: HeaderSelection
    private let allowedHeaders: HeaderSelection

    /// What an answer that denies says in any case, where a choice of its headers is configured.
    private static let alwaysDenied: Set<String> = ["www-authenticate", "location"]
    /// A header in which a provider names headers that are not to go upstream.
    private static let removalHeader = "x-envoy-auth-headers-to-remove"

    init(_ settings: EnvoyAuthorizationProvider.HTTPSettings, connections: CheckConnections) {
        self.settings = settings
        self.connections = connections
        requestHeaders = HeaderSelection(settings.requestHeaders)
        upstreamHeaders = HeaderSelection(settings.upstreamHeadersOnAllow)
        deniedHeaders = HeaderSelection(settings.clientHeadersOnDeny)
        allowedHeaders = HeaderSelection(settings.clientHeadersOnAllow)
    }

    func decide(_ question: ExternalQuestion, _ request: ExternalRequest) async -> ExternalVerdict {
        guard let method = HTTP1Method(rawValue: request.exchange.method), method != .connect else {
            return .failed(ExternalFailure(.failed, "the method cannot be asked about"))
        }
        do {
            return verdict(try await connections.ask(message(for: request), method: method))
        } catch let failure as ExternalFailure {
            return .failed(failure)
        } catch {
            return .failed(ExternalFailure(.unreachable, "\(error)"))
        }
    }

    // MARK: The check

    /// The request that is sent, whole.
    func message(for request: ExternalRequest) -> ByteBuffer {
        let exchange = request.exchange
        let added = Set(settings.addedHeaders.keys.map { $0.lowercased() })
        var output = ByteBuffer()
        output.writeString("\(exchange.method) \(settings.pathPrefix ?? "")\(exchange.path) HTTP/1.1\r\n")
        output.writeString("host: \(exchange.authority)\r\n")
        for header in exchange.headers where header.name == "authorization" || requestHeaders.contains(header.name) {
            guard FieldName(of: header.name) == .other, !added.contains(header.name), HeaderField.isSound(header) else {
                continue
            }
            output.writeString("\(header.name): \(header.value)\r\n")
        }
        for (name, value) in settings.addedHeaders.sorted(by: { $0.key < $1.key }) {
            output.writeString("\(name.lowercased()): \(value)\r\n")
        }
        if let peer = request.peer {
            output.writeImmutableBuffer(HeadWriter.identity(peer.id, fingerprint: peer.fingerprint))
        }
        output.writeString("x-request-id: \(exchange.id)\r\n")
        if request.body != nil { output.writeString("x-envoy-auth-partial-body: \(request.isBodyPartial)\r\n") }
        output.writeString("content-length: \(request.body?.count ?? 0)\r\n\r\n")
        output.writeBytes(request.body ?? [])
        return output
    }

    // MARK: The answer

    /// What an answer means.
    func verdict(_ answer: HTTPAnswer) -> ExternalVerdict {
        switch answer.status {
        case 200: .allow(changes(answer))
        case 500...599: .failed(ExternalFailure(.failed, "the provider answered \(answer.status)"))
        default: .deny(refusal(answer))
        }
    }

    private func changes(_ answer: HTTPAnswer) -> ExternalVerdict.Changes {
        var changes = ExternalVerdict.Changes()
        for header in answer.headers {
            if upstreamHeaders.contains(header.name) { changes.setHeaders.append(header) }
            if allowedHeaders.contains(header.name) { changes.responseHeaders.append(header) }
            guard header.name == Self.removalHeader else { continue }
            changes.removedHeaders += header.value.split(separator: ",").map {
                $0.filter { $0 != " " && $0 != "\t" }.lowercased()
            }
        }
        return changes
    }

    private func refusal(_ answer: HTTPAnswer) -> ExternalVerdict.Refusal {
        let headers = answer.headers.filter { header in
            deniedHeaders.isEmpty
                ? header.name != "host"
                : deniedHeaders.contains(header.name) || Self.alwaysDenied.contains(header.name)
        }
        return ExternalVerdict.Refusal(status: answer.status, headers: headers, body: answer.body)
    }
}
