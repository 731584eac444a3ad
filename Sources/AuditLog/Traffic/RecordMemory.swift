import ZeroTrust

/// What the parts of the record before were read as: callers and addresses come again and again.
struct RecordMemory: Sendable {
    private struct Last<Value: Sendable>: Sendable {
        var bytes: [UInt8] = []
        var value: Value?
    }

    private var caller = Last<SPIFFEID>()
    private var source = Last<IPAddress>()
    private var destination = Last<IPAddress>()

    /// The caller whose ID stands in a range.
    mutating func caller(_ text: Span<UInt8>, _ range: Range<Int>) -> SPIFFEID? {
        Self.read(text, range, &caller) { try? SPIFFEID($0) }
    }

    /// The source whose address stands in a range.
    mutating func source(_ text: Span<UInt8>, _ range: Range<Int>) -> IPAddress? {
        Self.read(text, range, &source) { IPAddress($0) }
    }

    /// The destination whose address stands in a range.
    mutating func destination(_ text: Span<UInt8>, _ range: Range<Int>) -> IPAddress? {
        Self.read(text, range, &destination) { IPAddress($0) }
    }

    private static func read<Value: Sendable>(
        _ text: Span<UInt8>,
        _ range: Range<Int>,
        _ last: inout Last<Value>,
        _ parse: (String) -> Value?
    ) -> Value? {
        if let value = last.value, isSame(text, range, last.bytes) { return value }
        guard let value = JSONScan.decoded(text, range).flatMap(parse) else { return nil }
        last.bytes = range.map { text[$0] }
        last.value = value
        return value
    }

    private static func isSame(_ text: Span<UInt8>, _ range: Range<Int>, _ bytes: [UInt8]) -> Bool {
        guard range.count == bytes.count else { return false }
        for index in bytes.indices where text[range.lowerBound + index] != bytes[index] { return false }
        return true
    }
}
