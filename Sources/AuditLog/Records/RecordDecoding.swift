public import ZeroTrust

extension AuditRecord {
    /// Reads a record back from an entry of the log.
    ///
    /// What was cut from a text when the record was written stays cut, and confidential header values stay away; the
    /// entry's own bytes tell where.
    ///
    /// - Throws: `AuditLogError` with the code `malformed` where the entry is not a record of this schema, in the
    ///   canonical form of RFC 8785.
    public init(entry: [UInt8]) throws { try self.init(entry: entry, knowing: nil) }

    /// Reads a record, one of many in turn, with the texts of those before at hand.
    init(entry: [UInt8], knowing known: RecordTexts?) throws {
        guard entry.count <= EntryBundle.maximumEntryLength else {
            throw AuditLogError(.malformed, "the record has \(entry.count) bytes")
        }
        do { try self.init(Kind(beginning: entry) ?? Kind(entry), entry, known) } catch {
            // What is of another kind or version is said to be that, and not to lack what this one has.
            do { _ = try Kind(entry) } catch {
                throw AuditLogError(.malformed, "the entry is not a record", cause: error)
            }
            throw error
        }
    }

    private init(_ kind: Kind, _ entry: [UInt8], _ known: RecordTexts?) throws {
        var reader = RecordReader(entry, knowing: known)
        self =
            switch kind {
            case .decision: .decision(try reader.record { try DecisionRecord(&$0) })
            case .completion: .completion(try reader.record { try CompletionRecord(&$0) })
            case .refusals: .refusals(try reader.record { try AggregateRefusalRecord(&$0) })
            case .act: .act(try reader.record { try ActRecord(&$0) })
            case .bodies: .bodies(try reader.record { try BodyRecord(&$0) })
            case .sampling: .sampling(try reader.record { try SamplingRecord(&$0) })
            }
        try reader.end()
    }

    /// The kinds of record, as they are written.
    private enum Kind: String {
        case decision, completion, refusals, act, bodies, sampling

        /// The kind that an entry seems to have, by its first member; nil where that does not tell.
        ///
        /// The record itself says whether it is.
        init?(beginning entry: [UInt8]) {
            func begins(_ text: StaticString) -> Bool {
                text.withUTF8Buffer { expected in
                    guard entry.count >= expected.count else { return false }
                    for index in expected.indices where unsafe expected[index] != entry[index] { return false }
                    return true
                }
            }
            if begins("{\"caller\"") || begins("{\"decision\"") {
                self = .decision
            } else if begins("{\"ended\"") {
                self = .completion
            } else {
                return nil
            }
        }

        /// Walks over an entry, for its kind and schema version.
        init(_ entry: [UInt8]) throws {
            let text = entry.span
            var offset = 0
            var (kind, version) = (0..<0, 0..<0)
            let isObject = JSONScan.object(text, &offset) { name, offset in
                guard let value = JSONScan.value(text, &offset, depth: 1) else { return false }
                if JSONScan.equals(text, name, "kind") { kind = value }
                if JSONScan.equals(text, name, "v") { version = value }
                return true
            }
            guard isObject, !kind.isEmpty, !version.isEmpty else {
                throw AuditLogError(.malformed, "it has no kind and version")
            }
            guard JSONScan.equals(text, version, "1") else {
                let version = String(decoding: entry[version].prefix(16), as: UTF8.self)
                throw AuditLogError(.malformed, "it has the schema version \(version); this program reads 1")
            }
            let name = String(decoding: entry[kind.dropFirst().dropLast()].prefix(64), as: UTF8.self)
            guard let known = Self(rawValue: name) else {
                throw AuditLogError(.malformed, "it is of the unknown kind `\(name)`")
            }
            self = known
        }
    }
}

extension RecordReader {
    /// Reads a member that is an address and port.
    fileprivate mutating func endpoint(_ name: StaticString) throws -> Exchange.Endpoint {
        try object(name) { try Exchange.Endpoint(address: $0.address("address"), port: $0.integer("port")) }
    }

