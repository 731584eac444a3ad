/// Finds the elements of markup with their attributes, as XML and HTML have them alike.
struct MarkupReader {
    enum Tag {
        case element(String, [(name: String, value: String)])
        /// What a reader does more with than show it: a document type, an instruction to a program, a section.
        case fault(String)
    }

    private static let attributes = 64

    private let bytes: [UInt8]
    private var index = 0
    private var isFirst = true

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next opening tag, or what is no plain markup; comments and closing tags are passed over.
    mutating func next() -> Tag? {
        while let open = bytes[index...].firstIndex(of: UInt8(ascii: "<")) {
            index = open + 1
            guard index < bytes.count else { return nil }
            defer { isFirst = false }
            switch bytes[index] {
            case UInt8(ascii: "!"):
                if take("!--") {
                    // A browser ends a comment at `-->` and, where it begins so, at `>` and `->`.
                    guard !take(">"), !take("->"), skipComment() else { return .fault("<!--") }
                } else if takeWord("!doctype html>") {
                    continue
                } else {
                    return .fault("<!")
                }
            case UInt8(ascii: "?"):
                guard isFirst, take("?xml "), skipDeclaration() else { return .fault("<?") }
            case UInt8(ascii: "/"): break
            case let byte where Self.isLetter(byte):
                // Markdown's `<https://example.com>` is a link.
                if !skipLink() { return element() }
            default: break
            }
        }
        return nil
    }

    private mutating func element() -> Tag {
        let name = word {
            !Self.isSpace($0) && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "<")
        }
        var attributes: [(name: String, value: String)] = []
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: ">") { break }
            if Self.isSpace(byte) || byte == UInt8(ascii: "/") {
                index += 1
                continue
            }
            guard attributes.count < Self.attributes else { return .fault("<\(name)") }
            attributes.append(attribute())
        }
        return .element(name, attributes)
    }

    private mutating func attribute() -> (name: String, value: String) {
        let start = index
        let name = word {
            !Self.isSpace($0) && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "/")
        }
        if index == start {
            index += 1
            return ("=", "")
        }
        skipSpaces()
        guard index < bytes.count, bytes[index] == UInt8(ascii: "=") else { return (name, "") }
        index += 1
        skipSpaces()
        guard index < bytes.count else { return (name, "") }
        let quote = bytes[index]
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            return (name, word { !Self.isSpace($0) && $0 != UInt8(ascii: ">") })
        }
        index += 1
        let value = word { $0 != quote }
        index = min(index + 1, bytes.count)
        return (name, value)
    }

    private mutating func word(while holds: (UInt8) -> Bool) -> String {
        let run = bytes[index...].prefix(while: holds)
        index = run.endIndex
        return String(decoding: run, as: UTF8.self)
    }

    private mutating func skipSpaces() { while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 } }

    private mutating func take(_ text: String) -> Bool {
        guard bytes[index...].starts(with: text.utf8) else { return false }
        index += text.utf8.count
        return true
    }

    private mutating func takeWord(_ text: String) -> Bool {
        let run = bytes[index...].prefix(text.utf8.count)
        guard run.count == text.utf8.count, String(decoding: run, as: UTF8.self).lowercased() == text else {
            return false
        }
        index += run.count
        return true
    }

    /// Goes behind the end of a comment; false where it has none, or one that browsers alone know.
    private mutating func skipComment() -> Bool {
        while let end = bytes[index...].firstIndex(of: UInt8(ascii: ">")) {
            let before = bytes[index..<end].suffix(3)
            index = end + 1
            if before.suffix(2).elementsEqual("--".utf8) { return true }
            if before.elementsEqual("--!".utf8) { return false }
        }
        return false
    }

    /// Goes behind an address that stands in brackets by itself; false where none does.
    private mutating func skipLink() -> Bool {
        let rest = bytes[index...]
        guard rest.starts(with: "https://".utf8) || rest.starts(with: "http://".utf8) else { return false }
        let end = rest.prefix(2_000).firstIndex { byte in
            Self.isSpace(byte) || [UInt8(ascii: ">"), UInt8(ascii: "<"), 0x22, 0x27].contains(byte)
        }
        guard let end, bytes[end] == UInt8(ascii: ">") else { return false }
        index = end + 1
        return true
    }

    private mutating func skipDeclaration() -> Bool {
        guard let end = bytes[index...].firstIndex(of: UInt8(ascii: ">")), bytes[end - 1] == UInt8(ascii: "?") else {
            return false
        }
        index = end + 1
        return true
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: ":")
            || byte >= 0x80
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
