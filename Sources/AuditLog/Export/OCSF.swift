import ZeroTrust

/// Writes records as events of the Open Cybersecurity Schema Framework, version 1.8.0.
///
/// A decision becomes an API Activity (6003), the end of a request an HTTP Activity (4002), refusals before an identity
/// was known an Authentication (3002), and an act an API Activity. `metadata.uid` is the record's id and
/// `metadata.sequence` the entry's index in the log, with which `lapwing audit proof` proves the event.
public struct OCSFExporter: Sendable {
    /// The methods that the schema knows.
    private static let methods: Set<String> = [
        "OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH",
    ]

    /// The schema's version.
    public static let schemaVersion = "1.8.0"

    /// The log's name.
    private let origin: String
    private let productVersion: String

    /// An exporter of a log.
    ///
    /// - Parameters:
    ///   - origin: the log's name, which stands in each event as `metadata.log_name`.
    ///   - productVersion: the version of the program.
    public init(origin: String, productVersion: String) {
        self.origin = origin
        self.productVersion = productVersion
    }

    /// The event of a record, as JSON without a line feed; nil for what tells only of bodies, of which OCSF has no event.
    public func event(_ exported: ExportedRecord) -> [UInt8]? {
        var json = JSONWriter(capacity: 1536)
        json.beginObject()
        switch exported.record {
        case .decision(let record): decision(record, exported.index, &json)
        case .completion(let record): completion(record, exported.decision, exported.index, &json)
        case .refusals(let record): refusals(record, exported.index, &json)
        case .act(let record): act(record, exported.index, &json)
        case .bodies, .sampling: return nil
        }
        json.endObject()
        return json.bytes
    }

    private func header(
        _ json: inout JSONWriter,
        category: UInt64,
        eventClass: UInt64,
        activity: UInt64,
        severity: UInt64,
        time: Timestamp,
        id: RequestID,
        index: UInt64,
        profiles: [String]
    ) {
        for (name, value) in [
            ("category_uid", category), ("class_uid", eventClass), ("activity_id", activity),
            ("type_uid", eventClass * 100 + activity), ("severity_id", severity), ("time", time.milliseconds),
        ] as [(StaticString, UInt64)] {
            json.name(name)
            json.integer(value)
        }
        json.name("metadata")
        json.beginObject()
        json.name("version")
        json.string(Self.schemaVersion)
        json.name("product")
        json.beginObject()
        json.name("name")
        json.literal("Lapwing")
        json.name("vendor_name")
        json.literal("Lapwing")
        json.name("version")
        json.string(productVersion)
        json.endObject()
        json.name("uid")
        json.id(id)
        json.name("correlation_uid")
        json.id(id)
        json.name("log_name")
        json.string(origin)
        json.name("sequence")
        json.integer(index)
        if !profiles.isEmpty {
            json.name("profiles")
            json.beginArray()
            for profile in profiles { json.string(profile) }
            json.endArray()
        }
        json.endObject()
    }

    // MARK: Requests

    private func decision(_ record: DecisionRecord, _ index: UInt64, _ json: inout JSONWriter) {
        let isAllowed = record.outcome == .allow
        let profiles = ["security_control", "trace"] + (record.model == nil ? [] : ["ai_operation"])
        let severity: UInt64 = isAllowed ? 1 : record.guardrail?.rule == nil ? 3 : 4
        let activity = Self.apiActivity(method: record.request.method)
        header(
            &json,
            category: 6,
            eventClass: 6003,
            activity: activity,
            severity: severity,
            time: record.time,
            id: record.id,
            index: index,
            profiles: profiles
        )
        if activity == 99 { string("activity_name", record.request.method, &json) }
        actor(record.caller?.spiffeID.description, credential: record.caller?.serialNumber, &json)
        json.name("api")
        json.beginObject()
        string("operation", "\(record.request.method) \(Self.path(record.request.path))", &json)
        if let route = record.route {
            json.name("service")
            json.beginObject()
            string("name", route, &json)
            json.endObject()
        }
        json.endObject()
        endpoint("src_endpoint", record.source, &json)
        endpoint("dst_endpoint", record.request.destination, &json)
        request(record, &json)
        trace(record.id, record.traceparent, &json)
        control(isAllowed: isAllowed, record.policy, &json)
        if let model = record.model {
            json.name("ai_model")
            json.beginObject()
            string("name", model, &json)
            string("ai_provider", record.route ?? "unknown", &json)
            json.endObject()
        }
        status(isAllowed, code: record.reason, detail: record.guardrail?.rule, &json)
    }

