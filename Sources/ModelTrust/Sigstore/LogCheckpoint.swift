import SPIFFE

/// The size and root of a log at some time, in a signed note (C2SP tlog-checkpoint).
struct LogCheckpoint {
    let origin: Substring
    let size: UInt64
    let root: [UInt8]
    /// What the signatures are over.
    let signedBytes: [UInt8]
    /// Four bytes that name a key, then the signature.
    let signatures: [(name: Substring, bytes: [UInt8])]

    init(_ note: String) throws(ModelRefusal) {
        let broken = ModelRefusal(.transparency, "the log's checkpoint is no signed note")
        guard note.utf8.count <= 16 << 10, let blank = note.firstRange(of: "\n\n") else { throw broken }
        let text = note[..<blank.lowerBound] + "\n"
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, let size = UInt64(lines[1]), let root = Base64.decode(String(lines[2])),
            root.count == 32
        else { throw broken }
        origin = lines[0]
        self.size = size
        self.root = root
        signedBytes = Array(text.utf8)
        var signatures: [(name: Substring, bytes: [UInt8])] = []
        for line in note[blank.upperBound...].split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            guard fields.count == 3, fields[0] == "\u{2014}", let bytes = Base64.decode(String(fields[2])),
                bytes.count > 4,
                signatures.count < 16
            else { throw broken }
            signatures.append((fields[1], bytes))
        }
        self.signatures = signatures
    }

    /// Whether the log's own key signed it.
    func isSigned(by key: LogKey) -> Bool {
        signatures.contains { origin.hasPrefix($0.name) && key.verifies(Array($0.bytes.dropFirst(4)), of: signedBytes) }
    }
}
