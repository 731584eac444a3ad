public import ZeroTrust

/// How records are written: JSON in the canonical form of RFC 8785, so that equal records are equal bytes.
///
/// An entry is at most ``maximumLength`` bytes, whatever a client sends. Texts that do not fit are cut at a character, and
/// the member `truncated` states the whole length and SHA-256 of each; where even that is too much, those of the path, and
/// how long all others were together.
public enum RecordEncoding {
    /// The schema version that is written as `v`.
    public static let version = 1
    /// The longest entry written, in bytes.
    public static let maximumLength = 4096

    /// A fingerprint as bytes, since a number of JSON is a double.
    static func bytes(of fingerprint: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: fingerprint >> UInt64(56 - 8 * $0)) }
    }

    /// Headers whose values carry credentials: only their lengths are recorded.
    static let confidentialHeaders: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-auth-token",
        "x-amz-security-token", "x-goog-api-key",
    ]

    /// How many bytes the texts of a record may take.
    struct Limits {
        let path: Int
        let authority: Int
        let headers: Int
        let name: Int
        let file: Int
        let text: Int
        let claims: Int
        /// How many findings of a guardrail are written.
        let findings: Int
        /// Of the name of who signed a model.
        let signer: Int
        /// Of words that are short unless somebody means harm.
        let word: Int
        /// Whether what the record can be understood without is left out, and what was cut is stated in sum.
        var isAbridged = false

        static let ordinary = Limits(
            path: 1024,
            authority: 255,
            headers: 512,
            name: 253,
            file: 256,
            text: 64,
            claims: 768,
            findings: 4,
            signer: 512,
            word: 64
        )
        static let tight = Limits(
            path: 256,
            authority: 64,
            headers: 0,
            name: 96,
            file: 48,
            text: 40,
            claims: 0,
            findings: 1,
            signer: 96,
            word: 64
        )
        static let tightest = Limits(
            path: 96,
            authority: 24,
            headers: 0,
            name: 24,
            file: 16,
            text: 16,
            claims: 0,
            findings: 0,
            signer: 32,
            word: 40,
            isAbridged: true
        )

        /// Whether these are the limits of all but hostile records.
        var isOrdinary: Bool { path == Self.ordinary.path }
    }
}

extension RecordEncoding {
    /// A record with the widest limits that it fits with.
    static func fitting(_ encode: (Limits) -> JSONWriter) -> JSONWriter {
        let record = encode(.ordinary)
        guard record.bytes.count > maximumLength else { return record }
        let shorter = encode(.tight)
        return shorter.bytes.count <= maximumLength ? shorter : encode(.tightest)
    }
}

extension DecisionRecord {
    /// The record as an entry of the log.
    ///
    /// With what its caller's records have in common already encoded, which must be of this record's caller, destination
    /// and TLS, it costs less and is the same.
    public func encoded(with fragments: RecordFragments? = nil) -> [UInt8] { entry(with: fragments).bytes }

    /// The same, with the record's gist where nothing of it was cut.
    public func entry(with fragments: RecordFragments? = nil) -> RecordEntry {
        let json = RecordEncoding.fitting { limits in written(limits, limits.isOrdinary ? fragments : nil) }
        return RecordEntry(bytes: json.bytes, gist: json.isWhole ? .decision(.init(self)) : nil)
    }

