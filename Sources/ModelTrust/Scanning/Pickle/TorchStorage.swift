/// A storage that a pickle of PyTorch refers to by a persistent identifier.
struct TorchStorage: Hashable, Sendable {
    /// What its elements are, as far as indices are concerned.
    enum Elements: UInt8 {
        case long, int, other
        /// What the pickle calls now this, now that, or a part of another storage.
        case unclear
    }

    /// How many elements it has.
    let count: Int
    private let width: UInt8
    var elements: Elements

    init(count: Int, elementSize: Int, elements: Elements = .other) {
        self.count = count
        self.width = UInt8(elementSize)
        self.elements = elements
    }

    /// Bytes an element.
    var elementSize: Int { Int(width) }

    /// How many bytes it takes; nil where that is no number.
    var bytes: UInt64? {
        let (product, overflows) = count.multipliedReportingOverflow(by: elementSize)
        return overflows || product < 0 ? nil : UInt64(product)
    }
}
