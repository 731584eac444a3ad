/// The place of a value in a text, in the form that APIs name their parameters in: `messages[2].content`.
struct JSONPath: Hashable, Sendable {
    private(set) var text = ""

    init(_ text: String = "") {
        self.text = text
    }

    /// The most characters of a path that are kept.
    private static let limit = 512

    mutating func append(key: String) {
        guard text.utf8.count < Self.limit else { return }
        if Self.isPlain(key) {
            text += text.isEmpty ? key : ".\(key)"
        } else {
            text += "[\(Self.quoted(key))]"
        }
    }

    mutating func append(index: Int) {
        guard text.utf8.count < Self.limit else { return }
        text += "[\(index)]"
    }

    func appending(_ key: String) -> JSONPath {
        var path = self
        path.append(key: key)
        return path
    }

    func appending(_ index: Int) -> JSONPath {
        var path = self
        path.append(index: index)
        return path
    }

    private static func isPlain(_ key: String) -> Bool {
        (1...64).contains(key.utf8.count)
            && key.utf8.allSatisfy {
                ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z")
                    || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) || $0 == UInt8(ascii: "_")
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "$")
            }
    }

    /// A key that a caller chose, made harmless: it goes into records and answers.
    private static func quoted(_ key: String) -> String {
        var text = "\""
        for scalar in key.unicodeScalars.prefix(32) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                text += "\u{FFFD}"
            default:
                if scalar == "\"" || scalar == "\\" { text += "\\" }
                text.unicodeScalars.append(scalar)
            }
        }
        return text + (key.unicodeScalars.count > 32 ? "…\"" : "\"")
    }
}

extension JSONValue {
    /// Where the value stands in its text; the way there is gone from the root.
    var path: JSONPath {
        var path = JSONPath()
        var at = 0
        let nodes = document.nodes
        while at != index, nodes[at].kind == .object || nodes[at].kind == .array {
            let isObject = nodes[at].kind == .object
            var next = at + 1
            var found = false
            for place in 0..<Int(nodes[at].count) {
                let key = next
                let value = isObject ? next + 1 : next
                next = Int(nodes[value].next)
                guard (key..<next).contains(index) else { continue }
                if isObject {
                    path.append(key: JSONString.text(nodes[key], of: document.bytes))
                } else {
                    path.append(index: place)
                }
                if key == index { return path }
                at = value
                found = true
                break
            }
            guard found else { return path }
        }
        return path
    }
}
