public import ZeroTrust

/// Writes records as OpenTelemetry logs and traces, in the binary form of OTLP 1.x (`/v1/logs`, `/v1/traces`).
///
/// Every record is a log record whose body is the entry as it is in the log. Every request that has ended is also a span,
/// of the trace of its `traceparent`. What goes to a model carries the attributes of the GenAI semantic conventions
/// 1.41: `gen_ai.operation.name`, `gen_ai.provider.name`, `gen_ai.request.model`, `gen_ai.usage.*`.
public struct OTLPExporter: Sendable {
    private let node: String
    private let origin: String
    private let productVersion: String

    /// The schema that the attributes are of.
    static let schemaURL = "https://opentelemetry.io/schemas/1.41.0"

    /// An exporter of a log.
    ///
    /// - Parameters:
    ///   - node: the node's name, which is the resource's `service.instance.id`.
    ///   - origin: the log's name.
    ///   - productVersion: the version of the program.
    public init(node: String, origin: String, productVersion: String) {
        self.node = node
        self.origin = origin
        self.productVersion = productVersion
    }

    /// An `ExportLogsServiceRequest` of records.
    public func logs(_ records: [ExportedRecord], at now: Timestamp) -> [UInt8] {
        request { scope in
            for record in records { scope.message(2) { log(record, at: now, &$0) } }
        }
    }

    /// An `ExportTraceServiceRequest` of the requests among records that have ended; nil where none has.
    public func traces(_ records: [ExportedRecord]) -> [UInt8]? {
        var hasAny = false
        let bytes = request { scope in
            for exported in records {
                guard case .completion(let completion) = exported.record else { continue }
                hasAny = true
                scope.message(2) { span(completion, exported, &$0) }
            }
        }
        return hasAny ? bytes : nil
    }

    /// The outer messages, which logs and traces have alike.
    private func request(_ fill: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.message(1) { group in
            group.message(1) { resource in
                attribute(1, "service.name", "lapwing", &resource)
                attribute(1, "service.version", productVersion, &resource)
                attribute(1, "service.instance.id", node, &resource)
                attribute(1, "lapwing.log.origin", origin, &resource)
            }
            group.message(2) { scope in
                scope.message(1) { name in
                    name.string(1, "lapwing.audit")
                    name.string(2, productVersion)
                }
                fill(&scope)
                scope.string(3, Self.schemaURL)
            }
            group.string(3, Self.schemaURL)
        }
        return writer.bytes
    }

    private func log(_ exported: ExportedRecord, at now: Timestamp, _ writer: inout ProtobufWriter) {
        let record = exported.record
        writer.fixed64(1, UInt64(clamping: record.time.nanoseconds))
        let (severity, name) = Self.severity(of: record)
        writer.integer(2, severity)
        writer.string(3, severity >= 13 ? "WARN" : "INFO")
        writer.message(5) { $0.string(1, String(decoding: exported.entry, as: UTF8.self)) }
        attribute(6, "lapwing.record.id", record.id.description, &writer)
        attribute(6, "lapwing.log.index", exported.index, &writer)
        var traceparent: String?
        switch record {
        case .decision(let decision):
            traceparent = decision.traceparent
            attributes(6, of: decision, &writer)
        case .completion(let completion):
            traceparent = exported.decision?.traceparent
            if let decision = exported.decision { attributes(6, of: decision, &writer) }
            attributes(6, of: completion, &writer)
        case .refusals(let refusals):
            if let source = refusals.source { attribute(6, "client.address", source.description, &writer) }
            attribute(6, "lapwing.reason", refusals.reason, &writer)
            attribute(6, "lapwing.count", refusals.count, &writer)
        case .act(let act):
            attribute(6, "lapwing.act.actor", act.actor, &writer)
            attribute(6, "lapwing.act.action", act.action, &writer)
            attribute(6, "lapwing.act.subject", act.subject, &writer)
            attribute(6, "lapwing.act.outcome", act.outcome.rawValue, &writer)
        case .bodies(let bodies):
            attribute(6, "lapwing.tenant", bodies.tenant, &writer)
        case .sampling(let sampling):
            attribute(6, "lapwing.tenant", sampling.tenant, &writer)
            attribute(6, "lapwing.reason", sampling.reason, &writer)
            attribute(6, "lapwing.count", sampling.count, &writer)
        }
        switch record {
        case .decision, .completion:
            let context = TraceContext(record.id, traceparent: traceparent)
            writer.fixed32(8, UInt32(context.flags))
            writer.data(9, context.trace)
            writer.data(10, context.span)
        case .refusals, .act, .bodies, .sampling: break
        }
        writer.fixed64(11, UInt64(clamping: now.nanoseconds))
        writer.string(12, name)
    }

    private static func severity(of record: AuditRecord) -> (number: UInt64, event: String) {
        // Severity numbers 9 (INFO) and 13 (WARN).
        switch record {
        case .decision(let decision): (decision.outcome == .allow ? 9 : 13, "lapwing.decision")
        case .completion(let completion): (completion.ending == .complete ? 9 : 13, "lapwing.completion")
        case .refusals: (13, "lapwing.refusals")
        case .act(let act): (act.outcome == .allow ? 9 : 13, "lapwing.act")
        case .bodies: (9, "lapwing.bodies")
        case .sampling: (9, "lapwing.sampling")
        }
    }

