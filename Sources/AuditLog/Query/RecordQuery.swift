public import ZeroTrust

/// Which records are looked for.
///
/// It is written as terms, all of which have to hold; a field that stands in several may be any of them:
///
/// ```swift
/// let query = try RecordQuery(terms: ["decision=deny", "caller=*/ns/ml-api/*", "since=2h"], now: .now())
/// ```
public struct RecordQuery: Hashable, Sendable {
    /// For each field that matters, what it may be.
    public var values: [RecordField: [RecordPattern]] = [:]
    /// The first moment of interest.
    public var since: Timestamp?
    /// The first moment that is of no interest any more.
    public var until: Timestamp?

    /// Every record.
    public init() {}

    /// The most terms that are read.
    static let maximumTerms = 64

    /// Reads terms of the form `FIELD=VALUE`.
    ///
    /// - Parameters:
    ///   - terms: the terms. The fields are those of ``RecordField``, `since` and `until`.
    ///   - now: what times that count back from now count from.
    /// - Throws: ``AuditLogError`` with the code `malformed`, which names the term and what was expected.
    public init(terms: [String], now: Timestamp) throws(AuditLogError) {
        guard terms.count <= Self.maximumTerms else {
            throw AuditLogError(.malformed, "a search has at most \(Self.maximumTerms) terms")
        }
        for term in terms {
            guard let equals = term.firstIndex(of: "="), term.utf8.count <= 4096 else {
                throw AuditLogError(.malformed, "`\(term.prefix(100))` is no term; expected FIELD=VALUE: decision=deny")
            }
            let (name, value) = (String(term[..<equals]), String(term[term.index(after: equals)...]))
            guard !value.isEmpty else { throw AuditLogError(.malformed, "`\(name)=` says nothing; expected a value") }
            if name == "since" || name == "until" {
                try take(time: value, as: name, now: now)
            } else if let field = RecordField(rawValue: name) {
                values[field, default: []] += try Self.patterns(value, for: field)
            } else {
                let names = RecordField.allCases.map(\.rawValue) + ["since", "until"]
                throw AuditLogError(
                    .malformed,
                    "there is no field `\(name.prefix(64))`; the fields are \(names.joined(separator: ", "))"
                )
            }
        }
        if let since, let until, since.nanoseconds >= until.nanoseconds {
            throw AuditLogError(.malformed, "`until` (\(until)) is not after `since` (\(since))")
        }
    }

    private mutating func take(time text: String, as name: String, now: Timestamp) throws(AuditLogError) {
        guard let time = QueryTime.read(text, now: now) else {
            throw AuditLogError(.malformed, "`\(name)=\(text.prefix(64))` is no time; \(QueryTime.expected)")
        }
        if name == "since" { since = time } else { until = time }
    }

    /// What the value of a term stands for, which may be more than it says: `5xx` every such status, `NAMESPACE/NAME`
    /// every rule of that policy.
    private static func patterns(_ value: String, for field: RecordField) throws(AuditLogError) -> [RecordPattern] {
        func oneOf(_ names: [String]) throws(AuditLogError) -> [RecordPattern] {
            guard names.contains(value) else {
                throw AuditLogError(
                    .malformed,
                    "`\(field.rawValue)=\(value.prefix(64))` can match nothing; expected one of \(names.joined(separator: ", "))"
                )
            }
            return [RecordPattern(value)]
        }
        switch field {
        case .kind: return try oneOf(["decision", "refusals", "act", "bodies", "sampling"])
        case .decision: return try oneOf(["allow", "deny", "failed"])
        case .ended: return try oneOf(CompletionRecord.Ending.allCases.map(\.rawValue))
        case .status:
            let digits = value.lowercased().replacing("xx", with: "*")
            let text = digits.utf8.filter { (0x30...0x39).contains($0) }
            guard value.utf8.count == 3, text.count == 3 || text.count == 1 && digits.hasSuffix("*") else {
                throw AuditLogError(.malformed, "`status=\(value.prefix(64))` is no status; expected `403` or `5xx`")
            }
            return [RecordPattern(digits)]
        case .rule:
            let name = value.contains("/") || value.hasPrefix("*") ? value : "*/" + value
            return [RecordPattern(name.contains(":") || name.hasSuffix("*") ? name : name + ":*")]
        default: return [RecordPattern(value)]
        }
    }

    /// Whether a record is looked for.
    public func matches(_ keys: RecordKeys) -> Bool {
        if since != nil || until != nil {
            guard let time = keys.time else { return false }
            if let since, time.nanoseconds < since.nanoseconds { return false }
            if let until, time.nanoseconds >= until.nanoseconds { return false }
        }
        return values.allSatisfy { field, patterns in
            keys[field].map { value in patterns.contains { $0.matches(value) } } ?? false
        }
    }
}