    private func written(_ limits: RecordEncoding.Limits, _ fragments: RecordFragments? = nil) -> JSONWriter {
        var json = JSONWriter(capacity: 1280)
        json.beginObject()
        if let caller {
            json.name("caller")
            if let fragments { json.fragment(fragments.caller) } else { json.caller(caller, limits) }
        }
        json.name("decision")
        write(decision: &json, limits)
        json.name("id")
        json.id(id)
        json.name("kind")
        json.literal("decision")
        if let model {
            json.name("model")
            json.string(model, limit: limits.name, field: "model")
        }
        json.name("node")
        json.string(node, limit: limits.text, field: "node")
        if let prompt {
            if limits.isAbridged { json.leaveOut("prompt") } else { write(prompt: prompt, &json) }
        }
        json.name("request")
        write(request: &json, limits, fragments)
        if let route {
            json.name("route")
            json.string(route, limit: limits.text, field: "route")
        }
        json.name("source")
        json.endpoint(source)
        json.name("time")
        json.time(time)
        if let tls {
            json.name("tls")
            if let fragments { json.fragment(fragments.tls) } else { json.tls(tls, limits) }
        }
        if let token {
            json.name("token")
            write(token: token, &json, limits)
        }
        if let traceparent {
            json.name("traceparent")
            json.string(traceparent, limit: 64, field: "traceparent")
        }
        json.truncated(isAbridged: limits.isAbridged)
        json.name("v")
        json.integer(UInt64(RecordEncoding.version))
        json.endObject()
        return json
    }

    private func write(prompt: Prompt, _ json: inout JSONWriter) {
        json.name("prompt")
        json.beginObject()
        json.name("fingerprint")
        json.hex(RecordEncoding.bytes(of: prompt.fingerprint))
        if prompt.wantsLogProbabilities {
            json.name("logprobs")
            json.integer(1)
        }
        if let temperature = prompt.temperature {
            json.name("temperature_milli")
            json.integer(signed: temperature)
        }
        json.name("template")
        json.hex(RecordEncoding.bytes(of: prompt.template))
        json.name("tokens")
        json.integer(UInt64(clamping: prompt.tokens))
        json.endObject()
    }

    private func write(decision json: inout JSONWriter, _ limits: RecordEncoding.Limits) {
        json.beginObject()
        if let audited {
            if limits.isAbridged {
                json.leaveOut("decision.audited")
            } else {
                write(rule: audited, of: Self.auditedRule, &json, limits)
            }
        }
        json.name("compatibility")
        json.string(compatibility, limit: 16, field: "decision.compatibility")
        if let dryRun {
            json.name("dry_run")
            json.literal(dryRun == .allow ? "allow" : "deny")
        }
        if let guardrail {
            json.name("guardrail")
            json.guardrail(guardrail, limits)
        }
        json.name("latency_ns")
        json.integer(latency)
        json.name("outcome")
        json.literal(outcome == .allow ? "allow" : "deny")
        if let policy { write(rule: policy, of: Self.decisiveRule, &json, limits) }
        if let provider {
            json.name("provider")
            json.beginObject()
            json.name("answer")
            json.string(provider.answer.rawValue)
            json.name("latency_ns")
            json.integer(provider.latency)
            json.name("name")
            json.string(provider.name, limit: limits.text, field: "decision.provider.name")
            json.endObject()
        }
        json.name("reason")
        json.string(reason, limit: limits.word, field: "decision.reason")
        json.name("snapshot")
        json.string(snapshot, limit: 64, field: "decision.snapshot")
        json.endObject()
    }

    /// What a rule's member, and its texts where they are cut, are called.
    private typealias RuleNames = (
        member: StaticString, file: StaticString, name: StaticString, namespace: StaticString
    )

    private static var decisiveRule: RuleNames {
        ("policy", "decision.policy.file", "decision.policy.name", "decision.policy.namespace")
    }
    private static var auditedRule: RuleNames {
        ("audited", "decision.audited.file", "decision.audited.name", "decision.audited.namespace")
    }

    private func write(
        rule: Policy,
        of names: RuleNames,
        _ json: inout JSONWriter,
        _ limits: RecordEncoding.Limits
    ) {
        json.name(names.member)
        json.beginObject()
        json.name("file")
        json.string(rule.file, limit: limits.file, field: names.file)
        json.name("line")
        json.integer(UInt64(clamping: rule.line))
        json.name("name")
        json.string(rule.name, limit: limits.name, field: names.name)
        json.name("namespace")
        json.string(rule.namespace, limit: min(63, limits.name), field: names.namespace)
        json.name("rule")
        json.integer(UInt64(clamping: rule.rule))
        json.endObject()
    }

