/// Keys that are no secret: those that the manuals of AWS show, those of Google that stand in open source, and tokens that
/// claim nothing.
enum DocumentedKeys {
    static func contains(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        var end = end
        while end > start, reader[end - 1] == UInt8(ascii: ".") { end -= 1 }
        if end - start == 20 {
            guard reader.has("EXAMPLE", at: end - 7) else { return false }
            return reader.has("AKIA", at: start) || reader.has("ASIA", at: start)
        }
        if reader.has("AIza", at: start) {
            return google.contains { $0.count == end - start - 4 && reader.has($0, at: start + 4) }
        }
        if reader.has("eyJ", at: start) { return claimsNothing(&reader, start, end) }
        guard end - start == 40 || end - start == 41, reader.has("EXAMPLEKEY", at: end - 10) else { return false }
        return secrets.contains { $0.count == end - start && reader.has($0, at: start) }
    }

    /// Whether the second part of a JSON Web Token is `{}`.
    private static func claimsNothing(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        guard let dot = (start...end).first(where: { reader[$0] == UInt8(ascii: ".") }) else { return false }
        return reader.has("e30.", at: dot + 1)
    }

    private static let secrets = [
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY",
        "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
    ].map { Array($0.utf8) }

    /// What follows `AIza` in the keys of Chromium, Android and others, as gitleaks lists them.
    private static let google = [
        "Syabcdefghijklmnopqrstuvwxyz1234567", "SyAnLA7NfeLquW1tJFpx_eQCxoX-oo6YyIs",
        "SyCkEhVjf3pduRDt6d1yKOMitrUEke8agEM", "SyDMAScliyLx7F0NPDEJi1QmyCgHIAODrlU",
        "SyD3asb-2pEZVqMkmL6M9N6nHZRR_znhrh0", "yDNSXIbFmlXbIE6mCzDLQAqITYefhixbX4A",
        "SyAdOS2zB6NCsk1pCdZ4-P6GBdi_UUPwX7c", "SyASWm6HmTMdYWpgMnjRBjxcQ9CKctWmLd4",
        "SyANUvH9H9BsUccjsu2pCmEkOPjjaXeDQgY", "SyA5_iVawFQ8ABuTZNUdcwERLJv_a_p4wtM",
        "SyA4UrcGxgwQFTfaI3no3t7Lt1sjmdnP5sQ", "SyDSb51JiIcB6OJpwwMicseKRhhrOq1cS7g",
        "SyBF2RrAIm4a0mO64EShQfqfd2AFnzAvvuU", "SyBcE-OOIbhjyR83gm4r2MFCu4MJmprNXsw",
        "SyB8qGxt4ec15vitgn44duC5ucxaOi4FmqE", "SyA8vmApnrHNFE0bApF4hoZ11srVL_n0nvY",
    ].map { Array($0.utf8) }
}
