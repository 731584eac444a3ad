/// A path through a JSON value (RFC 6901).
enum JSONPointer {
    /// The steps of a pointer, escapes decoded; nil where it is none.
    static func steps(_ text: String) -> [String]? {
        guard !text.isEmpty else { return [] }
        guard text.hasPrefix("/") else { return nil }
        var steps: [String] = []
        for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let step = unescaped(part) else { return nil }
            steps.append(step)
        }
        return steps
    }

    private static func unescaped(_ part: Substring) -> String? {
        guard part.contains("~") else { return String(part) }
        var result = ""
        var rest = part
        while let tilde = rest.firstIndex(of: "~") {
            result += rest[..<tilde]
            rest = rest[rest.index(after: tilde)...]
            switch rest.first {
            case "0": result += "~"
            case "1": result += "/"
            default: return nil
            }
            rest = rest.dropFirst()
        }
        return result + rest
    }

    /// The place in an array that a step names (RFC 6901 §4): no sign, and no zero before other digits.
    static func place(_ step: String) -> Int? {
        guard !step.isEmpty, step.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), step == "0" || step.utf8.first != 0x30
        else { return nil }
        return Int(step)
    }

    static func escaped(_ step: String) -> String {
        guard step.contains("~") || step.contains("/") else { return step }
        var result = ""
        for character in step.unicodeScalars {
            switch character {
            case "~": result += "~0"
            case "/": result += "~1"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