    private func completion(
        _ record: CompletionRecord,
        _ decision: DecisionRecord?,
        _ index: UInt64,
        _ json: inout JSONWriter
    ) {
        let isWhole = record.ending == .complete
        let methods: [String: UInt64] = [
            "CONNECT": 1, "DELETE": 2, "GET": 3, "HEAD": 4, "OPTIONS": 5, "POST": 6, "PUT": 7, "TRACE": 8,
        ]
        let activity = decision.flatMap { methods[$0.request.method] } ?? 99
        header(
            &json,
            category: 4,
            eventClass: 4002,
            activity: activity,
            severity: isWhole ? 1 : 2,
            time: record.time,
            id: record.id,
            index: index,
            // The actor of an HTTP Activity is of the profile `host`.
            profiles: decision == nil ? ["security_control", "trace"] : ["host", "security_control", "trace"]
        )
        if activity == 99 { string("activity_name", decision?.request.method ?? "unknown", &json) }
        if let decision {
            actor(decision.caller?.spiffeID.description, credential: decision.caller?.serialNumber, &json)
            endpoint("src_endpoint", decision.source, &json)
            endpoint("dst_endpoint", decision.request.destination, &json)
            request(decision, &json)
        } else {
            json.name("http_request")
            json.beginObject()
            json.name("uid")
            json.id(record.id)
            json.endObject()
        }
        trace(record.id, decision?.traceparent, &json)
        if let code = record.status {
            json.name("http_response")
            json.beginObject()
            json.name("code")
            json.integer(UInt64(clamping: code))
            if let head = record.timings.upstreamHead {
                json.name("latency")
                json.integer(head / 1_000_000)
            }
            json.endObject()
        }
        json.name("traffic")
        json.beginObject()
        json.name("bytes_in")
        json.integer(record.bytesReceived)
        json.name("bytes_out")
        json.integer(record.bytesSent)
        json.endObject()
        json.name("duration")
        json.integer(record.timings.total / 1_000_000)
        if let decision { control(isAllowed: decision.outcome == .allow, decision.policy, &json) }
        unmapped(record, &json)
        status(isWhole, code: record.ending.rawValue, detail: record.guardrail?.rule, &json)
    }

    /// What an HTTP Activity has no attributes for, under the names that the OTLP export has: tokens, and the model that
    /// answered.
    private func unmapped(_ record: CompletionRecord, _ json: inout JSONWriter) {
        let counts: [(StaticString, UInt64?)] = [
            ("gen_ai.usage.input_tokens", record.usage?.input), ("gen_ai.usage.output_tokens", record.usage?.output),
            ("gen_ai.usage.cache_read.input_tokens", record.usage?.cached),
            ("gen_ai.usage.reasoning.output_tokens", record.usage?.reasoning),
        ]
        let texts: [(StaticString, String?)] = [
            ("lapwing.response.model.digest", record.model?.digest),
            ("lapwing.response.model.signer", record.model?.signer),
            ("lapwing.response.model.refusal", record.model?.refusal),
        ]
        guard counts.contains(where: { $0.1 != nil }) || texts.contains(where: { $0.1 != nil }) else { return }
        json.name("unmapped")
        json.beginObject()
        for case (let name, let count?) in counts {
            json.name(name)
            json.integer(count)
        }
        for case (let name, let text?) in texts { string(name, text, &json) }
        json.endObject()
    }

    private func request(_ record: DecisionRecord, _ json: inout JSONWriter) {
        json.name("http_request")
        json.beginObject()
        if Self.methods.contains(record.request.method) { string("http_method", record.request.method, &json) }
        json.name("uid")
        json.id(record.id)
        json.name("url")
        json.beginObject()
        if !record.request.authority.isEmpty {
            string("hostname", Self.host(record.request.authority), &json)
        }
        string("path", Self.path(record.request.path), &json)
        if let query = record.request.path.firstIndex(of: "?") {
            string("query_string", String(record.request.path[record.request.path.index(after: query)...]), &json)
        }
        json.endObject()
        json.endObject()
    }

    // MARK: Other records

    private func refusals(_ record: AggregateRefusalRecord, _ index: UInt64, _ json: inout JSONWriter) {
        header(
            &json,
            category: 3,
            eventClass: 3002,
            activity: 1,
            severity: 2,
            time: record.second,
            id: record.id,
            index: index,
            profiles: []
        )
        json.name("count")
        json.integer(record.count)
        json.name("user")
        json.beginObject()
        string("name", "unknown", &json)
        json.endObject()
        json.name("service")
        json.beginObject()
        string("name", "lapwing gateway", &json)
        json.endObject()
        if let source = record.source {
            json.name("src_endpoint")
            json.beginObject()
            json.name("ip")
            json.address(source)
            json.endObject()
        }
        status(false, code: record.reason, detail: nil, &json)
    }

