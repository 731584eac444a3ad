/// Cuts a template into tokens, as Jinja's own lexer does with the delimiters that nobody changes.
struct JinjaLexer {
    private static let tokens = 200_000
    private static let symbols = [
        "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ",", ":", "|", "(", ")",
        "[", "]", "{", "}",
    ].map { (text: $0, bytes: Array($0.utf8)) }

    private let bytes: [UInt8]
    private var index = 0
    private var result: [JinjaToken] = []

    private init(_ text: String) { bytes = Array(text.utf8) }

    /// The tokens of a template, with an end behind them.
    static func tokens(of text: String) throws(JinjaFault) -> [JinjaToken] {
        var lexer = JinjaLexer(text)
        while lexer.index < lexer.bytes.count { try lexer.part() }
        lexer.result.append(JinjaToken(kind: .end, offset: lexer.bytes.count))
        return lexer.result
    }

    private func starts(_ text: StaticString, at place: Int) -> Bool {
        let expected = "\(text)".utf8
        return place + expected.count <= bytes.count && bytes[place..<(place + expected.count)].elementsEqual(expected)
    }

    private func fault(_ message: String, at offset: Int? = nil, isCertain: Bool = false) -> JinjaFault {
        JinjaFault(rule: "template-syntax", offset: offset ?? index, message: message, isCertain: isCertain)
    }

    private mutating func append(_ kind: JinjaToken.Kind, at offset: Int) throws(JinjaFault) {
        guard result.count < Self.tokens else { throw fault("the template has more than \(Self.tokens) tokens") }
        result.append(JinjaToken(kind: kind, offset: offset))
    }

    /// Text up to the next delimiter, and what is between the delimiters.
    private mutating func part() throws(JinjaFault) {
        let start = index
        while index < bytes.count, !starts("{{", at: index), !starts("{%", at: index), !starts("{#", at: index) {
            index += 1
        }
        if index > start { try append(.text(String(decoding: bytes[start..<index], as: UTF8.self)), at: start) }
        guard index < bytes.count else { return }
        let opening = index
        if starts("{#", at: index) {
            while index < bytes.count, !starts("#}", at: index) { index += 1 }
            guard index < bytes.count else { throw fault("a comment has no end", at: opening, isCertain: true) }
            index += 2
            return
        }
        let isOutput = starts("{{", at: index)
        index += 2
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") { index += 1 }
        try append(isOutput ? .outputBegin : .blockBegin, at: opening)
        try code(isOutput, opening)
        if !isOutput, result.suffix(2).map(\.kind) == [.name("raw"), .blockEnd],
            result.dropLast(2).last?.kind == .blockBegin
        {
            try raw(opening)
        }
    }

    /// What is between `{% raw %}` and `{% endraw %}` is text.
    private mutating func raw(_ opening: Int) throws(JinjaFault) {
        result.removeLast(3)
        let start = index
        while index < bytes.count {
            if starts("{%", at: index) {
                var place = index + 2
                while place < bytes.count, bytes[place] == UInt8(ascii: "-") || bytes[place] == 0x20 { place += 1 }
                if starts("endraw", at: place) {
                    try append(.text(String(decoding: bytes[start..<index], as: UTF8.self)), at: start)
                    while place < bytes.count, !starts("%}", at: place) { place += 1 }
                    index = min(place + 2, bytes.count)
                    return
                }
            }
            index += 1
        }
        throw fault("a raw block has no end", at: opening)
    }

    private mutating func code(_ isOutput: Bool, _ opening: Int) throws(JinjaFault) {
        var brackets = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                index += 1
                continue
            }
            let signed = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") ? 1 : 0
            if brackets == 0, isOutput ? starts("}}", at: index + signed) : starts("%}", at: index + signed) {
                index += signed + 2
                return try append(isOutput ? .outputEnd : .blockEnd, at: index - 2)
            }
            try token(&brackets)
        }
        throw fault("an expression has no end", at: opening, isCertain: true)
    }

    private mutating func token(_ brackets: inout Int) throws(JinjaFault) {
        let start = index
        let byte = bytes[index]
        if Self.isLetter(byte) {
            while index < bytes.count, Self.isLetter(bytes[index]) || Self.isDigit(bytes[index]) { index += 1 }
            return try append(.name(String(decoding: bytes[start..<index], as: UTF8.self)), at: start)
        }
        if Self.isDigit(byte) { return try number() }
        if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { return try string(byte) }
        for symbol in Self.symbols where bytes[index...].starts(with: symbol.bytes) {
            if "([{".contains(symbol.text) { brackets += 1 }
            if ")]}".contains(symbol.text) { brackets -= 1 }
            guard brackets >= 0 else { throw fault("a bracket closes that was not opened", isCertain: true) }
            index += symbol.bytes.count
            return try append(.symbol(symbol.text), at: start)
        }
        throw fault("a character that no expression has", isCertain: Self.strangers.contains(byte))
    }

    /// Characters that are no token of Jinja's either.
    private static let strangers = Set("$?@&^`\\#".utf8)

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || byte == UInt8(ascii: "_")
    }

    private mutating func number() throws(JinjaFault) {
        let start = index
        while index < bytes.count, Self.isDigit(bytes[index]) || bytes[index] == UInt8(ascii: "_") { index += 1 }
        let digits = bytes[start..<index].filter { $0 != UInt8(ascii: "_") }
        if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "."), Self.isDigit(bytes[index + 1]) {
            index += 1
            while index < bytes.count, Self.isDigit(bytes[index]) { index += 1 }
            return try append(.float, at: start)
        }
        if index < bytes.count, Self.isLetter(bytes[index]) { throw fault("a number of a form that is not known") }
        guard let value = Int(String(decoding: digits, as: UTF8.self)) else { throw fault("a number is too large") }
        try append(.integer(value), at: start)
    }

    private mutating func string(_ quote: UInt8) throws(JinjaFault) {
        let start = index
        index += 1
        var value: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == quote { return try append(.string(String(decoding: value, as: UTF8.self)), at: start) }
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                continue
            }
            guard index < bytes.count else { break }
            try escape(into: &value)
        }
        throw fault("a string has no end", at: start, isCertain: true)
    }

    /// The escapes of a Python string.
    private mutating func escape(into value: inout [UInt8]) throws(JinjaFault) {
        let byte = bytes[index]
        index += 1
        let plain: [UInt8: UInt8] = [
            UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "'"): 0x27,
            UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "a"): 7,
            UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "v"): 0x0B,
        ]
        if let decoded = plain[byte] {
            // Python keeps the backslash before a slash.
            if byte == UInt8(ascii: "/") { value.append(UInt8(ascii: "\\")) }
            return value.append(decoded)
        }
        let lengths: [UInt8: Int] = [UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8]
        if let length = lengths[byte] {
            guard index + length <= bytes.count,
                let code = UInt32(String(decoding: bytes[index..<(index + length)], as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(code)
            else { throw fault("an escape that is cut short") }
            index += length
            return value += Array(String(Character(scalar)).utf8)
        }
        guard !Self.isDigit(byte), byte != UInt8(ascii: "N") else {
            throw fault("an escape by number or by name, which no template needs", at: index - 2)
        }
        value += [UInt8(ascii: "\\"), byte]
    }
}