    /// Reads a member that says what a guardrail did; nil where there is none.
    fileprivate mutating func guardrailIfPresent() throws -> DecisionRecord.Guardrail? {
        try objectIfPresent("guardrail") { reader in
            let action = try reader.stringIfPresent("action")
            let basis = try reader.stringIfPresent("basis")
            let end: Int? = try reader.integerIfPresent("end")
            let field = try reader.stringIfPresent("field")
            let findings = try reader.objects("findings") { try DecisionRecord.Guardrail.Finding(&$0) }
            let name = try reader.string("name")
            let rule = try reader.stringIfPresent("rule")
            let start: Int? = try reader.integerIfPresent("start")
            var guardrail = DecisionRecord.Guardrail(
                name: name,
                rule: rule,
                field: field,
                range: try reader.range(start, end)
            )
            guardrail.action = action
            guardrail.basis = basis
            guardrail.findings = findings
            return guardrail
        }
    }

    /// The bytes from one offset to another; nil where both are absent.
    fileprivate func range(_ start: Int?, _ end: Int?) throws -> Range<Int>? {
        guard let start, let end else {
            guard start == nil, end == nil else { throw malformed("says where bytes begin and not where they end") }
            return nil
        }
        guard start >= 0, start <= end else { throw malformed("says that bytes end before they begin") }
        return start..<end
    }

    /// Reads a member that names a rule of a policy; nil where there is none.
    fileprivate mutating func policyIfPresent(_ name: StaticString) throws -> DecisionRecord.Policy? {
        try objectIfPresent(name) { reader in
            let file = try reader.string("file")
            let line: Int = try reader.integer("line")
            let name = try reader.string("name")
            return DecisionRecord.Policy(
                namespace: try reader.string("namespace"),
                name: name,
                rule: try reader.integer("rule"),
                file: file,
                line: line
            )
        }
    }
}

extension DecisionRecord.Guardrail.Finding {
    fileprivate init(_ reader: inout RecordReader) throws {
        let channel = try reader.string("channel")
        let end: Int = try reader.integer("end")
        let field = try reader.string("field")
        let rule = try reader.string("rule")
        let score: Int? = try reader.integerIfPresent("score")
        let start: Int = try reader.integer("start")
        let threshold: Int? = try reader.integerIfPresent("threshold")
        guard let range = try reader.range(start, end) else { throw reader.malformed("has no bytes that were found") }
        self.init(rule: rule, channel: channel, field: field, range: range, score: score, threshold: threshold)
    }
}

extension DecisionRecord.Prompt {
    fileprivate init(_ reader: inout RecordReader) throws {
        let fingerprint = try reader.fingerprint("fingerprint")
        let probabilities: Int? = try reader.integerIfPresent("logprobs")
        let temperature: Int? = try reader.integerIfPresent("temperature_milli")
        self.init(
            fingerprint: fingerprint,
            template: try reader.fingerprint("template"),
            temperature: temperature,
            wantsLogProbabilities: probabilities == 1,
            tokens: try reader.integer("tokens")
        )
    }
}

extension RecordReader {
    /// Reads a member that is sixteen hexadecimal digits.
    fileprivate mutating func fingerprint(_ name: StaticString) throws -> UInt64 {
        let text = try string(name)
        guard let bytes = Hexadecimal.bytes(text), bytes.count == 8 else {
            throw malformed("holds no fingerprint of sixteen hexadecimal digits")
        }
        return bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
}

extension DecisionRecord {
    /// What stands in the member `decision`.
    private struct Made {
        let audited: Policy?
        let compatibility: String
        let dryRun: Outcome?
        let guardrail: Guardrail?
        let latency: UInt64
        let outcome: Outcome
        let policy: Policy?
        let provider: Provider?
        let reason: String
        let snapshot: String

