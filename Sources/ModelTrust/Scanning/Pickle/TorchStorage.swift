/// A storage that a pickle of PyTorch refers to by a persistent identifier.
struct TorchStorage: Hashable, Sendable {
    /// How many elements it has.
    let count: Int
    /// Bytes an element.
    let elementSize: Int

    /// How many bytes it takes; nil where that is no number.
    var bytes: UInt64? {
        let (product, overflows) = count.multipliedReportingOverflow(by: elementSize)
        return overflows || product < 0 ? nil : UInt64(product)
    }
}
