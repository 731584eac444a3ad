import ArgumentParser
import Authorization
import Foundation
import Gateway
import SPIFFE
import ZeroTrust

/// The flags that describe a request which nobody sent.
struct HypotheticalRequest: ParsableArguments {
    @Option(help: "The caller's SPIFFE ID; without it the caller proved no identity, as over plaintext.")
    var from: String?

    @Option(name: .customLong("header"), help: "A header line, `name: value`; may be repeated.")
    var headers: [String] = []

    @Option(help: "The address that the request comes from.")
    var sourceIP = "127.0.0.1"

    @Option(name: .customLong("remote-ip"), help: "The client that a trusted hop speaks for; the source by default.")
    var remoteIP: String?

    @Option(name: .customLong("destination-ip"), help: "The address on which it arrives; the gateway's own by default.")
    var destinationIP: String?

    @Option(help: "The port on which it arrives; the gateway's own by default.")
    var port: UInt16?

    @Option(
        name: .customLong("sni"),
        help: "The name asked for in the handshake; the URL's host by default, and none for CONNECT."
    )
    var serverName: String?

    @Flag(name: .customLong("no-sni"), help: "The handshake asks for no name.")
    var hasNoServerName = false

    @Option(help: "The digest of the model that the caller's certificate names: sha256:…")
    var modelDigest: String?

    @Option(help: "Who signed that model.")
    var modelSigner: String?

    @Option(help: "The claims of the request's token, which is taken to be valid: a JSON object.")
    var claims: String?

    /// What the policies would see.
    ///
    /// - Throws: ``CommandError`` for a flag that cannot be read, and where the request is answered 400 before any policy
    ///   is asked.
    func attributes(method: String, url: String, to gateway: GatewayConfiguration) throws -> Attributes {
        if method == DecisionRecord.connectionMethod { return try connection(to: url, of: gateway) }
        let isTunnel = method == "CONNECT"
        let outcome = gateway.screen.check(
            method: method,
            target: isTunnel ? url : Self.target(url),
            authority: isTunnel ? url : Self.host(url)
        )
        switch outcome {
        case .refused(.tunnel):
            throw CommandError(
                .refused,
                "the gateway answers 501 before any policy is asked: none of its routes has `upgrade: [connect]`"
            )
        case .refused(let reason) where isTunnel:
            throw CommandError(
                .refused,
                "the gateway answers 400 before any policy is asked: \(reason.rawValue); `\(url)` is no target of a "
                    + "CONNECT: write HOST:PORT, such as `db.internal:5432`, without scheme and path"
            )
        case .refused(let reason):
            throw CommandError(
                .refused,
                "the gateway answers 400 before any policy is asked: \(reason.rawValue)"
                    + RefusalAdvice.sentence(for: reason.rawValue)
            )
        case .accepted(let request):
            let listener = gateway.listeners.first
            // A tunnel's target is beyond the handshake, which names the gateway.
            let host = isTunnel ? nil : request.authority.split(separator: ":").first.map(String.init)
            let name = serverName ?? host
            return Attributes(
                caller: try caller(),
                method: request.method,
                path: request.path,
                authority: request.authority,
                headers: try headerLines(),
                source: try address(sourceIP),
                remote: try remoteIP.map { try address($0) },
                destination: Exchange.Endpoint(
                    address: try destinationIP.map { try address($0) } ?? IPAddress(listener?.address ?? "")
                        ?? IPAddress(v4: 0x7f00_0001),
                    port: port ?? UInt16(listener?.port ?? 0)
                ),
                serverName: hasNoServerName ? nil : name?.lowercased(),
                token: try token()
            )
        }
    }

    /// A connection that carries no HTTP, to the first listener that takes such; `url` is `tcp://HOST:PORT`, `HOST:PORT`
    /// or the name of a listener.
    private func connection(to url: String, of gateway: GatewayConfiguration) throws -> Attributes {
        let host = Self.host(url.contains("://") ? url : "tcp://" + url)
        let parts = host.split(separator: ":", maxSplits: 1)
        let named = gateway.listeners.first { $0.name == url && $0.service != .http }
        let listener = named ?? gateway.listeners.first { $0.service != .http }
        guard let number = port ?? (parts.count == 2 ? UInt16(parts[1]) : (listener?.port).map(UInt16.init)) else {
            throw CommandError(.usage, "`\(url)` names no port; write `TCP tcp://HOST:PORT`, or give --port")
        }
        let name = serverName ?? (named == nil ? parts.first.map(String.init) : nil)
        return Attributes(
            connectionOf: try caller(),
            source: try address(sourceIP),
            destination: Exchange.Endpoint(
                address: try destinationIP.map { try address($0) } ?? IPAddress(listener?.address ?? "")
                    ?? IPAddress(v4: 0x7f00_0001),
                port: number
            ),
            serverName: hasNoServerName ? nil : name?.lowercased()
        )
    }

    private func caller() throws -> Caller {
        guard let from else { return .anonymous }
        let model = try claim()
        return Caller(try Self.caller(named: from), model: model)
    }

    /// The workload that `--from` names, with `spiffe://` or as Istio's principals are written.
    static func caller(named text: String) throws -> SPIFFEID {
        let id: SPIFFEID
        do { id = try SPIFFEID(text.hasPrefix("spiffe://") ? text : "spiffe://" + text) } catch {
            throw CommandError(.usage, "--from `\(text)`: \(error)")
        }
        guard !id.path.isEmpty else {
            throw CommandError(
                .usage,
                "--from `\(text)`: this is a trust domain and no workload; expected a SPIFFE ID such as "
                    + "`spiffe://cluster.local/ns/ml-api/sa/api-gateway`"
            )
        }
        return id
    }

    private func claim() throws -> ModelClaim? {
        guard modelDigest != nil || modelSigner != nil else { return nil }
        guard let claim = ModelClaim(digest: modelDigest ?? "", signer: modelSigner ?? "unknown") else {
            throw CommandError(.usage, "--model-digest takes `sha256:` and 64 digits of hexadecimal")
        }
        return claim
    }

    private func token() throws -> TokenClaims? {
        try claims.map { text in
            guard let token = TokenClaims(json: text) else {
                throw CommandError(.usage, "--claims takes a JSON object such as `{\"iss\": \"https://issuer\"}`")
            }
            return token
        }
    }

    private func headerLines() throws -> [Exchange.Header] {
        try headers.map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandError(.usage, "`\(line)` is no header; write `name: value`")
            }
            return Exchange.Header(
                name: parts[0].lowercased(),
                value: parts[1].trimmingCharacters(in: .whitespaces)
            )
        }
    }

    private func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw CommandError(.usage, "`\(text)` is no IP address") }
        return address
    }

    /// The path and query of a URL, or the text itself.
    private static func target(_ url: String) -> String {
        guard let range = url.firstRange(of: "://") else { return url }
        let rest = url[range.upperBound...]
        guard let slash = rest.firstIndex(of: "/") else { return "/" }
        return String(rest[slash...])
    }

    /// The host of a URL; a path alone has the gateway's word for it.
    private static func host(_ url: String) -> String {
        guard let range = url.firstRange(of: "://") else { return "localhost" }
        return String(url[range.upperBound...].prefix { $0 != "/" })
    }
}