        init(_ reader: inout RecordReader) throws {
            audited = try reader.policyIfPresent("audited")
            compatibility = try reader.string("compatibility")
            dryRun = try reader.wordIfPresent("dry_run")
            guardrail = try reader.guardrailIfPresent()
            latency = try reader.integer("latency_ns")
            outcome = try reader.word("outcome")
            policy = try reader.policyIfPresent("policy")
            provider = try reader.objectIfPresent("provider") { reader in
                let answer: Provider.Answer = try reader.word("answer")
                let latency: UInt64 = try reader.integer("latency_ns")
                return Provider(name: try reader.string("name"), answer: answer, latency: latency)
            }
            reason = try reader.string("reason")
            snapshot = try reader.string("snapshot")
        }
    }

    fileprivate init(_ reader: inout RecordReader) throws {
        let caller = try reader.objectIfPresent("caller") { try Caller(&$0) }
        let made = try reader.object("decision") { try Made(&$0) }
        let id = try reader.id("id")
        try reader.expect("kind", "decision")
        let model = try reader.stringIfPresent("model")
        let node = try reader.string("node")
        let prompt = try reader.objectIfPresent("prompt") { try Prompt(&$0) }
        let request = try reader.object("request") { try Request(&$0) }
        let route = try reader.stringIfPresent("route")
        let source = try reader.endpoint("source")
        let time = try reader.time("time")
        let tls = try reader.objectIfPresent("tls") { reader in
            let cipher = try reader.string("cipher")
            let serverName = try reader.stringIfPresent("server_name")
            return TLS(version: try reader.string("version"), cipher: cipher, serverName: serverName)
        }
        let token = try reader.tokenIfPresent("token")
        self.init(
            id: id,
            time: time,
            node: node,
            caller: caller,
            source: source,
            tls: tls,
            request: request,
            outcome: made.outcome,
            reason: made.reason,
            policy: made.policy,
            snapshot: made.snapshot,
            compatibility: made.compatibility,
            dryRun: made.dryRun,
            latency: made.latency,
            route: route,
            traceparent: try reader.stringIfPresent("traceparent")
        )
        self.audited = made.audited
        self.model = model
        self.prompt = prompt
        self.token = token
        self.provider = made.provider
        self.guardrail = made.guardrail
    }
}

extension DecisionRecord.Caller {
    fileprivate init(_ reader: inout RecordReader) throws {
        let model = try reader.stringIfPresent("model")
        let signer = try reader.stringIfPresent("model_signer")
        let serial = try reader.string("serial")
        let spiffeID: SPIFFEID
        do { spiffeID = try reader.spiffeID("spiffe_id") } catch let error as SPIFFEIDError {
            throw AuditLogError(.malformed, "the record's caller has no SPIFFE ID", cause: error)
        }
        self.init(
            spiffeID: spiffeID,
            serialNumber: serial,
            fingerprint: try reader.string("svid_sha256"),
            modelDigest: model,
            modelSigner: signer
        )
    }
}

extension DecisionRecord.Request {
    fileprivate init(_ reader: inout RecordReader) throws {
        let authority = try reader.string("authority")
        let destination = try reader.endpoint("destination")
        let headers = try reader.objects("headers") { reader in
            let name = try reader.string("name")
            return Exchange.Header(name: name, value: try reader.stringIfPresent("value") ?? "")
        }
        let method = try reader.string("method")
        self.init(
            method: method,
            path: try reader.string("path"),
            authority: authority,
            headers: headers,
            destination: destination
        )
    }
}

extension CompletionRecord {
    fileprivate init(_ reader: inout RecordReader) throws {
        let ending: Ending = try reader.word("ended")
        let guardrail = try reader.guardrailIfPresent()
        let id = try reader.id("id")
        try reader.expect("kind", "completion")
        let node = try reader.string("node")
        let received: UInt64 = try reader.object("request") { try $0.integer("bytes") }
        var model: Model?
        let (sent, status, upstream) = try reader.object("response") { reader -> (UInt64, Int?, String?) in
            let sent: UInt64 = try reader.integer("bytes")
            model = try reader.objectIfPresent("model") { reader in
                let digest = try reader.stringIfPresent("digest")
                let refusal = try reader.stringIfPresent("refusal")
                return Model(digest: digest, signer: try reader.stringIfPresent("signer"), refusal: refusal)
            }
            return (sent, try reader.integerIfPresent("status"), try reader.stringIfPresent("upstream"))
        }
        let time = try reader.time("time")
        let timings = try reader.object("timings") { reader -> Timings in
            let requestReceived: UInt64? = try reader.integerIfPresent("request_ns")
            let total: UInt64 = try reader.integer("total_ns")
            let upstreamBody: UInt64? = try reader.integerIfPresent("upstream_body_ns")
            return Timings(
                requestReceived: requestReceived,
                upstreamHead: try reader.integerIfPresent("upstream_head_ns"),
                upstreamBody: upstreamBody,
                total: total
            )
        }
        let usage = try reader.objectIfPresent("usage") { reader -> TokenUsage in
            let cached: UInt64? = try reader.integerIfPresent("cached")
            return TokenUsage(
                input: try reader.integerIfPresent("input"),
                output: try reader.integerIfPresent("output"),
                cached: cached,
                reasoning: try reader.integerIfPresent("reasoning")
            )
        }
        self.init(
            id: id,
            time: time,
            node: node,
            status: status,
            bytesReceived: received,
            bytesSent: sent,
            upstream: upstream,
            timings: timings,
            ending: ending
        )
        self.guardrail = guardrail
        self.model = model
        self.usage = usage
    }
}

extension AggregateRefusalRecord {
    fileprivate init(_ reader: inout RecordReader) throws {
        let count: UInt64 = try reader.integer("count")
        let id = try reader.id("id")
        try reader.expect("kind", "refusals")
        let node = try reader.string("node")
        let reason = try reader.string("reason")
        let source = try reader.addressIfPresent("source")
        self.init(id: id, second: try reader.time("time"), node: node, source: source, reason: reason, count: count)
    }
}

extension ActRecord {
    fileprivate init(_ reader: inout RecordReader) throws {
        let action = try reader.string("action")
        let actor = try reader.string("actor")
        let after = try reader.stringIfPresent("after")
        let before = try reader.stringIfPresent("before")
        let id = try reader.id("id")
        try reader.expect("kind", "act")
        let node = try reader.string("node")
        let outcome: Outcome = try reader.word("outcome")
        let reason = try reader.stringIfPresent("reason")
        let subject = try reader.string("subject")
        self.init(
            id: id,
            time: try reader.time("time"),
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

extension BodyRecord {
    fileprivate init(_ reader: inout RecordReader) throws {
        let id = try reader.id("id")
        let key = try reader.string("key")
        try reader.expect("kind", "bodies")
        let node = try reader.string("node")
        let request = try reader.objectIfPresent("request") { try Part(&$0) }
        let response = try reader.objectIfPresent("response") { try Part(&$0) }
        let tenant = try reader.string("tenant")
        self.init(
            id: id,
            time: try reader.time("time"),
            node: node,
            tenant: tenant,
            key: key,
            request: request,
            response: response
        )
    }
}

extension BodyRecord.Part {
    fileprivate init(_ reader: inout RecordReader) throws {
        let bytes: UInt64 = try reader.integer("bytes")
        let digest = try reader.string("digest")
        let kept: UInt64 = try reader.integer("kept")
        self.init(bytes: bytes, kept: kept, digest: digest, reference: try reader.string("ref"))
    }
}

extension SamplingRecord {
    fileprivate init(_ reader: inout RecordReader) throws {
        let count: UInt64 = try reader.integer("count")
        let first = try reader.id("first")
        let id = try reader.id("id")
        try reader.expect("kind", "sampling")
        let last = try reader.id("last")
        let node = try reader.string("node")
        let reason = try reader.string("reason")
        let root = try reader.string("root")
        let tenant = try reader.string("tenant")
        self.init(
            id: id,
            time: try reader.time("time"),
            node: node,
            tenant: tenant,
            reason: reason,
            count: count,
            first: first,
            last: last,
            root: root
        )
    }
}
