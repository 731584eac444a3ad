/// An entry of the log with the gist of the record that it was made from.
public struct RecordEntry: Sendable {
    private enum Content: Sendable {
        case bytes([UInt8])
        /// What is written where the log keeps it, and nowhere else before.
        case copy(RecordTemplate, RecordTemplate.Values)
    }

    private let content: Content
    /// What it tells; nil where that has to be read from the bytes.
    public let gist: RecordGist?

    /// An entry.
    public init(bytes: [UInt8], gist: RecordGist? = nil) {
        self.content = .bytes(bytes)
        self.gist = gist
    }

    /// An entry like others.
    init(_ template: RecordTemplate, _ values: RecordTemplate.Values, gist: RecordGist) {
        self.content = .copy(template, values)
        self.gist = gist
    }

    /// The entry's bytes.
    public var bytes: [UInt8] {
        switch content {
        case .bytes(let bytes): return bytes
        case .copy(let template, let values):
            var bytes: [UInt8] = []
            template.append(values, to: &bytes)
            return bytes
        }
    }

    /// The bytes that it has at most.
    var room: Int {
        switch content {
        case .bytes(let bytes): bytes.count
        case .copy(let template, _): template.room
        }
    }

    /// Adds the entry to a bundle: its length, then its bytes.
    func append(to bundle: inout [UInt8]) {
        switch content {
        case .bytes(let bytes): EntryBundle.append(bytes[...], to: &bundle)
        case .copy(let template, let values):
            let start = bundle.count
            bundle.append(0)
            bundle.append(0)
            template.append(values, to: &bundle)
            let length = bundle.count - start - 2
            bundle[start] = UInt8(truncatingIfNeeded: length >> 8)
            bundle[start + 1] = UInt8(truncatingIfNeeded: length)
        }
    }
}
