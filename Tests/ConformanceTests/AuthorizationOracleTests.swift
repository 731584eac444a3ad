import Authorization
import Foundation
import Resources
import Testing
import ZeroTrust

/// Every plain-HTTP request of the oracle is decided as a real Envoy decided it: the outcome, the policy that matched and
/// the path that it saw.
@Suite struct AuthorizationOracleTests {
    @Test func `every plain-HTTP case is decided as Envoy decides it`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let oracle = try JSONDecoder().decode(
            Oracle.self,
            from: Data(contentsOf: corpus.appendingPathComponent("oracle_cases.json"))
        )
        let withTokens = Set(oracle.cases.filter { $0.request.jwt != nil }.map(\.set))
        var engines: [String: (engine: PolicyEngine, screen: RequestScreen)] = [:]
        var report = SuiteReport(name: "Istio authorization oracle")
        for set in oracle.sets where set.isPlainHTTP && !withTokens.contains(set.id) {
            do {
                let documents = try ResourceLoader.parse(yaml: set.policyYAML, file: "\(set.id).yaml")
                let policies = try PolicySet.load(documents, checks: .dataPlane)
                // The oracle puts every policy to every workload: scope is not what it examines.
                let engine = try PolicyEngine(
                    applying: policies.policies,
                    options: PolicyEngine.Options(
                        compatibility: .istio,
                        trustDomains: set.trustDomainAndAliases ?? ["cluster.local"]
                    )
                )
                let normalization = try #require(PathNormalization(rawValue: set.pathNormalization))
                engines[set.id] = (engine, RequestScreen(normalization: normalization))
            } catch {
                report.failed("\(set.id): the set does not load: \(error)")
            }
        }
        for item in oracle.cases {
            guard let (engine, screen) = engines[item.set] else { continue }
            let answer = item.request.answer(engine, screen)
            let differences = item.expected.differences(from: answer)
            if differences.isEmpty {
                report.passed()
            } else {
                report.failed("\(item.id): \(differences.joined(separator: "; "))")
            }
        }
        report.finish()
    }
}

// MARK: - The oracle's form

private struct Oracle: Decodable {
    let sets: [PolicyCase]
    let cases: [RequestCase]
}

private struct PolicyCase: Decodable {
    let id: String
    let kind: String
    let pathNormalization: String
    let peerAuthentication: String?
    let trustDomainAndAliases: [String]?
    let extAuthz: String?
    let policyYAML: String

    /// No tokens, no external provider, no bare TCP, mutual TLS required.
    var isPlainHTTP: Bool {
        let marks = ["equestPrincipals", "request.auth.", "kind: RequestAuthentication", "action: CUSTOM"]
        return kind == "http" && extAuthz == nil && peerAuthentication == "STRICT"
            && !marks.contains { policyYAML.contains($0) }
    }
}

private struct RequestCase: Decodable {
    let id: String
    let set: String
    let request: SentRequest
    let expected: ExpectedAnswer
}

private struct SentRequest: Decodable {
    struct Certificate: Decodable {
        let uris: [String]
        let dns: [String]
        let trusted: Bool
        let expired: Bool

        enum CodingKeys: String, CodingKey {
            case uris, dns, expired
            case trusted = "trusted_ca"
        }
    }

    let target: String
    let method: String
    /// Nil where the request has no host at all; empty where the header is.
    let host: String?
    let headers: [[String]]
    let source: String
    let port: UInt16
    let destination: String
    let serverName: String?
    let isPlaintext: Bool
    let client: Certificate?
    let jwt: IgnoredValue?

    enum CodingKeys: String, CodingKey {
        case target, method, host, headers, port, client, jwt
        case source = "src"
        case destination = "dst_ip"
        case serverName = "sni"
        case isPlaintext = "plain"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        // The oracle leaves empty strings out and writes what is absent as null.
        target = try values.decodeIfPresent(String.self, forKey: .target) ?? ""
        method = try values.decode(String.self, forKey: .method)
        host = values.contains(.host) ? try values.decodeIfPresent(String.self, forKey: .host) : ""
        headers = try values.decodeIfPresent([[String]].self, forKey: .headers) ?? []
        source = try values.decode(String.self, forKey: .source)
        port = try values.decode(UInt16.self, forKey: .port)
        destination = try values.decode(String.self, forKey: .destination)
        serverName = try values.decodeIfPresent(String.self, forKey: .serverName)
        isPlaintext = try values.decodeIfPresent(Bool.self, forKey: .isPlaintext) ?? false
        client = try values.decodeIfPresent(Certificate.self, forKey: .client)
        jwt = try values.decodeIfPresent(IgnoredValue.self, forKey: .jwt)
    }

