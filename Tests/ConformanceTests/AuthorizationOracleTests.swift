import Authorization
import Foundation
import Resources
import Testing
import ZeroTrust

/// Every case of the oracle is decided as a real Envoy decided it: the outcome, the status, the policy that matched and
/// the path that it saw.
@Suite struct AuthorizationOracleTests {
    @Test func `every case is decided as Envoy decides it`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let oracle = try JSONDecoder().decode(
            Oracle.self,
            from: Data(contentsOf: corpus.appendingPathComponent("oracle_cases.json"))
        )
        let issuers = try OracleIssuers(oracle.jwt)
        let withTokens = Set(oracle.cases.filter { $0.request.jwt != nil }.map(\.set))
        var worlds: [String: OracleWorld] = [:]
        var report = SuiteReport(name: "Istio authorization oracle")
        for set in oracle.sets {
            do {
                let usesTokens = withTokens.contains(set.id) || set.looksAtTokens
                worlds[set.id] = try OracleWorld(set, issuers, usesTokens: usesTokens)
            } catch {
                report.failed("\(set.id): the set does not load: \(error)")
            }
        }
        for item in oracle.cases {
            guard let world = worlds[item.set] else {
                report.failed("\(item.id): its set is not there")
                continue
            }
            let differences: [String]
            do { differences = item.expected.differences(from: try world.answer(item.request)) } catch {
                differences = ["the case does not run: \(error)"]
            }
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

struct Oracle: Decodable {
    /// The issuers whose tokens are accepted, and how.
    struct Tokens: Decodable {
        let issuers: [String]
        let spaceDelimited: [String]

        enum CodingKeys: String, CodingKey {
            case issuers
            case spaceDelimited = "space_delimited_claims"
        }
    }

    let jwt: Tokens
    let sets: [PolicyCase]
    let cases: [RequestCase]

    struct PolicyCase: Decodable {
        enum Kind: String, Decodable { case http, tcp }

        let id: String
        let kind: Kind
        let pathNormalization: PathNormalization
        let peerAuthentication: MutualTLSMode
        let trustDomainAndAliases: [String]?
        let extAuthz: String?
        let policyYAML: String

        var looksAtTokens: Bool {
            ["equestPrincipals", "request.auth."].contains { policyYAML.contains($0) }
        }
    }

    struct RequestCase: Decodable {
        let id: String
        let set: String
        let request: SentRequest
        let expected: ExpectedAnswer
    }

    struct SentRequest: Decodable {
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
        let jwt: OracleToken?

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
            jwt = try values.decodeIfPresent(OracleToken.self, forKey: .jwt)
        }
    }
}

/// What our own code answered, in the oracle's words.
struct OracleAnswer {
    let decision: String
    var status: Int?
    var path: String?
    var allowedBy: String?
    var deniedBy: String?
    var isAudited = false
    var trial: Decision.DryRun?

    init(decision: String, status: Int? = nil, path: String? = nil) {
        self.decision = decision
        self.status = status
        self.path = path
    }

    init(_ decision: Decision, path: String?) {
        self.decision = decision.outcome == .allow ? "ALLOW" : "DENY"
        self.status = decision.outcome == .allow ? 200 : 403
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

extension Oracle {
    struct ExpectedAnswer: Decodable {
        let decision: String
        let status: Int?
        let path: String?
        let allowedBy: String?
        let deniedBy: String?
        let audit: Bool?
        let trialDeny: String?
        let trialDenyBy: String?
        let trialAllow: String?

        enum CodingKeys: String, CodingKey {
            case decision, status, audit
            case path = "path_seen_by_policy"
            case allowedBy = "allowed_by"
            case deniedBy = "matched_policy"
            case trialDeny = "dry_deny"
            case trialDenyBy = "dry_deny_by"
            case trialAllow = "dry_allow"
        }

        func differences(from answer: OracleAnswer) -> [String] {
            var differences: [String] = []
            func compare(_ what: String, _ expected: String?, _ got: String?) {
                guard expected != got else { return }
                differences.append("\(what): expected \(expected ?? "none"), got \(got ?? "none")")
            }
            compare("decision", decision, answer.decision)
            // A connection without HTTP has no status, and no policy is named for one.
            if let status { compare("status", "\(status)", answer.status.map { "\($0)" }) }
            if let path { compare("path", path, answer.path) }
            if decision == "ALLOW", status != nil { compare("allowed by", allowedBy, answer.allowedBy) }
            if decision == "DENY", status != nil || deniedBy != nil { compare("denied by", deniedBy, answer.deniedBy) }
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
}
