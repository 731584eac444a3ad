/// Tells Python from other text by its lines.
///
/// A file is code if the first line that says something is a statement, or if any line outside of Markdown's fences
/// defines or imports something in a form that prose and vocabularies do not have.
enum PythonLines {
    /// Whether a text is Python.
    static func looksLikeCode(_ bytes: [UInt8]) -> Bool {
        var isFirst = true
        var isFenced = false
        var imports = false
        var acts = false
        var opensBlock = false
        var rest = bytes[...]
        var count = 0
        while !rest.isEmpty, count <= 5_000 {
            let whole = rest.prefix { $0 != 0x0A }
            rest = rest[whole.endIndex...].dropFirst()
            guard !whole.isEmpty else { continue }
            count += 1
            // Most lines of most texts have none of the signs that a statement needs.
            guard opensBlock || mayBeStatement(whole.prefix(400)) else {
                if isFirst, whole.contains(where: { $0 > 0x20 }), whole.first(where: { $0 > 0x20 }) != 0x23 {
                    isFirst = false
                }
                continue
            }
            let line = String(decoding: whole.prefix(400), as: UTF8.self)
            guard let first = line.first(where: { !$0.isWhitespace }), first != "#" else { continue }
            if opensBlock, !isFenced, line.first?.isWhitespace == true { return true }
            opensBlock = false
            if line.hasPrefix("```") || line.hasPrefix("~~~") {
                isFenced.toggle()
            } else if isFirst, opens(line) {
                return true
            } else if !isFenced, line.first?.isWhitespace == false {
                if defines(line) || runs(line) { return true }
                switch PythonBlock(line) {
                case .opens: opensBlock = true
                case .holds(let body) where isImport(body) || isCall(body) || isAssignment(body) || defines(body):
                    return true
                default: break
                }
                if isImport(line) {
                    imports = true
                    // What follows on the same line is a statement.
                    acts = acts || line.contains(";")
                }
                acts = acts || isCall(line) || isAssignment(line)
            }
            isFirst = false
            if imports, acts { return true }
        }
        return false
    }

    private static let openers = ["import", "from", "async", "op_version_set", "try"].map { Array($0.utf8) }

    /// Whether a line has a sign of a statement in it, or begins as those that have none.
    private static func mayBeStatement(_ line: ArraySlice<UInt8>) -> Bool {
        for byte in line {
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "@"),
                UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "~"):
                return true
            default: continue
            }
        }
        switch line.first {
        case UInt8(ascii: "i"), UInt8(ascii: "f"), UInt8(ascii: "a"), UInt8(ascii: "o"), UInt8(ascii: "t"):
            return openers.contains { line.starts(with: $0) }
        default: return false
        }
    }

    private static func words(_ line: String) -> [Substring] { line.split { $0 == " " || $0 == "\t" || $0 == "\r" } }

    private static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.first?.isNumber == false
            && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
    }

    /// Whether a first line is a statement.
    private static func opens(_ line: String) -> Bool {
        let words = words(line)
        guard line.first?.isWhitespace == false, let first = words.first else { return false }
        switch first {
        case "try:", "op_version_set": return true
        case "async": return words.count > 2
        default: break
        }
        for start in ["\"\"\"", "'''", "exec(", "eval(", "__import__(", "print("] where line.hasPrefix(start) {
            return true
        }
        if line.hasPrefix("@"), isName(line.dropFirst().prefix { $0 != "(" && $0 != "\r" }) { return true }
        return defines(line) || isImport(line)
    }

    /// Whether a line calls what runs code, with something to run.
    private static func runs(_ line: String) -> Bool {
        ["__import__(", "exec(", "eval(", "os.system("].contains {
            line.hasPrefix($0) && line.dropFirst($0.count).contains(")")
        }
    }

    private static func defines(_ line: String) -> Bool {
        let words = words(line)
        guard words.count >= 2, let last = line.last(where: { !$0.isWhitespace }) else { return false }
        switch words[0] {
        case "def": return isName(words[1].prefix { $0 != "(" }) && words[1].contains("(") && ":(,".contains(last)
        case "class":
            return isName(words[1].prefix { $0 != "(" && $0 != ":" }) && last == ":"
                && (words.count == 2 || words[1].contains("("))
        case "from":
            return words.count >= 3 && isName(words[1])
                && (words.count >= 4 && words[2] == "import" || words[2].hasPrefix("import(") || words[2] == "import*")
        default: return false
        }
    }

    private static func isImport(_ line: String) -> Bool {
        let words = words(line)
        guard words.count >= 2, words[0] == "import" else { return false }
        let name = words[1].prefix { $0 != "," && $0 != ";" }
        guard isName(name) else { return false }
        return words.count == 2 || name.count < words[1].count || words[2] == "as" || words[2].first == ","
            || words[2].first == ";"
    }

    private static func isCall(_ line: String) -> Bool {
        let name = line.prefix { $0 != "(" }
        return name.count < line.count && isName(name)
    }

    private static func isAssignment(_ line: String) -> Bool {
        let words = words(line)
        return words.count >= 3 && words[1] == "=" && isName(words[0])
    }
}