    /// The claims that are written of one token, with room for what they say.
    ///
    /// What goes beyond is left out, and how much of it there was is stated.
    private func write(token: RecordedToken, _ json: inout JSONWriter, _ limits: RecordEncoding.Limits) {
        json.beginObject()
        if !token.claims.isEmpty {
            var claims = RecordedClaims(room: limits.claims)
            let kept = claims.fitting(token.claims)
            if !kept.isEmpty {
                json.name("claims")
                RecordedClaims.write(kept, &json)
            }
            if claims.omitted > 0 {
                json.name("claims_omitted")
                json.integer(UInt64(claims.omitted))
            }
        }
        if let issuer = token.issuer {
            json.name("issuer")
            json.string(issuer, limit: limits.name, field: "token.issuer")
        }
        if let subject = token.subject {
            json.name("subject")
            json.string(subject, limit: limits.name, field: "token.subject")
        }
        json.endObject()
    }

    private func write(
        request json: inout JSONWriter,
        _ limits: RecordEncoding.Limits,
        _ fragments: RecordFragments?
    ) {
        json.beginObject()
        json.name("authority")
        json.string(request.authority, limit: limits.authority, field: "request.authority")
        json.name("destination")
        if let fragments { json.fragment(fragments.destination) } else { json.endpoint(request.destination) }
        if !request.headers.isEmpty {
            write(headers: &json, limits)
        }
        json.name("method")
        json.string(request.method, limit: min(32, limits.text), field: "request.method")
        json.name("path")
        json.string(request.path, limit: limits.path, field: "request.path")
        json.endObject()
    }

    /// Header lines until their room is used up; how many were left out is stated.
    private func write(headers json: inout JSONWriter, _ limits: RecordEncoding.Limits) {
        json.name("headers")
        json.beginArray()
        var room = limits.headers
        var written = 0
        for header in request.headers {
            let start = json.bytes.count
            guard room >= 320 || room >= 128 + header.name.utf8.count + header.value.utf8.count else { break }
            json.beginObject()
            if RecordEncoding.confidentialHeaders.contains(header.name) {
                json.name("bytes")
                json.integer(UInt64(header.value.utf8.count))
                json.name("name")
                json.string(header.name)
                json.name("redacted")
                json.boolean(true)
            } else if header.value.utf8.count > 96 || header.name.utf8.count > 64 {
                json.name("bytes")
                json.integer(UInt64(header.value.utf8.count))
                json.name("name")
                _ = json.boundedString(header.name, limit: 64)
                json.name("sha256")
                json.hex(JSONWriter.digest(header.value))
                json.name("value")
                _ = json.boundedString(header.value, limit: 96)
            } else {
                json.name("name")
                json.string(header.name)
                json.name("value")
                json.string(header.value)
            }
            json.endObject()
            room -= json.bytes.count - start
            written += 1
        }
        json.endArray()
        if written < request.headers.count {
            json.name("headers_omitted")
            json.integer(UInt64(request.headers.count - written))
        }
    }
}

extension CompletionRecord {
    /// The record as an entry of the log.
    public func encoded() -> [UInt8] { entry().bytes }

    /// The same, with the record's gist where nothing of it was cut.
    public func entry() -> RecordEntry {
        let json = RecordEncoding.fitting(written)
        return RecordEntry(bytes: json.bytes, gist: json.isWhole ? .completion(.init(self)) : nil)
    }

