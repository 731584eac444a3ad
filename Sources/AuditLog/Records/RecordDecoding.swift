import Foundation
public import ZeroTrust

extension AuditRecord {
    /// Reads a record back from an entry of the log.
    ///
    /// What was cut from a text when the record was written stays cut, and confidential header values stay away; the
    /// entry's own bytes tell where.
    ///
    /// - Throws: `AuditLogError` with the code `malformed` where the entry is not a record of this schema.
    public init(entry: [UInt8]) throws {
        guard entry.count <= EntryBundle.maximumEntryLength else {
            throw AuditLogError(.malformed, "the record has \(entry.count) bytes")
        }
        let data = Data(entry)
        let decoder = JSONDecoder()
        do {
            let head = try decoder.decode(RecordForm.Head.self, from: data)
            guard head.v == RecordEncoding.version else {
                throw AuditLogError(.malformed, "the record has the schema version \(head.v); this program reads 1")
            }
            switch head.kind {
            case "decision": self = .decision(try decoder.decode(RecordForm.Decision.self, from: data).record())
            case "completion": self = .completion(try decoder.decode(RecordForm.Completion.self, from: data).record())
            case "refusals": self = .refusals(try decoder.decode(RecordForm.Refusals.self, from: data).record())
            case "act": self = .act(try decoder.decode(RecordForm.Act.self, from: data).record())
            case "bodies": self = .bodies(try decoder.decode(RecordForm.Bodies.self, from: data).record())
            case "sampling": self = .sampling(try decoder.decode(RecordForm.Sampling.self, from: data).record())
            default: throw AuditLogError(.malformed, "the record is of the unknown kind `\(head.kind.prefix(64))`")
            }
        } catch let error as AuditLogError {
            throw error
        } catch {
            throw AuditLogError(.malformed, "the entry is not a record", cause: error)
        }
    }
}

/// The JSON of records, as it is read.
private enum RecordForm {
    struct Head: Decodable {
        let kind: String
        let v: Int
    }

    struct Endpoint: Decodable {
        let address: String
        let port: UInt16

        func endpoint() throws -> Exchange.Endpoint {
            Exchange.Endpoint(address: try RecordForm.address(address), port: port)
        }
    }

