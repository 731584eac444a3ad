import Yams

/// What is wrong in a text that is no YAML, in words of who wrote it: the parser speaks of tokens.
struct YAMLMistake {
    let text: String
    let file: String

    /// What to say of the parser's complaint.
    func error(for error: YamlError) -> ResourceError {
        if let line = conflict() {
            let advice = "keep what is right between `<<<<<<<` and `>>>>>>>`, and remove the lines of these marks"
            return ResourceError(at: place(line, 1), "a merge conflict is left in the file; \(advice)")
        }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            // libyaml's bound comes before ours, and its words are for who builds with it.
            guard !problem.hasPrefix("Maximum nesting level") else {
                return at(mark, "nested more than \(YAMLReader.maximumDepth) levels deep")
            }
            let line = lines.dropFirst(mark.line - 1).first ?? Substring()
            let hint = Self.hint(for: problem, in: line.utf8).map { "; \($0)" } ?? ""
            return at(mark, "not valid YAML: \(problem)\(hint)")
        case .duplicatedKeysInMapping(let keys, let context): return duplicate(keys, first: context.mark)
        case .reader(let problem, _, _, _):
            return ResourceError(at: place(1, 1), "not readable as YAML text: \(problem)")
        default: return ResourceError(at: place(1, 1), "not valid YAML")
        }
    }

    private func place(_ line: Int, _ column: Int) -> SourceLocation {
        SourceLocation(file: file, line: line, column: column)
    }

    private func at(_ mark: Mark, _ message: String) -> ResourceError {
        ResourceError(at: place(mark.line, mark.column), message)
    }

    private var lines: [Substring] {
        text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    }

    /// The first line, from 1, that Git and others put into a file where two changes meet.
    private func conflict() -> Int? {
        let index = lines.firstIndex { line in
            ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].contains(String(line.prefix(7)))
                && (line.utf8.count == 7 || line.dropFirst(7).first == " ")
        }
        return index.map { $0 + 1 }
    }
}

// MARK: - A key that stands twice

extension YAMLMistake {
    /// The parser tells of the first of equal keys, and the mistake is more often the second.
    private func duplicate(_ keys: [String], first: Mark) -> ResourceError {
        let quoted = keys.map { "`\($0)`" }.joined(separator: ", ")
        let message = keys.count == 1 ? "the key \(quoted) stands" : "the keys \(quoted) stand"
        guard let key = keys.first, let second = second(key, after: first) else {
            return at(first, "\(message) twice in one mapping")
        }
        let place = place(first.line, first.column)
        return ResourceError(at: second, "\(message) twice in one mapping; `\(key)` stands first at \(place)")
    }

    /// Where a key stands again in its mapping, within braces on one line or on a line at the same indentation.
    private func second(_ key: String, after first: Mark) -> SourceLocation? {
        let lines = lines
        guard lines.indices.contains(first.line - 1), first.column >= 1 else { return nil }
        let line = lines[first.line - 1].unicodeScalars
        if let before = line.prefix(first.column - 1).last(where: { $0 != " " }), "{,".unicodeScalars.contains(before) {
            var rest = line.dropFirst(first.column)
            while let next = rest.popFirst() {
                guard ", ".unicodeScalars.contains(next), Self.begins(rest, with: key) else { continue }
                return place(first.line, line.count - rest.count + 1)
            }
        }
        for (index, line) in lines.enumerated().dropFirst(first.line) {
            let content = line.unicodeScalars.drop { $0 == " " }
            guard let beginning = content.first, beginning != "#" else { continue }
            let column = line.unicodeScalars.count - content.count + 1
            // The mapping has ended, or the document.
            guard column >= first.column, !line.hasPrefix("---"), !line.hasPrefix("...") else { return nil }
            if column == first.column, Self.begins(content, with: key) { return place(index + 1, column) }
        }
        return nil
    }

    /// Whether a key stands here, as it is or in quotes, with its colon.
    private static func begins(_ text: Substring.UnicodeScalarView, with key: String) -> Bool {
        ["", "\"", "'"].contains { quote in
            let written = (quote + key + quote).unicodeScalars
            guard text.starts(with: written) else { return false }
            return text.dropFirst(written.count).drop { $0 == " " }.first == ":"
        }
    }
}

// MARK: - What to do

extension YAMLMistake {
    /// What to do about the parser's complaint, where that is known.
    private static func hint(for problem: String, in line: Substring.UTF8View) -> String? {
        let indentation = line.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if indentation.contains(UInt8(ascii: "\t")) { return "the line begins with a tab; indent with blanks" }
        switch problem {
        case "found undefined alias", "did not find expected alphabetic or numeric character":
            return "`*` begins an alias; put a value that begins with it in quotes"
        case "found character that cannot start any token":
            return "put a value that begins with this character in quotes"
        case "mapping values are not allowed in this context":
            return "look at the indentation, and put a value that holds `: ` in quotes"
        case "did not find expected key", "did not find expected '-' indicator", "could not find expected ':'":
            return "look at the indentation of this line and of those before it"
        case "did not find expected ',' or ']'": return "a `[` before this is not closed"
        case "did not find expected ',' or '}'": return "a `{` before this is not closed"
        default: return nil
        }
    }
}
