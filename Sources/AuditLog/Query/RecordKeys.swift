public import ZeroTrust

/// What an entry of the log is searched by.
public struct RecordKeys: Hashable, Sendable {
    /// The record's id, where it has one.
    public private(set) var id: RequestID?
    /// When the record was made.
    public private(set) var time: Timestamp?
    /// Whether the record tells how a request ended, and so belongs to the decision of the same id.
    public private(set) var isCompletion = false
    private var values = [String?](repeating: nil, count: RecordField.allCases.count)

    /// The value of a field; nil where the record says nothing of it.
    public subscript(_ field: RecordField) -> String? {
        get { values[field.number] }
        set { values[field.number] = newValue }
    }

    /// Reads an entry; nil where it is not a record.
    public init?(entry: ArraySlice<UInt8>) {
        guard entry.count <= EntryBundle.maximumEntryLength, let keys = Self.read(entry.span) else { return nil }
        self = keys
    }

    private init() {}

    /// The keys of a request whose end is known.
    public func completed(by completion: RecordKeys) -> RecordKeys {
        var keys = self
        for field in [RecordField.status, .ended, .served] { keys[field] = completion[field] }
        if keys[.finding] == nil { keys[.finding] = completion[.finding] }
        return keys
    }

    private static func read(_ text: Span<UInt8>) -> RecordKeys? {
        var keys = RecordKeys()
        var rule = Rule()
        var offset = 0
        guard keys.walk(text, &offset, .record, &rule) else { return nil }
        JSONScan.space(text, &offset)
        guard offset == text.count, let kind = keys[.kind] else { return nil }
        keys.isCompletion = kind == "completion"
        keys[.rule] = rule.text
        if kind == "refusals" { keys[.decision] = "deny" }
        if let path = keys[.path], let end = path.utf8.firstIndex(of: UInt8(ascii: "?")) {
            keys[.path] = String(path[..<end])
        }
        return keys
    }

    /// A policy's rule, whose parts stand apart.
    private struct Rule {
        var namespace: String?
        var name: String?
        var index: String?

        var text: String? { name.map { "\(namespace ?? "")/\($0):\(index ?? "0")" } }
    }

    /// The objects of a record that are walked into.
    private enum Place { case record, caller, decision, policy, guardrail, request, response, served, source }

    private mutating func walk(
        _ text: Span<UInt8>,
        _ offset: inout Int,
        _ place: Place,
        _ rule: inout Rule
    ) -> Bool {
        JSONScan.object(text, &offset) { name, offset in
            JSONScan.space(text, &offset)
            if offset < text.count, text[offset] == UInt8(ascii: "{"), let inner = Self.inner(text, name, place) {
                return walk(text, &offset, inner, &rule)
            }
            guard let value = JSONScan.value(text, &offset, depth: 4) else { return false }
            take(text, name, value, place, &rule)
            return true
        }
    }

    private static func inner(_ text: Span<UInt8>, _ name: Range<Int>, _ place: Place) -> Place? {
        switch place {
        case .record:
            if JSONScan.equals(text, name, "caller") { return .caller }
            if JSONScan.equals(text, name, "decision") { return .decision }
            if JSONScan.equals(text, name, "request") { return .request }
            if JSONScan.equals(text, name, "response") { return .response }
            if JSONScan.equals(text, name, "source") { return .source }
            return JSONScan.equals(text, name, "guardrail") ? .guardrail : nil
        case .decision:
            if JSONScan.equals(text, name, "policy") { return .policy }
            return JSONScan.equals(text, name, "guardrail") ? .guardrail : nil
        case .response: return JSONScan.equals(text, name, "model") ? .served : nil
        default: return nil
        }
    }

    private mutating func take(
        _ text: Span<UInt8>,
        _ name: Range<Int>,
        _ value: Range<Int>,
        _ place: Place,
        _ rule: inout Rule
    ) {
        func said() -> String? {
            guard text[value.lowerBound] == UInt8(ascii: "\"") else { return JSONScan.decoded(text, value) }
            return JSONScan.decoded(text, (value.lowerBound + 1)..<(value.upperBound - 1))
        }
        switch place {
        case .record:
            if JSONScan.equals(text, name, "id") {
                id = said().flatMap { RequestID($0) }
            } else if JSONScan.equals(text, name, "time") {
                time = said().flatMap { Timestamp($0) }
            } else if let field = Self.field(text, name) {
                self[field] = said()
            }
        case .caller:
            if JSONScan.equals(text, name, "spiffe_id") { self[.caller] = said() }
            if JSONScan.equals(text, name, "model") { self[.digest] = said() }
        case .decision:
            if JSONScan.equals(text, name, "outcome") { self[.decision] = said() }
            if JSONScan.equals(text, name, "reason") { self[.reason] = said() }
        case .policy:
            if JSONScan.equals(text, name, "namespace") { rule.namespace = said() }
            if JSONScan.equals(text, name, "name") { rule.name = said() }
            if JSONScan.equals(text, name, "rule") { rule.index = said() }
        case .guardrail:
            if JSONScan.equals(text, name, "rule") { self[.finding] = said() }
        case .request:
            if JSONScan.equals(text, name, "method") { self[.method] = said() }
            if JSONScan.equals(text, name, "path") { self[.path] = said() }
        case .response:
            if JSONScan.equals(text, name, "status") { self[.status] = said() }
        case .served:
            if JSONScan.equals(text, name, "digest") { self[.served] = said() }
        case .source:
            if JSONScan.equals(text, name, "address") { self[.source] = said() }
        }
    }

    /// The field that a member of the record itself is, in any of its kinds.
    private static func field(_ text: Span<UInt8>, _ name: Range<Int>) -> RecordField? {
        if JSONScan.equals(text, name, "kind") { return .kind }
        if JSONScan.equals(text, name, "model") { return .model }
        if JSONScan.equals(text, name, "ended") { return .ended }
        if JSONScan.equals(text, name, "source") { return .source }
        if JSONScan.equals(text, name, "reason") { return .reason }
        if JSONScan.equals(text, name, "actor") { return .caller }
        if JSONScan.equals(text, name, "action") { return .action }
        return JSONScan.equals(text, name, "outcome") ? .decision : nil
    }
}
