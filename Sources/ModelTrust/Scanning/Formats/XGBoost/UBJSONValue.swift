/// A value of Universal Binary JSON, as far as a scan keeps it: of many numbers, only where they lie.
enum UBJSONValue {
    /// null, a boolean, or a number that is not whole.
    case other
    case integer(Int)
    case text(String)
    case array([UBJSONValue])
    case numbers(UBJSONNumbers)
    case object([String: UBJSONValue])

    subscript(key: String) -> UBJSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    /// A whole number that XGBoost writes as text.
    var number: Int? { text.flatMap { Int($0) } }
}

/// Numbers of one type, one after the other.
struct UBJSONNumbers {
    let count: Int
    /// Bytes each.
    let width: Int
    /// Whether they have a sign; nil where they are not whole.
    let isSigned: Bool?
    /// Where the first lies.
    let offset: UInt64
}
