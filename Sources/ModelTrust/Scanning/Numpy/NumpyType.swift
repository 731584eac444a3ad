/// The type of an array's elements, as far as it decides how many bytes they take and whether they are Python objects.
struct NumpyType: Hashable, Sendable {
    /// Bytes an element.
    let size: UInt64
    /// Whether elements, or fields of them, are pickled Python objects.
    let holdsObjects: Bool
    /// The letter of a plain type in the array interface protocol: `i`, `u`, `f`, `b`; nil of others.
    private(set) var kind: Character?
    /// Whether the bytes of a number are in another order than little-endian.
    var isSwapped = false
    /// Whether each element is an array itself, which the type of a field may be and that of an array never is.
    var isArray = false
    /// The fields of a record.
    var fields: [NumpyField] = []

    /// Reads a type string of the array interface protocol: `<f8`, `|O`, `|S10`, `<M8[ns]`, or `f8` without the order.
    init?(_ text: String) {
        var rest = Substring(text)
        if let first = rest.first, "<>|=".contains(first) { rest = rest.dropFirst() }
        guard let kind = rest.popFirst() else { return nil }
        var digits = rest
        if "mM".contains(kind), let bracket = rest.firstIndex(of: "[") {
            guard rest.hasSuffix("]") else { return nil }
            digits = rest[..<bracket]
            let unit = rest[bracket...].dropFirst().dropLast()
            guard unit.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "/") }) else { return nil }
        }
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), digits.count <= 9 else { return nil }
        let number = UInt64(digits)
        switch kind {
        case "O":
            guard number == nil || number == 8 || number == 4 else { return nil }
            self.init(size: 8, holdsObjects: true)
        case "?":
            guard number == nil || number == 1 else { return nil }
            self.init(size: 1, holdsObjects: false)
        case "b", "i", "u", "f", "c", "m", "M":
            guard let number, [1, 2, 4, 8, 16, 32, 12, 10].contains(number) else { return nil }
            self.init(size: number, holdsObjects: false)
        case "S", "a", "V": self.init(size: number ?? 0, holdsObjects: false)
        case "U": self.init(size: (number ?? 0) * 4, holdsObjects: false)
        default: return nil
        }
        self.kind = kind == "?" ? "b" : kind
        self.isSwapped = text.first == ">"
    }

    /// Texts of any length (`StringDType`), which are pickled one by one.
    static let texts = NumpyType(size: 16, holdsObjects: true)

    init(size: UInt64, holdsObjects: Bool) {
        self.size = size
        self.holdsObjects = holdsObjects
    }

    /// How many bytes an array of a shape takes; nil where that is no number.
    func bytes(shape: [Int]) -> UInt64? {
        var total = size
        for dimension in shape {
            guard dimension >= 0 else { return nil }
            let (product, overflows) = total.multipliedReportingOverflow(by: UInt64(dimension))
            guard !overflows else { return nil }
            total = product
        }
        return total
    }
}

/// A field of a record.
struct NumpyField: Hashable, Sendable {
    let name: String
    let offset: Int
    let type: NumpyType
}
