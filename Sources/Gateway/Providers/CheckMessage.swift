import Authorization
import FoundationEssentials
import NIOCore
import SPIFFE
import WireProtos
import ZeroTrust

/// The messages of `envoy.service.auth.v3`: what a provider is asked, and what its answer means.
enum CheckMessage {
    /// The header lines that are taken from one answer.
    private static let maximumHeaders = 100

    /// What a provider is asked.
    static func request(_ request: ExternalRequest, packsBytes: Bool) -> ExtAuthz_CheckRequest {
        let exchange = request.exchange
        var message = ExtAuthz_CheckRequest()
        // As Envoy asks: without HTTP there are only the two ends of the connection.
        if request.transport == .http { message.attributes.request.http = http(request, packsBytes: packsBytes) }
        let now = Timestamp.now()
        message.attributes.request.time.seconds = Int64(now.milliseconds / 1000)
        message.attributes.request.time.nanos = Int32(now.milliseconds % 1000) * 1_000_000
        message.attributes.source.address = address(exchange.source)
        message.attributes.destination.address = address(exchange.destination)
        if let peer = request.peer { message.attributes.source.principal = peer.id.description }
        if let name = exchange.serverName { message.attributes.tlsSession.sni = name }
        return message
    }

    private static func http(
        _ request: ExternalRequest,
        packsBytes: Bool
    ) -> ExtAuthz_AttributeContext.HTTPRequest {
        let exchange = request.exchange
        var http = ExtAuthz_AttributeContext.HTTPRequest()
        http.id = exchange.id.description
        http.method = exchange.method
        http.path = exchange.path
        http.host = exchange.authority
        // Whoever came by TLS has proved who it is; the others came over plaintext.
        let scheme = request.peer == nil ? "http" : "https"
        http.scheme = scheme
        http.protocol = "HTTP/1.1"
        http.size = request.bodySize.map { Int64(clamping: $0) } ?? -1
        // Lines of one name become one, as RFC 9110 §5.3 joins them.
        for header in exchange.headers {
            let separator = header.name == "cookie" ? "; " : ","
            http.headers[header.name] = http.headers[header.name].map { $0 + separator + header.value } ?? header.value
        }
        http.headers[":method"] = exchange.method
        http.headers[":path"] = exchange.path
        http.headers[":authority"] = exchange.authority
        http.headers[":scheme"] = scheme
        http.headers["x-request-id"] = http.id
        if let body = request.body {
            if packsBytes { http.rawBody = .init(body) } else { http.body = String(decoding: body, as: UTF8.self) }
            http.headers["x-envoy-auth-partial-body"] = "\(request.isBodyPartial)"
        }
        return http
    }

    private static func address(_ endpoint: Exchange.Endpoint) -> ExtAuthz_Address {
        var address = ExtAuthz_Address()
        address.socketAddress.address = endpoint.address.description
        address.socketAddress.portValue = UInt32(endpoint.port)
        return address
    }

    /// What an answer means.
    ///
    /// Nothing is allowed that does not say OK: an answer without a status is none, and neither is one that says OK and
    /// brings a refusal.
    static func verdict(_ response: ExtAuthz_CheckResponse) -> ExternalVerdict {
        guard response.hasStatus else { return bad("the answer has no status") }
        guard response.status.code == 0 else {
            guard case .deniedResponse(let denied)? = response.httpResponse else { return .deny(.init()) }
            guard denied.headers.count <= maximumHeaders else { return bad("the answer has too many headers") }
            return .deny(
                .init(
                    status: Int(denied.status.code),
                    headers: denied.headers.map(header),
                    body: Array(denied.body.utf8)
                )
            )
        }
        switch response.httpResponse {
        case nil: return .allow(.init())
        case .deniedResponse: return bad("the answer is OK and a refusal")
        case .okResponse(let ok):
            guard ok.queryParametersToSet.isEmpty, ok.queryParametersToRemove.isEmpty else {
                return bad("the answer changes the query, which is not done")
            }
            guard ok.headers.count + ok.responseHeadersToAdd.count + ok.headersToRemove.count <= maximumHeaders else {
                return bad("the answer has too many headers")
            }
            // Unless it says so, a header takes the place of the client's.
            return .allow(
                .init(
                    setHeaders: ok.headers.filter { !$0.append.value }.map(header),
                    addedHeaders: ok.headers.filter(\.append.value).map(header),
                    removedHeaders: ok.headersToRemove.map { $0.lowercased() },
                    responseHeaders: ok.responseHeadersToAdd.map(header)
                )
            )
        }
    }

    private static func bad(_ message: String) -> ExternalVerdict { .failed(ExternalFailure(.badAnswer, message)) }

    private static func header(_ option: ExtAuthz_HeaderValueOption) -> Exchange.Header {
        let header = option.header
        let value = header.value.isEmpty ? String(decoding: header.rawValue, as: UTF8.self) : header.value
        return Exchange.Header(name: header.key.lowercased(), value: value)
    }
}
