/// Names of hosts (RFC 1123 §2.1), and those in other scripts (RFC 5890 §2.3.2.3).
enum HostFormats {
    static func isHostname(_ text: String) -> Bool {
        guard text.utf8.count <= 253 else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            isLabel(label) && (!isMarked(label) || isALabel(label))
        }
    }

    static func isInternationalHostname(_ text: String) -> Bool {
        // The full stops that users of other scripts write (RFC 3490 §3.1).
        let isDot = { (character: Unicode.Scalar) in
            character == "." || character.value == 0x3002 || character.value == 0xFF0E || character.value == 0xFF61
        }
        var length = 0
        let labels = text.unicodeScalars.split(omittingEmptySubsequences: false, whereSeparator: isDot)
        // One label from right to left binds them all (RFC 5893 §1.4).
        if labels.contains(where: { InternationalLabel.isRightToLeft($0) }) {
            guard labels.allSatisfy({ InternationalLabel.isBidirectional(Array($0)) }) else { return false }
        }
        for scalars in labels {
            let label = Substring(scalars)
            if label.utf8.allSatisfy({ $0 < 0x80 }) {
                guard isLabel(label), !isMarked(label) || isALabel(label) else { return false }
                length += label.utf8.count + 1
            } else {
                let scalars = label.unicodeScalars.map(\.self)
                guard InternationalLabel.isValid(scalars), let encoded = Punycode.encode(scalars) else { return false }
                guard encoded.utf8.count + 4 <= 63 else { return false }
                length += encoded.utf8.count + 5
            }
        }
        return length - 1 <= 253
    }

    /// Letters, digits and hyphens, with none of these at either end.
    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-")
            && label.utf8.last != UInt8(ascii: "-")
            && label.utf8.allSatisfy {
                ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D
            }
    }

    /// Whether two hyphens stand third and fourth, as in `xn--`; other prefixes are reserved (RFC 5890 §2.3.1).
    private static func isMarked(_ label: Substring) -> Bool {
        label.utf8.count >= 4 && label.utf8.dropFirst(2).starts(with: "--".utf8)
    }

    private static func isALabel(_ label: Substring) -> Bool {
        guard label.lowercased().hasPrefix("xn--") else { return false }
        let encoded = label.dropFirst(4).lowercased()
        guard let decoded = Punycode.decode(encoded), decoded.contains(where: { !$0.isASCII }) else { return false }
        // What is decoded has to be encoded to the same again.
        return InternationalLabel.isValid(decoded) && Punycode.encode(decoded) == encoded
    }
}