    private func act(_ record: ActRecord, _ index: UInt64, _ json: inout JSONWriter) {
        let isDone = record.outcome == .allow
        let verb = record.action.split(separator: ".").last.map(String.init) ?? record.action
        let activity: UInt64 =
            switch verb {
            case "create", "issue", "push", "hold", "promote": 1
            case "list", "show", "pull": 2
            case "move", "reload", "rotate", "apply": 3
            case "delete", "revoke", "withdraw", "shred", "prune": 4
            default: 99
            }
        header(
            &json,
            category: 6,
            eventClass: 6003,
            activity: activity,
            severity: isDone ? 1 : 3,
            time: record.time,
            id: record.id,
            index: index,
            profiles: ["security_control"]
        )
        if activity == 99 { string("activity_name", verb, &json) }
        actor(record.actor, credential: nil, &json)
        json.name("api")
        json.beginObject()
        string("operation", record.action, &json)
        json.endObject()
        json.name("src_endpoint")
        json.beginObject()
        string("name", record.node, &json)
        json.endObject()
        if !record.subject.isEmpty {
            json.name("resources")
            json.beginArray()
            json.beginObject()
            string("name", record.subject, &json)
            json.endObject()
            json.endArray()
        }
        control(isAllowed: record.outcome != .deny, nil, &json)
        status(isDone, code: record.outcome.rawValue, detail: record.reason, &json)
    }

    // MARK: Parts

    private func string(_ name: StaticString, _ text: String, _ json: inout JSONWriter) {
        json.name(name)
        json.string(text)
    }

    private func actor(_ uid: String?, credential: String?, _ json: inout JSONWriter) {
        json.name("actor")
        json.beginObject()
        json.name("user")
        json.beginObject()
        if let uid {
            string("uid", uid, &json)
            if let credential, !credential.isEmpty { string("credential_uid", credential, &json) }
            // OCSF user type 3: a system or service account.
            json.name("type_id")
            json.integer(3)
        } else {
            string("name", "anonymous", &json)
        }
        json.endObject()
        json.endObject()
    }

    private func endpoint(_ name: StaticString, _ endpoint: Exchange.Endpoint, _ json: inout JSONWriter) {
        json.name(name)
        json.beginObject()
        json.name("ip")
        json.address(endpoint.address)
        json.name("port")
        json.integer(UInt64(endpoint.port))
        json.endObject()
    }

    private func trace(_ id: RequestID, _ traceparent: String?, _ json: inout JSONWriter) {
        json.name("trace")
        json.beginObject()
        json.name("uid")
        json.hex(TraceContext(id, traceparent: traceparent).trace)
        json.endObject()
    }

    private func control(isAllowed: Bool, _ policy: DecisionRecord.Policy?, _ json: inout JSONWriter) {
        json.name("action_id")
        json.integer(isAllowed ? 1 : 2)
        json.name("disposition_id")
        json.integer(isAllowed ? 1 : 2)
        guard let policy else { return }
        json.name("policy")
        json.beginObject()
        string("name", "\(policy.namespace)/\(policy.name)", &json)
        string("uid", "\(policy.namespace)/\(policy.name):\(policy.rule)", &json)
        string("desc", "\(policy.file):\(policy.line)", &json)
        json.endObject()
    }

    private func status(_ isGood: Bool, code: String, detail: String?, _ json: inout JSONWriter) {
        json.name("status_id")
        json.integer(isGood ? 1 : 2)
        string("status_code", code, &json)
        if let detail { string("status_detail", detail, &json) }
    }

    private static func apiActivity(method: String) -> UInt64 {
        switch method {
        case "POST": 1
        case "GET", "HEAD", "OPTIONS": 2
        case "PUT", "PATCH": 3
        case "DELETE": 4
        default: 99
        }
    }

    private static func path(_ path: String) -> String { String(path.prefix { $0 != "?" }) }

    /// The host of an authority, without its port.
    private static func host(_ authority: String) -> String {
        guard !authority.hasPrefix("[") else { return String(authority.prefix { $0 != "]" }.dropFirst()) }
        return String(authority.prefix { $0 != ":" })
    }
}