    /// A value of any form that is not looked into.
    struct IgnoredValue: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    /// What our own code answers.
    func answer(_ engine: PolicyEngine, _ screen: RequestScreen) -> Answer {
        // STRICT: a handshake without a valid certificate never becomes a request.
        guard !isPlaintext, let client, client.trusted, !client.expired else { return Answer(decision: "TLS_REJECT") }
        let values = { (name: String) in headers.filter { $0[0].lowercased() == name }.map { $0[1] } }
        let hosts = (host.map { [$0] } ?? []) + values("host")
        let authority = hosts.isEmpty ? nil : hosts.joined(separator: ",")
        switch screen.check(method: method, target: target, authority: authority) {
        case .refused: return Answer(decision: "BAD_REQUEST", path: target)
        case .accepted(let request):
            guard let source = IPAddress(source), let destination = IPAddress(destination) else {
                return Answer(decision: "the case has a bad address")
            }
            let decision = engine.evaluate(
                Attributes(
                    caller: Caller(uris: client.uris, dns: client.dns),
                    method: request.method,
                    path: request.path,
                    authority: request.authority,
                    headers: headers.map {
                        Exchange.Header(
                            name: $0[0].lowercased(),
                            value: $0[1].trimmingCharacters(in: CharacterSet(charactersIn: " \t"))
                        )
                    },
                    source: source,
                    remote: Attributes.remoteAddress(forwardedFor: values("x-forwarded-for"), source: source),
                    destination: Exchange.Endpoint(address: destination, port: port),
                    serverName: serverName?.lowercased()
                )
            )
            return Answer(decision, path: request.path)
        }
    }
}

/// What our own code answered, in the oracle's words.
private struct Answer {
    let decision: String
    var path: String?
    var allowedBy: String?
    var deniedBy: String?
    var isAudited = false
    var trial: Decision.DryRun?

    init(decision: String, path: String? = nil) {
        self.decision = decision
        self.path = path
    }

    init(_ decision: Decision, path: String) {
        self.decision = decision.outcome == .allow ? "ALLOW" : "DENY"
        self.path = path
        if decision.outcome == .allow {
            allowedBy = decision.rule?.description
        } else {
            deniedBy = decision.matchedPolicy
        }
        isAudited = decision.auditedBy != nil
        trial = decision.dryRun
    }
}

private struct ExpectedAnswer: Decodable {
    let decision: String
    let path: String?
    let allowedBy: String?
    let deniedBy: String?
    let audit: Bool?
    let trialDeny: String?
    let trialDenyBy: String?
    let trialAllow: String?

    enum CodingKeys: String, CodingKey {
        case decision, audit
        case path = "path_seen_by_policy"
        case allowedBy = "allowed_by"
        case deniedBy = "matched_policy"
        case trialDeny = "dry_deny"
        case trialDenyBy = "dry_deny_by"
        case trialAllow = "dry_allow"
    }

    func differences(from answer: Answer) -> [String] {
        var differences: [String] = []
        func compare(_ what: String, _ expected: String?, _ got: String?) {
            if expected != got { differences.append("\(what): expected \(expected ?? "none"), got \(got ?? "none")") }
        }
        compare("decision", decision, answer.decision)
        if let path { compare("path", path, answer.path) }
        if decision == "ALLOW" { compare("allowed by", allowedBy, answer.allowedBy) }
        if decision == "DENY" { compare("denied by", deniedBy, answer.deniedBy) }
        if let audit { compare("audited", "\(audit)", "\(answer.isAudited)") }
        if let trialDeny {
            compare("dry-run deny", trialDeny, answer.trial?.deniedBy == nil ? "allowed" : "denied")
            compare("dry-run deny by", trialDenyBy, answer.trial?.deniedBy?.description)
        }
        if let trialAllow {
            compare("dry-run allow", trialAllow, answer.trial?.allowedBy == nil ? "denied" : "allowed")
        }
        return differences
    }
}
