/// Keys that the manuals of AWS show, which are nobody's.
enum DocumentedKeys {
    static func contains(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        var end = end
        while end > start, reader[end - 1] == UInt8(ascii: ".") { end -= 1 }
        if end - start == 20 {
            guard reader.has("EXAMPLE", at: end - 7) else { return false }
            return reader.has("AKIA", at: start) || reader.has("ASIA", at: start)
        }
        guard end - start == 40 || end - start == 41, reader.has("EXAMPLEKEY", at: end - 10) else { return false }
        return secrets.contains { $0.count == end - start && reader.has($0, at: start) }
    }

    private static let secrets = [
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY",
        "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
    ].map { Array($0.utf8) }
}
