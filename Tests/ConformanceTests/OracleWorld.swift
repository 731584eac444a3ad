import Authorization
import Foundation
import Resources
import ZeroTrust

/// What decides the cases of one set: an engine, a screen, and what answers for tokens and providers.
struct OracleWorld {
    private let set: Oracle.PolicyCase
    private let engine: PolicyEngine
    private let screen: RequestScreen
    private let issuers: OracleIssuers
    private let verifier: TokenVerifier?
    /// The header, and its value, that the set's provider asks for.
    private let providerAsksFor: (name: String, value: String)?

    init(_ set: Oracle.PolicyCase, _ issuers: OracleIssuers, usesTokens: Bool) throws {
        let documents = try ResourceLoader.parse(yaml: set.policyYAML, file: "\(set.id).yaml")
        let policies = try PolicySet.load(documents, checks: .dataPlane).policies
        self.set = set
        // The oracle puts every policy to every workload: scope is not what it examines.
        self.engine = try PolicyEngine(
            applying: policies,
            options: PolicyEngine.Options(
                compatibility: .istio,
                trustDomains: set.trustDomainAndAliases ?? ["cluster.local"],
                providers: Set(policies.compactMap(\.provider))
            )
        )
        self.screen = RequestScreen(normalization: set.pathNormalization, compatibility: .istio)
        self.issuers = issuers
        self.verifier = usesTokens ? issuers.verifier() : nil
        self.providerAsksFor = try set.extAuthz.map { text in
            guard let match = text.firstMatch(of: #/deny unless request header ([\w-]+): (\S+)/#) else {
                throw OracleError("the provider `\(text)` is not known")
            }
            return (match.1.lowercased(), String(match.2))
        }
    }

    /// What our own code answers.
    func answer(_ request: Oracle.SentRequest) throws -> OracleAnswer {
        guard let caller = caller(request) else { return OracleAnswer(decision: "TLS_REJECT") }
        guard let source = IPAddress(request.source), let destination = IPAddress(request.destination) else {
            throw OracleError("the case has a bad address")
        }
        let endpoint = Exchange.Endpoint(address: destination, port: request.port)
        let serverName = request.isPlaintext ? nil : request.serverName?.lowercased()
        guard set.kind == .http else {
            let attributes = Attributes(
                connectionOf: caller,
                source: source,
                destination: endpoint,
                serverName: serverName
            )
            return OracleAnswer(engine.evaluate(attributes), path: nil)
        }
        let headers = try self.headers(request)
        let values = { (name: String) in headers.filter { $0.name == name }.map(\.value) }
        let blanks = CharacterSet(charactersIn: " \t")
        let hosts = (request.host.map { [$0.trimmingCharacters(in: blanks)] } ?? []) + values("host")
        let authority = hosts.isEmpty ? nil : hosts.joined(separator: ",")
        switch screen.check(method: request.method, target: request.target, authority: authority) {
        case .refused: return OracleAnswer(decision: "BAD_REQUEST", status: 400, path: refusedPath(request.target))
        case .accepted(let screened):
            let attributes = Attributes(
                caller: caller,
                method: screened.method,
                path: screened.path,
                authority: screened.authority,
                headers: headers,
                source: source,
                remote: Attributes.remoteAddress(forwardedFor: values("x-forwarded-for"), source: source),
                destination: endpoint,
                serverName: serverName
            )
            return decide(attributes, headers)
        }
    }

    /// How Envoy shows a path that it refuses: with its slashes decoded, and otherwise as it was sent.
    private func refusedPath(_ target: String) -> String {
        guard set.pathNormalization == .decodeAndMergeSlashes else { return target }
        let end = target.firstIndex(of: "?") ?? target.endIndex
        let path = target[..<end].replacing(#/%2[Ff]/#, with: "/").replacing(#/%5[Cc]/#, with: "\\")
        return String(path) + target[end...]
    }

    /// CUSTOM, then the token, then the other policies.
    private func decide(_ attributes: Attributes, _ headers: [Exchange.Header]) -> OracleAnswer {
        var attributes = attributes
        var verdict: ExternalVerdict?
        if engine.evaluate(attributes).outcome == .custom { verdict = providerAnswers(headers) }
        let before = engine.evaluate(attributes, external: verdict)
        if before.reason == .deniedByProvider {
            return OracleAnswer(decision: "DENY_CUSTOM", status: 403, path: attributes.path)
        }
        switch verifier?.verify(Self.tokens(attributes, headers)) {
        case .refused: return OracleAnswer(decision: "UNAUTHENTICATED", status: 401, path: attributes.path)
        case .verified(let identity): attributes.token = identity.claims
        case .absent, nil: break
        }
        return OracleAnswer(engine.evaluate(attributes, external: verdict), path: attributes.path)
    }

    private static func tokens(_ attributes: Attributes, _ headers: [Exchange.Header]) -> TokenRequest {
        TokenRequest(
            headers: headers,
            path: attributes.path,
            isPreflight: TokenRequest.isPreflight(method: attributes.method, headers: headers)
        )
    }

    private func providerAnswers(_ headers: [Exchange.Header]) -> ExternalVerdict {
        guard let providerAsksFor else { return .failed(ExternalFailure(.unreachable, "the set has no provider")) }
        let values = headers.filter { $0.name == providerAsksFor.name }.map(\.value)
        return values == [providerAsksFor.value] ? .allow(.init()) : .deny(.init())
    }

    /// Who calls, or nil where the handshake fails.
    private func caller(_ request: Oracle.SentRequest) -> Caller? {
        let opening: MutualTLSMode.Opening = request.isPlaintext ? .plaintext : .mutualTLS
        guard set.peerAuthentication.admits(opening, to: set.kind == .http ? .http : .opaque) else { return nil }
        if request.isPlaintext || set.peerAuthentication == .disable { return .anonymous }
        guard let client = request.client, client.trusted, !client.expired else { return nil }
        return Caller(uris: client.uris, dns: client.dns)
    }

    private func headers(_ request: Oracle.SentRequest) throws -> [Exchange.Header] {
        var headers = request.headers.map {
            Exchange.Header(
                name: $0[0].lowercased(),
                value: $0[1].trimmingCharacters(in: CharacterSet(charactersIn: " \t"))
            )
        }
        if let token = request.jwt {
            headers.append(.init(name: "authorization", value: "Bearer " + (try issuers.sign(token))))
        }
        return headers
    }
}

struct OracleError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
