import Resources

/// One rule of Sigma: which records of a log are a finding by themselves.
struct SigmaRule: Sendable {
    let head: SigmaHead
    /// The log that it is about.
    let source: LogSource
    private let detections: [SigmaDetection]
    private let conditions: [SigmaCondition]

    /// Detections of one rule, at most.
    private static let maximumDetections = 100

    /// Whether a record is what the rule looks for.
    func matches(_ event: SigmaEvent) -> Bool {
        conditions.contains { condition in condition.holds { detections[$0].matches(event) } }
    }

    /// The fields that it looks at; nil where it looks at all.
    var fields: Set<String>? {
        var fields: Set<String> = []
        for detection in detections {
            guard let own = detection.fields else { return nil }
            fields.formUnion(own)
        }
        return fields
    }

    /// Reads a rule.
    ///
    /// - Throws: `ResourceError` for what is no rule, or is not evaluated here.
    init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "the rule")
        head = try SigmaHead(&fields)
        source = try fields.required("logsource") { try Self.source($0) }
        (detections, conditions) = try fields.required("detection") { try Self.detection($0) }
    }

    private static func detection(_ value: Value) throws -> ([SigmaDetection], [SigmaCondition]) {
        var entries = try value.mapping()
        guard let place = entries.firstIndex(where: { $0.key == "condition" }) else {
            throw value.error("the detection needs a `condition`")
        }
        let condition = entries.remove(at: place).value
        if let entry = entries.first(where: { $0.key == "timeframe" }) {
            throw ResourceError(at: entry.keyLocation, "`timeframe` is of old Sigma; a `correlation` has a `timespan`")
        }
        guard (1...maximumDetections).contains(entries.count) else {
            throw value.error("the detection has 1 to \(maximumDetections) parts beside its condition")
        }
        let names = entries.map(\.key)
        let detections = try collectingDiagnostics(entries) { try SigmaDetection($0.value) }
        if case .list = condition.content {
            return (detections, try condition.list { try SigmaCondition($0, names: names) })
        }
        return (detections, [try SigmaCondition(condition, names: names)])
    }

    /// The log of a `logsource`.
    private static func source(_ value: Value) throws -> LogSource {
        var fields = try FieldReader(value, of: "logsource")
        let product = try fields.optional("product") { try $0.string() }
        let service = try fields.optional("service") { try $0.string() }
        switch (product, service) {
        case ("lapwing", nil), ("lapwing", "audit"): return .lapwing
        case ("aws", "cloudtrail"): return .cloudTrail
        case ("envoy", _): return .envoy
        case ("zeek", "conn"): return .flow
        default:
            throw value.error(
                "the monitor reads no such log; a rule's `logsource` has `product: lapwing`, `product: aws` with "
                    + "`service: cloudtrail`, `product: envoy`, or `product: zeek` with `service: conn`"
            )
        }
    }
}
