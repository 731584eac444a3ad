import Resources

/// Rules of [Sigma](https://sigmahq.io) that the monitor puts records to, and correlations of them.
///
/// They are read from YAML within bounds: what is no Sigma, or asks for what is not evaluated here, is an error with its file,
/// line and column, and never a rule that silently finds nothing. Equal files are equal rules.
///
/// ```swift
/// var settings = MonitorSettings()
/// settings.rules = try SigmaRules.load(["/etc/lapwing/sigma"])
/// ```
public struct SigmaRules: Sendable {
    let rules: [SigmaRule]
    let correlations: [SigmaCorrelation]
    /// What differs where the files do.
    let digest: UInt64
    /// Of each log that any rule is about, its rules, and the fields that are read; nil where all are.
    let logs: [LogSource: Log]

    struct Log: Sendable {
        var rules: [Int] = []
        var fields: Set<String>? = []
    }

    /// Rules and correlations, at most.
    public static let maximumRules = 5_000
    /// The most bytes of one file.
    public static let maximumFile = 1 << 20

    /// No rules.
    public init() {
        rules = []
        correlations = []
        digest = 0
        logs = [:]
    }

    /// How many rules there are, correlations among them.
    public var count: Int { rules.count + correlations.count }

    /// Whether any rule is about a log.
    public func reads(_ source: LogSource) -> Bool { logs[source] != nil }

    /// Reads files, and every `.yml` and `.yaml` file of folders.
    ///
    /// - Parameter paths: the files and folders.
    /// - Returns: the rules of all of them.
    /// - Throws: `ResourceError` with everything that is wrong in any of them.
    public static func load(_ paths: [String]) throws -> SigmaRules {
        try SigmaRules(yaml: try collectingDiagnostics(paths) { try ResourceLoader.texts(path: $0) }.flatMap(\.self))
    }

    /// Reads texts.
    ///
    /// - Parameter sources: the texts, with the names that messages give them.
    /// - Throws: `ResourceError` with everything that is wrong in any of them.
    public init(yaml sources: [(file: String, text: String)]) throws {
        let values = try collectingDiagnostics(sources) { source in
            guard source.text.utf8.count <= Self.maximumFile else {
                throw ResourceError(
                    at: SourceLocation(file: source.file, line: 1, column: 1),
                    "a file of rules has at most \(Self.maximumFile) bytes, and this has \(source.text.utf8.count)"
                )
            }
            return try ResourceLoader.values(yaml: source.text, file: source.file)
        }.flatMap(\.self)
        guard values.count <= Self.maximumRules else {
            throw values[Self.maximumRules].error("there are more than \(Self.maximumRules) rules")
        }
        let parts = try collectingDiagnostics(values) { (value: $0, isCorrelation: try Self.isCorrelation($0)) }
        let rules = try collectingDiagnostics(parts.filter { !$0.isCorrelation }) { try SigmaRule($0.value) }
        let places = try Self.places(rules)
        let correlations = try collectingDiagnostics(parts.filter(\.isCorrelation)) { part in
            try SigmaCorrelation(part.value) { places[$0] ?? places[$0.lowercased()] }
        }
        try Self.refuseDuplicates(rules.map(\.head) + correlations.map(\.head))
        self.rules = rules
        self.correlations = correlations
        digest = sources.reduce(values.isEmpty ? 0 : 1) { StableHash.of($0, StableHash.of($1.text)) }
        logs = Self.logs(rules, correlations)
    }

    /// Whether a document is a correlation; what is neither that nor a rule is an error.
    private static func isCorrelation(_ value: Value) throws -> Bool {
        let keys = try value.mapping()
        for (name, words) in [
            ("action", "collections with `action` are of old Sigma; part the rules with `---`"),
            ("filter", "filters of Sigma are not evaluated here"),
        ] {
            if let entry = keys.first(where: { $0.key == name }) { throw ResourceError(at: entry.keyLocation, words) }
        }
        return keys.contains { $0.key == "correlation" }
    }

    private static func places(_ rules: [SigmaRule]) throws -> [String: Int] {
        var places: [String: Int] = [:]
        for (place, rule) in rules.enumerated() {
            if let name = rule.head.name, places.updateValue(place, forKey: name) != nil {
                throw ResourceError(at: rule.head.location, "there is another rule of the name `\(name)`")
            }
            places[rule.head.id] = place
        }
        return places
    }

    private static func refuseDuplicates(_ heads: [SigmaHead]) throws {
        var known: [String: SourceLocation] = [:]
        _ = try collectingDiagnostics(heads) { head in
            if let earlier = known.updateValue(head.location, forKey: head.id) {
                throw ResourceError(at: head.location, "the rule `\(head.id)` is already there, at \(earlier)")
            }
        }
    }

    private static func logs(_ rules: [SigmaRule], _ correlations: [SigmaCorrelation]) -> [LogSource: Log] {
        var logs: [LogSource: Log] = [:]
        for (place, rule) in rules.enumerated() {
            var log = logs[rule.source] ?? Log()
            log.rules.append(place)
            if let fields = rule.fields { log.fields?.formUnion(fields) } else { log.fields = nil }
            logs[rule.source] = log
        }
        for correlation in correlations {
            for rule in correlation.rules { logs[rules[rule].source]?.fields?.formUnion(correlation.fields) }
        }
        return logs
    }
}

extension SigmaRules: Hashable {
    /// Whether two were read from the same texts.
    public static func == (left: SigmaRules, right: SigmaRules) -> Bool {
        left.digest == right.digest && left.count == right.count
    }

    /// Hashes the digest.
    public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