    private func written(_ limits: RecordEncoding.Limits) -> JSONWriter {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.name("ended")
        json.string(ending.rawValue)
        if let guardrail {
            json.name("guardrail")
            json.guardrail(guardrail, limits)
        }
        json.name("id")
        json.id(id)
        json.name("kind")
        json.literal("completion")
        json.name("node")
        json.string(node, limit: limits.text, field: "node")
        json.name("request")
        json.beginObject()
        json.name("bytes")
        json.integer(bytesReceived)
        json.endObject()
        json.name("response")
        json.beginObject()
        json.name("bytes")
        json.integer(bytesSent)
        if let model {
            json.name("model")
            json.beginObject()
            if let digest = model.digest {
                json.name("digest")
                json.string(digest, limit: 71, field: "response.model.digest")
            }
            if let refusal = model.refusal {
                json.name("refusal")
                json.string(refusal, limit: 64, field: "response.model.refusal")
            }
            if let signer = model.signer {
                json.name("signer")
                json.string(signer, limit: limits.signer, field: "response.model.signer")
            }
            json.endObject()
        }
        if let status {
            json.name("status")
            json.integer(UInt64(clamping: status))
        }
        if let upstream {
            json.name("upstream")
            json.string(upstream, limit: limits.name, field: "response.upstream")
        }
        json.endObject()
        json.name("time")
        json.time(time)
        json.name("timings")
        json.beginObject()
        if let requestReceived = timings.requestReceived {
            json.name("request_ns")
            json.integer(requestReceived)
        }
        json.name("total_ns")
        json.integer(timings.total)
        if let upstreamBody = timings.upstreamBody {
            json.name("upstream_body_ns")
            json.integer(upstreamBody)
        }
        if let upstreamHead = timings.upstreamHead {
            json.name("upstream_head_ns")
            json.integer(upstreamHead)
        }
        json.endObject()
        json.truncated(isAbridged: limits.isAbridged)
        if let usage { json.usage(usage) }
        json.name("v")
        json.integer(UInt64(RecordEncoding.version))
        json.endObject()
        return json
    }
}

extension AggregateRefusalRecord {
    /// The record as an entry of the log.
    public func encoded() -> [UInt8] {
        var json = JSONWriter(capacity: 384)
        json.beginObject()
        json.name("count")
        json.integer(count)
        json.name("id")
        json.id(id)
        json.name("kind")
        json.literal("refusals")
        json.name("node")
        json.string(node, limit: 64, field: "node")
        json.name("reason")
        json.string(reason, limit: 64, field: "reason")
        if let source {
            json.name("source")
            json.address(source)
        }
        json.name("time")
        json.time(second)
        json.truncated()
        json.name("v")
        json.integer(UInt64(RecordEncoding.version))
        json.endObject()
        return json.bytes
    }
}

extension ActRecord {
    /// The record as an entry of the log.
    public func encoded() -> [UInt8] {
        var json = JSONWriter(capacity: 640)
        json.beginObject()
        json.name("action")
        json.string(action, limit: 64, field: "action")
        json.name("actor")
        json.string(actor, limit: 2048, field: "actor")
        if let after {
            json.name("after")
            json.string(after, limit: 160, field: "after")
        }
        if let before {
            json.name("before")
            json.string(before, limit: 160, field: "before")
        }
        json.name("id")
        json.id(id)
        json.name("kind")
        json.literal("act")
        json.name("node")
        json.string(node, limit: 64, field: "node")
        json.name("outcome")
        json.string(outcome.rawValue)
        if let reason {
            json.name("reason")
            json.string(reason, limit: 256, field: "reason")
        }
        json.name("subject")
        json.string(subject, limit: 400, field: "subject")
        json.name("time")
        json.time(time)
        json.truncated()
        json.name("v")
        json.integer(UInt64(RecordEncoding.version))
        json.endObject()
        return json.bytes
    }
}

extension AuditRecord {
    /// The record as an entry of the log.
    public func encoded() -> [UInt8] {
        switch self {
        case .decision(let record): record.encoded()
        case .completion(let record): record.encoded()
        case .refusals(let record): record.encoded()
        case .act(let record): record.encoded()
        case .bodies(let record): record.encoded()
        case .sampling(let record): record.encoded()
        }
    }
}

extension JSONWriter {
    /// How many tokens an answer took, as far as it says.
    fileprivate mutating func usage(_ usage: TokenUsage) {
        name("usage")
        beginObject()
        count("cached", usage.cached)
        count("input", usage.input)
        count("output", usage.output)
        count("reasoning", usage.reasoning)
        endObject()
    }

    private mutating func count(_ name: StaticString, _ count: UInt64?) {
        guard let count else { return }
        self.name(name)
        integer(count)
    }
}
