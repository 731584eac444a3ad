/// Reads TorchScript's code word by word, and judges everything that is called.
struct TorchScriptReader {
    private enum Token: Hashable {
        case word(String)
        case string
        case number
        case sign(UInt8)
        case end
    }

    private let bytes: [UInt8]
    private let input: ScanInput
    private let context: ScanContext
    private var index = 0
    private var isPython = false
    private var reported: Set<String> = []
    /// Names that stand for functions of the archive's own code: `_1 = __torch__.torch.nn.functional.pad`.
    private var aliases: Set<String> = []
    /// How many brackets are open.
    private var brackets = 0

    init(_ bytes: [UInt8], _ input: ScanInput, _ context: ScanContext) {
        self.bytes = bytes
        self.input = input
        self.context = context
    }

    private mutating func find(
        _ rule: String,
        _ verdict: ScanVerdict,
        _ offset: Int,
        _ element: String,
        _ message: String
    ) throws(ScanStop) {
        guard reported.insert("\(rule) \(element)").inserted else { return }
        try context.add(
            ScanFinding(
                rule: rule,
                verdict: isPython ? .notProven : verdict,
                path: input.path,
                offset: UInt64(offset),
                element: String(element.prefix(200)),
                message: message
            )
        )
    }

    /// Reads the code to its end.
    mutating func read() throws(ScanStop) {
        var before: Token = .end
        while true {
            try context.budget.step()
            let start = index
            let token = try next()
            if case .sign(let sign) = token {
                if Self.opening.contains(sign) { brackets += 1 }
                if Self.closing.contains(sign) { brackets -= 1 }
            }
            switch token {
            case .end: return
            case .word(let word):
                before = try name(word, start, before)
                continue
            case .sign(UInt8(ascii: "@")):
                // The product of matrices is written out as a call.
                isPython = true
                try find("torchscript-statement", .notProven, start, "@", "TorchScript has no such statement")
            case .sign(UInt8(ascii: "("))
            where before == .sign(UInt8(ascii: ")")) || before == .sign(UInt8(ascii: "]")) || before == .string:
                try find("torchscript-call", .notProven, start, "(", "what an expression gives is called")
            default: break
            }
            before = token
        }
    }

    /// A name with what follows its dots; says what stood last.
    private mutating func name(_ first: String, _ start: Int, _ before: Token) throws(ScanStop) -> Token {
        // TorchScript enters its own classes: `with torch.no_grad():`.
        if first == "with", input.role == .torchScript { return .word(first) }
        if TorchScriptNames.foreign.contains(first), before != .sign(UInt8(ascii: ".")) {
            var rest = index
            while rest < bytes.count, bytes[rest] == 0x20 { rest += 1 }
            if first == "import", bytes[rest...].starts(with: "__torch__".utf8) { return .word(first) }
            isPython = isPython || input.role != .torchScript
            try find("torchscript-statement", .notProven, start, first, "it is Python and no TorchScript")
            return .word(first)
        }
        var parts = [first]
        while peek() == UInt8(ascii: ".") {
            _ = try next()
            guard case .word(let part) = try next() else {
                throw ScanStop(rule: "torchscript-syntax", offset: UInt64(index), message: "a name is expected")
            }
            parts.append(part)
        }
        if parts.starts(with: ["__torch__", "torch", "classes"]), !TorchScriptNames.isKnownClass(parts) {
            try find(
                "torchscript-class",
                .notProven,
                start,
                parts.joined(separator: "."),
                "the class is one that a library brings"
            )
        }
        if input.role == .torchScript, parts.count == 1, before != .sign(UInt8(ascii: ".")) { learn(first) }
        let isDeclared = before == .word("def") || before == .word("class")
        guard peek() == UInt8(ascii: "("), !isDeclared, !TorchScriptNames.keywords.contains(first) else {
            return .word(parts.last ?? first)
        }
        try call(parts, start, isMethod: before == .sign(UInt8(ascii: ".")))
        return .word(parts.last ?? first)
    }

    private mutating func call(_ parts: [String], _ start: Int, isMethod: Bool) throws(ScanStop) {
        let name = parts.joined(separator: ".")
        if !isMethod, aliases.contains(name) { return }
        switch TorchScriptNames.judge(parts, isMethod: isMethod) {
        case .proven: return
        case .notProven:
            try find(
                "torchscript-call",
                .notProven,
                start,
                name,
                "what is called is not on the list of operators that compute"
            )
        case .unsafe:
            try find("torchscript-call", .unsafe, start, name, "what is called reads or writes files, or runs code")
        }
    }

    private static let opening = Set("([{".utf8)
    private static let closing = Set(")]}".utf8)

    /// Notes whether a name stands for one of the archive's functions from here on: as long as it is only called.
    ///
    /// Assigned to in any other way, as one of several or as a parameter, it may be anything.
    private mutating func learn(_ name: String) {
        var place = index
        func skipSpaces() { while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x09 { place += 1 } }
        skipSpaces()
        guard place < bytes.count, bytes[place] != UInt8(ascii: "(") else { return }
        aliases.remove(name)
        // Within brackets `=` names an argument.
        guard brackets == 0, place + 1 < bytes.count, bytes[place] == UInt8(ascii: "="),
            bytes[place + 1] != UInt8(ascii: "=")
        else { return }
        place += 1
        skipSpaces()
        let value = bytes[place...].prefix { Self.isLetter($0) || Self.isDigit($0) || $0 == UInt8(ascii: ".") }
        let end = place + value.count
        if value.starts(with: "__torch__.".utf8), end == bytes.count || bytes[end] == 0x0A { aliases.insert(name) }
    }

    /// The next sign that is no space, without taking it.
    private func peek() -> UInt8? {
        var place = index
        while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x09 { place += 1 }
        return place < bytes.count ? bytes[place] : nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
    }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private mutating func next() throws(ScanStop) -> Token {
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                index += 1
            } else if byte == UInt8(ascii: "#") {
                while index < bytes.count, bytes[index] != 0x0A { index += 1 }
            } else {
                break
            }
        }
        guard index < bytes.count else { return .end }
        let start = index
        let byte = bytes[index]
        if Self.isLetter(byte) {
            while index < bytes.count, Self.isLetter(bytes[index]) || Self.isDigit(bytes[index]) { index += 1 }
            return .word(String(decoding: bytes[start..<index], as: UTF8.self))
        }
        if Self.isDigit(byte) {
            while index < bytes.count,
                Self.isDigit(bytes[index]) || Self.isLetter(bytes[index]) || bytes[index] == UInt8(ascii: ".")
            {
                index += 1
            }
            return .number
        }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return try string(byte) }
        index += 1
        return .sign(byte)
    }

    private mutating func string(_ quote: UInt8) throws(ScanStop) -> Token {
        let start = index
        let isLong = bytes[index...].starts(with: [quote, quote, quote])
        index += isLong ? 3 : 1
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\") {
                index += 2
            } else if byte == quote, !isLong || bytes[index...].starts(with: [quote, quote, quote]) {
                index += isLong ? 3 : 1
                return .string
            } else if byte == 0x0A, !isLong {
                break
            } else {
                index += 1
            }
        }
        throw ScanStop(rule: "torchscript-syntax", offset: UInt64(start), message: "a string has no end")
    }
}