    private func span(_ completion: CompletionRecord, _ exported: ExportedRecord, _ writer: inout ProtobufWriter) {
        let decision = exported.decision
        let context = TraceContext(completion.id, traceparent: decision?.traceparent)
        let end = UInt64(clamping: completion.time.nanoseconds)
        writer.data(1, context.trace)
        writer.data(2, context.span)
        if let parent = context.parent { writer.data(4, parent) }
        writer.string(5, decision.map(Self.spanName) ?? "request")
        // Kind 2 is SERVER.
        writer.integer(6, 2)
        writer.fixed64(7, end - min(end, completion.timings.total))
        writer.fixed64(8, end)
        attribute(9, "lapwing.record.id", completion.id.description, &writer)
        if let decision { attributes(9, of: decision, &writer) }
        attributes(9, of: completion, &writer)
        if completion.ending != .complete && completion.ending != .refused || completion.status ?? 0 >= 500 {
            writer.message(15) { status in
                status.string(2, completion.ending.rawValue)
                // Code 2 is ERROR.
                status.integer(3, 2)
            }
        }
        writer.fixed32(16, UInt32(context.flags))
    }

    // MARK: Attributes

    private static func spanName(_ decision: DecisionRecord) -> String {
        if let operation = operation(decision), let model = decision.model { return "\(operation) \(model)" }
        return decision.route.map { "\(decision.request.method) \($0)" } ?? decision.request.method
    }

    /// The GenAI operation that a path stands for; nil where it stands for none.
    private static func operation(_ decision: DecisionRecord) -> String? {
        let path = decision.request.path.prefix { $0 != "?" }
        if path.hasSuffix("/chat/completions") || path.hasSuffix("/messages") || path.hasSuffix("/responses") {
            return "chat"
        }
        if path.hasSuffix("/completions") { return "text_completion" }
        if path.hasSuffix("/embeddings") { return "embeddings" }
        return decision.model == nil ? nil : "generate_content"
    }

    private func attributes(_ field: UInt64, of decision: DecisionRecord, _ writer: inout ProtobufWriter) {
        if let operation = Self.operation(decision) {
            attribute(field, "gen_ai.operation.name", operation, &writer)
            attribute(field, "gen_ai.provider.name", decision.route ?? "unknown", &writer)
            if let model = decision.model { attribute(field, "gen_ai.request.model", model, &writer) }
        }
        attribute(field, "http.request.method", decision.request.method, &writer)
        attribute(field, "url.path", String(decision.request.path.prefix { $0 != "?" }), &writer)
        attribute(field, "client.address", decision.source.address.description, &writer)
        attribute(field, "client.port", UInt64(decision.source.port), &writer)
        if !decision.request.authority.isEmpty {
            attribute(field, "server.address", decision.request.authority, &writer)
        }
        if let route = decision.route { attribute(field, "http.route", route, &writer) }
        if let caller = decision.caller {
            attribute(field, "lapwing.caller", caller.spiffeID.description, &writer)
            if let digest = caller.modelDigest { attribute(field, "lapwing.caller.model", digest, &writer) }
            if let signer = caller.modelSigner { attribute(field, "lapwing.caller.model.signer", signer, &writer) }
        }
        attribute(field, "lapwing.decision", decision.outcome.rawValue, &writer)
        attribute(field, "lapwing.reason", decision.reason, &writer)
        if let policy = decision.policy {
            attribute(field, "lapwing.policy", "\(policy.namespace)/\(policy.name):\(policy.rule)", &writer)
        }
        if let finding = decision.guardrail?.rule { attribute(field, "lapwing.finding", finding, &writer) }
    }

    private func attributes(_ field: UInt64, of completion: CompletionRecord, _ writer: inout ProtobufWriter) {
        if let status = completion.status {
            attribute(field, "http.response.status_code", UInt64(clamping: status), &writer)
        }
        attribute(field, "http.request.body.size", completion.bytesReceived, &writer)
        attribute(field, "http.response.body.size", completion.bytesSent, &writer)
        if let usage = completion.usage {
            if let count = usage.input { attribute(field, "gen_ai.usage.input_tokens", count, &writer) }
            if let count = usage.output { attribute(field, "gen_ai.usage.output_tokens", count, &writer) }
            if let count = usage.cached { attribute(field, "gen_ai.usage.cache_read.input_tokens", count, &writer) }
            if let count = usage.reasoning { attribute(field, "gen_ai.usage.reasoning.output_tokens", count, &writer) }
        }
        if let model = completion.model {
            if let digest = model.digest { attribute(field, "lapwing.response.model.digest", digest, &writer) }
            if let signer = model.signer { attribute(field, "lapwing.response.model.signer", signer, &writer) }
            if let refusal = model.refusal { attribute(field, "lapwing.response.model.refusal", refusal, &writer) }
        }
        attribute(field, "lapwing.ended", completion.ending.rawValue, &writer)
        if let finding = completion.guardrail?.rule { attribute(field, "lapwing.answer.finding", finding, &writer) }
        if completion.ending != .complete, completion.ending != .refused {
            attribute(field, "error.type", completion.ending.rawValue, &writer)
        }
    }

    private func attribute(_ field: UInt64, _ key: String, _ value: String, _ writer: inout ProtobufWriter) {
        writer.message(field) { pair in
            pair.string(1, key)
            pair.message(2) { $0.string(1, value) }
        }
    }

    private func attribute(_ field: UInt64, _ key: String, _ value: UInt64, _ writer: inout ProtobufWriter) {
        writer.message(field) { pair in
            pair.string(1, key)
            pair.message(2) { $0.member(3, min(value, UInt64(Int64.max))) }
        }
    }
}
