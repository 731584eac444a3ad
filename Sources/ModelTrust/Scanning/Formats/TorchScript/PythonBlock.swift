/// What a line without indentation is that begins with the keyword of one of Python's compound statements.
enum PythonBlock: Equatable {
    /// It ends in a colon: an indented line behind it is code.
    case opens
    /// It holds a statement of its own behind the colon.
    case holds(String)

    private static let keywords: Set<Substring> = [
        "if", "for", "while", "with", "try", "def", "class", "async", "match", "else", "elif", "except", "finally",
    ]
    private static let operators: Set<Substring> = [
        "in", "not", "and", "or", "is", "as", "if", "else", "lambda", "await", "for", "async", "def", "with", "yield",
    ]

    /// nil where the line is something else, such as prose that begins with the same word.
    init?(_ line: String) {
        let keyword = line.prefix { $0.isLetter }
        guard Self.keywords.contains(keyword) else { return nil }
        let rest = line.dropFirst(keyword.count)
        guard let next = rest.first, !next.isNumber, next != "_", next != ".", next != "=" else { return nil }
        let code = Self.withoutStrings(rest)
        guard code.contains(":"), !Self.isProse(code, after: keyword) else { return nil }
        let end = rest.lastIndex { !$0.isWhitespace } ?? rest.startIndex
        let trimmed = code.prefix { $0 != "#" }
        if rest[end] == ":" || trimmed.last(where: { !$0.isWhitespace }) == ":" {
            self = .opens
            return
        }
        // A body behind the first colon that is not in brackets.
        var depth = 0
        for index in rest.indices {
            switch rest[index] {
            case "(", "[", "{": depth += 1
            case ")", "]", "}": depth -= 1
            case ":" where depth <= 0:
                self = .holds(String(rest[rest.index(after: index)...].drop { $0.isWhitespace }))
                return
            default: break
            }
        }
        return nil
    }

    /// Two words beside one another, neither of them an operator, are in no header.
    private static func isProse(_ code: String, after keyword: Substring) -> Bool {
        let header = code.prefix { $0 != ":" }
        let words = header.split { $0 == " " || $0 == "\t" }
        if keyword == "for", !words.contains("in") { return true }
        var before = false
        for word in words {
            let isWord = word.allSatisfy { $0.isLetter || $0 == "'" } && !operators.contains(word)
            if isWord, before { return true }
            before = isWord
        }
        return false
    }

    /// The line with each text in quotes as `0`; an apostrophe that nothing closes stays.
    private static func withoutStrings(_ line: Substring) -> String {
        var result = ""
        var left = line
        while let character = left.popFirst() {
            guard character == "\"" || character == "'" else {
                result.append(character)
                continue
            }
            var end: Substring.Index?
            var index = left.startIndex
            while index < left.endIndex {
                if left[index] == "\\" {
                    index = left.index(after: index)
                    guard index < left.endIndex else { break }
                } else if left[index] == character {
                    end = index
                    break
                }
                index = left.index(after: index)
            }
            guard let end else {
                result.append(character)
                continue
            }
            result.append("0")
            left = left[left.index(after: end)...]
        }
        return result
    }
}
