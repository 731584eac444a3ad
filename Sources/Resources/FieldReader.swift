/// Reads the fields of one mapping and knows, at the end, which were never asked for.
///
/// ```swift
/// var fields = try FieldReader(value, of: "listener")
/// let port = try fields.required("port") { try $0.integer(in: 1...65535) }
/// let address = try fields.optional("address") { try $0.string() }
/// try fields.finish()
/// ```
public struct FieldReader {
    /// The mapping's own place.
    public let location: SourceLocation
    private let owner: String
    private let entries: [Value.Entry]
    private var known: Set<String> = []

    /// Opens a mapping; `owner` says what it is, for messages: `listener`.
    ///
    /// - Throws: ``ResourceError`` where the value is no mapping.
    public init(_ value: Value, of owner: String) throws {
        guard case .mapping(let entries) = value.content else {
            throw value.error("expected \(owner) to be a mapping, found \(value.kindInWords)")
        }
        self.location = value.location
        self.owner = owner
        self.entries = entries
    }

    /// A field that may be absent or null.
    ///
    /// - Throws: what reading the value throws.
    public mutating func optional<Field>(_ name: String, _ read: (Value) throws -> Field) throws -> Field? {
        guard let value = value(name), !value.isNull else { return nil }
        return try read(value)
    }

    /// A field that must be there.
    ///
    /// - Throws: ``ResourceError`` where the field is absent or null, at the mapping or at what may be the field
    ///   misspelt, else what reading throws.
    public mutating func required<Field>(_ name: String, _ read: (Value) throws -> Field) throws -> Field {
        guard let value = value(name), !value.isNull else {
            let misspelt = entries.first { !known.contains($0.key) && nearestName(to: $0.key, among: [name]) != nil }
            guard let misspelt else { throw ResourceError(at: location, "\(owner) needs `\(name)`") }
            throw ResourceError(
                at: misspelt.keyLocation,
                "\(owner) needs `\(name)`; is it what `\(misspelt.key)` was meant to be?"
            )
        }
        return try read(value)
    }

    /// A field's raw value, null included, or nil where it is absent.
    ///
    /// The field counts as known.
    public mutating func value(_ name: String) -> Value? {
        known.insert(name)
        return entries.first { $0.key == name }?.value
    }

    /// The fields that nobody has asked for yet, as a mapping of their own; they count as known.
    public mutating func remaining() -> Value {
        let rest = entries.filter { !known.contains($0.key) }
        known.formUnion(rest.map(\.key))
        return Value(.mapping(rest), at: location)
    }

    /// Accepts fields without reading them.
    public mutating func ignore(_ names: String...) {
        known.formUnion(names)
    }

    /// Ends the reading; `hint` says what to do about a field that is near none, instead of all that are known.
    ///
    /// - Throws: ``ResourceError`` for each field that nobody asked for, with the nearest name that is known.
    public func finish(hint: String? = nil) throws {
        let unknown = entries.filter { !known.contains($0.key) }
        guard unknown.isEmpty else {
            throw ResourceError(
                unknown.map {
                    Diagnostic(
                        at: $0.keyLocation,
                        "unknown field `\($0.key)` in \(owner); \(advice(on: $0.key, or: hint))",
                        correction: correction(of: $0.key)
                    )
                }
            )
        }
    }

    private func advice(on key: String, or hint: String?) -> String {
        if let hint, nearestName(to: key, among: known) == nil { return hint }
        return known.isEmpty ? "nothing is expected here" : suggestion(for: key, among: known)
    }

    /// The nearest known field, unless it is there already.
    private func correction(of key: String) -> Diagnostic.Correction? {
        guard let nearest = nearestName(to: key, among: known), !entries.contains(where: { $0.key == nearest }) else {
            return nil
        }
        return Diagnostic.Correction(of: key, to: nearest, .key)
    }
}
