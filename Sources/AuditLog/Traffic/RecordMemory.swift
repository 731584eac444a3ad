import ZeroTrust

/// What the parts of earlier records were read as: callers and addresses come again and again.
struct RecordMemory: Sendable {
    /// The values whose texts were seen last, each in the place that its text's hash names.
    private struct Seen<Value: Sendable>: Sendable {
        private var places: [(bytes: [UInt8], value: Value)?] = Array(repeating: nil, count: 256)

        /// The value of a text, or nil where it cannot be read.
        mutating func value(_ text: Span<UInt8>, _ range: Range<Int>, _ parse: (String) -> Value?) -> Value? {
            // FNV-1a over few enough bytes: whoever makes texts collide makes them be read again, and no more.
            var hash: UInt32 = 2_166_136_261
            for index in range { hash = (hash ^ UInt32(text[index])) &* 16_777_619 }
            let place = Int((hash ^ (hash >> 16)) & 255)
            if let seen = places[place], Self.isSame(text, range, seen.bytes) { return seen.value }
            guard let value = JSONScan.decoded(text, range).flatMap(parse) else { return nil }
            places[place] = (range.map { text[$0] }, value)
            return value
        }

        private static func isSame(_ text: Span<UInt8>, _ range: Range<Int>, _ bytes: [UInt8]) -> Bool {
            guard range.count == bytes.count else { return false }
            for index in bytes.indices where text[range.lowerBound + index] != bytes[index] { return false }
            return true
        }
    }

    private var callers = Seen<SPIFFEID>()
    private var addresses = Seen<IPAddress>()
    private var words = Seen<String>()

    /// The caller whose ID stands in a range.
    mutating func caller(_ text: Span<UInt8>, _ range: Range<Int>) -> SPIFFEID? {
        callers.value(text, range) { try? SPIFFEID($0) }
    }

    /// The address that stands in a range.
    mutating func address(_ text: Span<UInt8>, _ range: Range<Int>) -> IPAddress? {
        addresses.value(text, range) { IPAddress($0) }
    }

    /// The string that stands in a range, one of few that come often.
    mutating func word(_ text: Span<UInt8>, _ range: Range<Int>) -> String? {
        range.isEmpty ? "" : words.value(text, range) { $0 }
    }
}