    static func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw AuditLogError(.malformed, "`\(text)` is not an address") }
        return address
    }

    static func id(_ text: String) throws -> RequestID {
        guard let id = RequestID(text) else { throw AuditLogError(.malformed, "`\(text)` is not an id") }
        return id
    }

    static func time(_ text: String) throws -> Timestamp {
        guard let time = Timestamp(text) else { throw AuditLogError(.malformed, "`\(text)` is not a time") }
        return time
    }

    static func outcome(_ text: String) throws -> DecisionRecord.Outcome {
        guard let outcome = DecisionRecord.Outcome(rawValue: text) else {
            throw AuditLogError(.malformed, "`\(text)` is neither `allow` nor `deny`")
        }
        return outcome
    }

    struct Guardrail: Decodable {
        struct Finding: Decodable {
            let channel: String
            let end: Int
            let field: String
            let rule: String
            let score: Int?
            let start: Int
            let threshold: Int?

            func finding() throws -> DecisionRecord.Guardrail.Finding {
                guard start >= 0, start <= end else {
                    throw AuditLogError(.malformed, "the bytes that a guardrail found end before they begin")
                }
                return DecisionRecord.Guardrail.Finding(
                    rule: rule,
                    channel: channel,
                    field: field,
                    range: start..<end,
                    score: score,
                    threshold: threshold
                )
            }
        }

        let action: String?
        let basis: String?
        let end: Int?
        let field: String?
        let findings: [Finding]?
        let name: String
        let rule: String?
        let start: Int?

        func guardrail() throws -> DecisionRecord.Guardrail {
            guard (start == nil) == (end == nil), start ?? 0 <= end ?? 0 else {
                throw AuditLogError(.malformed, "the bytes that a guardrail refused end before they begin")
            }
            let range = start.flatMap { start in end.map { start..<$0 } }
            var guardrail = DecisionRecord.Guardrail(name: name, rule: rule, field: field, range: range)
            guardrail.action = action
            guardrail.basis = basis
            guardrail.findings = try (findings ?? []).map { try $0.finding() }
            return guardrail
        }
    }

    struct Decision: Decodable {
        struct Caller: Decodable {
            let model: String?
            let model_signer: String?
            let serial: String
            let spiffe_id: String
            let svid_sha256: String
        }

        struct Verdict: Decodable {
            struct Policy: Decodable {
                let file: String
                let line: Int
                let name: String
                let namespace: String
                let rule: Int

                var policy: DecisionRecord.Policy {
                    DecisionRecord.Policy(namespace: namespace, name: name, rule: rule, file: file, line: line)
                }
            }

            struct Provider: Decodable {
                let answer: String
                let latency_ns: UInt64
                let name: String

                func provider() throws -> DecisionRecord.Provider {
                    guard let answer = DecisionRecord.Provider.Answer(rawValue: answer) else {
                        throw AuditLogError(.malformed, "`\(answer)` is no answer of a provider")
                    }
                    return DecisionRecord.Provider(name: name, answer: answer, latency: latency_ns)
                }
            }

            let audited: Policy?
            let compatibility: String
            let dry_run: String?
            let guardrail: Guardrail?
            let latency_ns: UInt64
            let outcome: String
            let policy: Policy?
            let provider: Provider?
            let reason: String
            let snapshot: String
        }

        struct Request: Decodable {
            struct Header: Decodable {
                let name: String
                let value: String?
            }

            let authority: String
            let destination: Endpoint
            let headers: [Header]?
            let method: String
            let path: String
        }

        struct Token: Decodable {
            let claims: [String: Claim]?
            let issuer: String?
            let subject: String?

            var token: RecordedToken {
                RecordedToken(issuer: issuer, subject: subject, claims: (claims ?? [:]).mapValues(\.claim))
            }
        }

        struct Claim: Decodable {
            let claim: RecordedToken.Claim

            init(from decoder: any Decoder) throws {
                guard decoder.codingPath.count < 24 else {
                    throw AuditLogError(.malformed, "the claims of the token are nested too deeply")
                }
                let value = try decoder.singleValueContainer()
                if let text = try? value.decode(String.self) {
                    claim = .text(text)
                } else if let texts = try? value.decode([String].self) {
                    claim = .list(texts)
                } else {
                    claim = .members(try value.decode([String: Claim].self).mapValues(\.claim))
                }
            }
        }

        struct TLS: Decodable {
            let cipher: String
            let server_name: String?
            let version: String
        }

        let caller: Caller?
        let decision: Verdict
        let id: String
        let model: String?
        let node: String
        let request: Request
        let route: String?
        let source: Endpoint
        let time: String
        let tls: TLS?
        let token: Token?
        let traceparent: String?

        func record() throws -> DecisionRecord {
            var record = DecisionRecord(
                id: try RecordForm.id(id),
                time: try RecordForm.time(time),
                node: node,
                caller: try caller.map { caller in
                    DecisionRecord.Caller(
                        spiffeID: try SPIFFEID(caller.spiffe_id),
                        serialNumber: caller.serial,
                        fingerprint: caller.svid_sha256,
                        modelDigest: caller.model,
                        modelSigner: caller.model_signer
                    )
                },
                source: try source.endpoint(),
                tls: tls.map {
                    DecisionRecord.TLS(version: $0.version, cipher: $0.cipher, serverName: $0.server_name)
                },
                request: DecisionRecord.Request(
                    method: request.method,
                    path: request.path,
                    authority: request.authority,
                    headers: (request.headers ?? []).map { .init(name: $0.name, value: $0.value ?? "") },
                    destination: try request.destination.endpoint()
                ),
                outcome: try RecordForm.outcome(decision.outcome),
                reason: decision.reason,
                policy: decision.policy?.policy,
                snapshot: decision.snapshot,
                compatibility: decision.compatibility,
                dryRun: try decision.dry_run.map { try RecordForm.outcome($0) },
                latency: decision.latency_ns,
                route: route,
                traceparent: traceparent
            )
            record.audited = decision.audited?.policy
            record.model = model
            record.token = token?.token
            record.provider = try decision.provider?.provider()
            record.guardrail = try decision.guardrail?.guardrail()
            return record
        }
    }

    struct Completion: Decodable {
        struct Request: Decodable {
            let bytes: UInt64
        }

        struct Response: Decodable {
            let bytes: UInt64
            let status: Int?
            let upstream: String?
        }

        struct Timings: Decodable {
            let request_ns: UInt64?
            let total_ns: UInt64
            let upstream_body_ns: UInt64?
            let upstream_head_ns: UInt64?
        }

        struct Usage: Decodable {
            let cached: UInt64?
            let input: UInt64?
            let output: UInt64?
            let reasoning: UInt64?
        }

        let ended: String
        let guardrail: Guardrail?
        let id: String
        let node: String
        let request: Request
        let response: Response
        let time: String
        let timings: Timings
        let usage: Usage?

        func record() throws -> CompletionRecord {
            guard let ending = CompletionRecord.Ending(rawValue: ended) else {
                throw AuditLogError(.malformed, "`\(ended)` is not a way in which a request ends")
            }
            var record = CompletionRecord(
                id: try RecordForm.id(id),
                time: try RecordForm.time(time),
                node: node,
                status: response.status,
                bytesReceived: request.bytes,
                bytesSent: response.bytes,
                upstream: response.upstream,
                timings: .init(
                    requestReceived: timings.request_ns,
                    upstreamHead: timings.upstream_head_ns,
                    upstreamBody: timings.upstream_body_ns,
                    total: timings.total_ns
                ),
                ending: ending
            )
            record.guardrail = try guardrail?.guardrail()
            record.usage = usage.map {
                TokenUsage(input: $0.input, output: $0.output, cached: $0.cached, reasoning: $0.reasoning)
            }
            return record
        }
    }

    struct Refusals: Decodable {
        let count: UInt64
        let id: String
        let node: String
        let reason: String
        let source: String?
        let time: String

        func record() throws -> AggregateRefusalRecord {
            AggregateRefusalRecord(
                id: try RecordForm.id(id),
                second: try RecordForm.time(time),
                node: node,
                source: try source.map { try RecordForm.address($0) },
                reason: reason,
                count: count
            )
        }
    }

    struct Act: Decodable {
        let action: String
        let actor: String
        let after: String?
        let before: String?
        let id: String
        let node: String
        let outcome: String
        let reason: String?
        let subject: String
        let time: String

        func record() throws -> ActRecord {
            guard let outcome = ActRecord.Outcome(rawValue: outcome) else {
                throw AuditLogError(.malformed, "`\(outcome)` is no outcome of an act")
            }
            return ActRecord(
                id: try RecordForm.id(id),
                time: try RecordForm.time(time),
                node: node,
                actor: actor,
                action: action,
                subject: subject,
                before: before,
                after: after,
                outcome: outcome,
                reason: reason
            )
        }
    }

    struct Bodies: Decodable {
        struct Part: Decodable {
            let bytes: UInt64
            let digest: String
            let kept: UInt64
            let ref: String

            var part: BodyRecord.Part { BodyRecord.Part(bytes: bytes, kept: kept, digest: digest, reference: ref) }
        }

        let id: String
        let key: String
        let node: String
        let request: Part?
        let response: Part?
        let tenant: String
        let time: String

        func record() throws -> BodyRecord {
            BodyRecord(
                id: try RecordForm.id(id),
                time: try RecordForm.time(time),
                node: node,
                tenant: tenant,
                key: key,
                request: request?.part,
                response: response?.part
            )
        }
    }

    struct Sampling: Decodable {
        let count: UInt64
        let first: String
        let id: String
        let last: String
        let node: String
        let reason: String
        let root: String
        let tenant: String
        let time: String

        func record() throws -> SamplingRecord {
            SamplingRecord(
                id: try RecordForm.id(id),
                time: try RecordForm.time(time),
                node: node,
                tenant: tenant,
                reason: reason,
                count: count,
                first: try RecordForm.id(first),
                last: try RecordForm.id(last),
                root: root
            )
        }
    }
}
