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
        for line in bytes.split(separator: 0x0A, maxSplits: 5_000) {
            let line = String(decoding: line.prefix(400), as: UTF8.self)
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
