/// Templates of URIs (RFC 6570 §2).
enum URITemplateFormat {
    static func isValid(_ text: String) -> Bool {
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "{":
                guard let end = rest.firstIndex(of: "}"), isExpression(rest[..<end]) else { return false }
                rest = rest[rest.index(after: end)...]
            case "%":
                guard let high = rest.popFirst(), high.properties.isASCIIHexDigit, let low = rest.popFirst(),
                    low.properties.isASCIIHexDigit
                else { return false }
            case "}", "\"", "<", ">", "\\", "^", "`", "|": return false
            default: guard scalar.value > 0x20, !(0x7F...0x9F).contains(scalar.value) else { return false }
            }
        }
        return true
    }

    private static func isExpression(_ text: Substring.UnicodeScalarView) -> Bool {
        var text = text
        if let first = text.first, "+#./;?&=,!@|".unicodeScalars.contains(first) {
            // The last five are kept for later versions (§2.2).
            guard !"=,!@|".unicodeScalars.contains(first) else { return false }
            text.removeFirst()
        }
        return text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy(isVariable)
    }

    private static func isVariable(_ text: Substring.UnicodeScalarView) -> Bool {
        var name = text
        if name.last == "*" {
            name.removeLast()
        } else if let colon = name.firstIndex(of: ":") {
            let digits = name[name.index(after: colon)...]
            guard (1...4).contains(digits.count), digits.first != "0", digits.allSatisfy({ ("0"..."9").contains($0) })
            else { return false }
            name = name[..<colon]
        }
        guard !name.isEmpty, name.first != ".", name.last != "." else { return false }
        var afterDot = false
        while let scalar = name.popFirst() {
            switch scalar {
            case ".":
                if afterDot { return false }
                afterDot = true
                continue
            case "%":
                guard let high = name.popFirst(), high.properties.isASCIIHexDigit, let low = name.popFirst(),
                    low.properties.isASCIIHexDigit
                else { return false }
            default: guard ScalarSet.word.contains(scalar.value) else { return false }
            }
            afterDot = false
        }
        return true
    }
}
