import Resources

/// The bytes of a YAML file and the places in them: the part of the fixer that knows layout.
///
/// A text is only touched where what stands in the file is, byte for byte, what was read, plain or in simple quotes.
/// Anything else (escapes, folded lines, anchors) is left to a person.
struct SourceText {
    private let bytes: [UInt8]
    /// Where each line begins.
    private let lineStarts: [Int]

    /// How a scalar is written.
    enum Quotes { case none, single, double }

    /// A scalar where it stands: all of it, quotes included.
    struct Scalar {
        let range: Range<Int>
        let quotes: Quotes
    }

    /// A list's element where it stands.
    private enum Element {
        /// In a flow list, `[a, b]`.
        case flow
        /// On a line of its own that begins with these bytes: spaces and `- `.
        case block(prefix: [UInt8])
    }

    init(_ text: String) {
        let bytes = Array(text.utf8)
        // A byte order mark is no part of the first line.
        var starts = [bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0]
        var index = 0
        while index < bytes.count {
            index += max(1, Self.lineBreak(bytes, at: index))
            if Self.endsLine(bytes, before: index) { starts.append(index) }
        }
        self.bytes = bytes
        self.lineStarts = starts
    }

    /// How many bytes of a line break (as libyaml counts lines) begin at an index.
    private static func lineBreak(_ bytes: [UInt8], at index: Int) -> Int {
        switch bytes[index] {
        case 0x0a: return 1
        case 0x0d: return index + 1 < bytes.count && bytes[index + 1] == 0x0a ? 2 : 1
        case 0xc2 where index + 1 < bytes.count && bytes[index + 1] == 0x85: return 2
        case 0xe2 where index + 2 < bytes.count && bytes[index + 1] == 0x80 && [0xa8, 0xa9].contains(bytes[index + 2]):
            return 3
        default: return 0
        }
    }

    private static func endsLine(_ bytes: [UInt8], before index: Int) -> Bool {
        if bytes[index - 1] == 0x0a || bytes[index - 1] == 0x0d { return true }
        if index >= 2, bytes[index - 2] == 0xc2, bytes[index - 1] == 0x85 { return true }
        return index >= 3 && bytes[index - 3] == 0xe2 && bytes[index - 2] == 0x80
            && [0xa8, 0xa9].contains(bytes[index - 1])
    }

    /// The index of a place, whose column counts characters (Unicode scalars) from 1.
    private func offset(of location: SourceLocation) -> Int? {
        guard lineStarts.indices.contains(location.line - 1), location.column >= 1 else { return nil }
        var index = lineStarts[location.line - 1]
        for _ in 1..<location.column {
            index += 1
            while index < bytes.count, bytes[index] & 0xc0 == 0x80 { index += 1 }
            guard index < bytes.count else { return nil }
        }
        return index < bytes.count ? index : nil
    }

    /// The scalar that begins at a place, if it is written simply.
    func scalar(_ text: String, at location: SourceLocation) -> Scalar? {
        let content = Array(text.utf8)
        guard let start = offset(of: location), !content.isEmpty, !content.contains(0x0a), !content.contains(0x0d)
        else { return nil }
        for (mark, quotes) in [(UInt8(ascii: "\""), Quotes.double), (UInt8(ascii: "'"), .single)]
        where bytes[start] == mark {
            let end = start + content.count + 2
            guard !content.contains(mark), !content.contains(UInt8(ascii: "\\")), end <= bytes.count,
                bytes[(start + 1)...].starts(with: content), bytes[end - 1] == mark
            else { return nil }
            return Scalar(range: start..<end, quotes: quotes)
        }
        let end = start + content.count
        guard bytes[start...].starts(with: content) else { return nil }
        // What was read must end here: a key at its colon, a value before a comment, a bracket or the line's end.
        var next = end
        while next < bytes.count, bytes[next] == UInt8(ascii: " ") { next += 1 }
        let isEnd = next == bytes.count || Self.lineBreak(bytes, at: next) > 0
        let isComment = next > end && next < bytes.count && bytes[next] == UInt8(ascii: "#")
        guard isEnd || isComment || ",]}:".utf8.contains(bytes[next]) else { return nil }
        return Scalar(range: start..<end, quotes: .none)
    }

    // MARK: - Changes

    /// The bytes to put in the place of others, or nil where an edit does not fit the text.
    func change(_ edit: LintEdit) -> (range: Range<Int>, bytes: [UInt8])? {
        guard let scalar = scalar(edit.found, at: edit.location) else { return nil }
        switch edit.change {
        case .replace(let text, let needsQuotes):
            return Self.write(text, quotes: needsQuotes && scalar.quotes == .none ? .double : scalar.quotes)
                .map { (scalar.range, $0) }
        case .insertAfter(let text):
            guard let new = Self.write(text, quotes: scalar.quotes == .none ? .double : scalar.quotes) else {
                return nil
            }
            switch element(of: scalar) {
            case .flow:
                return (scalar.range.upperBound..<scalar.range.upperBound, Array(", ".utf8) + new)
            case .block(let prefix):
                let end = endOfLine(from: scalar.range.upperBound)
                return (end..<end, lineBreak + prefix + new)
            case nil: return nil
            }
        case .remove: return removal(of: scalar).map { ($0, []) }
        }
    }

    /// A text with its quotes, or nil where it would need an escape.
    private static func write(_ text: String, quotes: Quotes) -> [UInt8]? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x20...0x7e).contains($0) && !"\"\\'".utf8.contains($0) }) else {
            return nil
        }
        switch quotes {
        case .single: return Array("'\(text)'".utf8)
        case .none where isPlain(text): return Array(text.utf8)
        case .double, .none: return Array("\"\(text)\"".utf8)
        }
    }

    /// Whether a text without quotes is read as that text, in a list of either kind.
    private static func isPlain(_ text: String) -> Bool {
        let isLetter = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "/")
        }
        let isInside = { (byte: UInt8) in
            isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_./".utf8.contains(byte)
        }
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        return text.utf8.first.map(isLetter) ?? false && text.utf8.allSatisfy(isInside)
            && !words.contains(text.lowercased())
    }

    /// The kind of list that a scalar is an element of, or nil where it is none, or not clearly.
    private func element(of scalar: Scalar) -> Element? {
        let start = scalar.range.lowerBound
        let line = lineStarts.last { $0 <= start } ?? 0
        let before = bytes[line..<start]
        let trimmed = before.drop { $0 == UInt8(ascii: " ") }
        if trimmed.first == UInt8(ascii: "-"), trimmed.dropFirst().allSatisfy({ $0 == UInt8(ascii: " ") }),
            trimmed.count >= 2
        {
            return .block(prefix: Array(before))
        }
        // Back over white space to the bracket or the comma; a line that has a comment is not looked through.
        var index = start - 1
        while index >= 0, bytes[index] == UInt8(ascii: " ") || bytes[index] == 0x0a || bytes[index] == 0x0d {
            index -= 1
        }
        guard index >= 0, bytes[index] == UInt8(ascii: "[") || bytes[index] == UInt8(ascii: ",") else { return nil }
        return hasComment(from: index, to: start) ? nil : .flow
    }

    private func hasComment(from: Int, to: Int) -> Bool {
        let line = lineStarts.last { $0 <= from } ?? 0
        return bytes[line..<to].contains(UInt8(ascii: "#"))
    }

    private func endOfLine(from: Int) -> Int {
        var index = from
        while index < bytes.count, Self.lineBreak(bytes, at: index) == 0 { index += 1 }
        return index
    }

    /// The line break that the file uses.
    private var lineBreak: [UInt8] { bytes.contains(0x0d) ? [0x0d, 0x0a] : [0x0a] }

    /// What to cut so that an element is gone and nothing else is.
    private func removal(of scalar: Scalar) -> Range<Int>? {
        let start = scalar.range.lowerBound
        var end = scalar.range.upperBound
        while end < bytes.count, bytes[end] == UInt8(ascii: " ") { end += 1 }
        switch element(of: scalar) {
        case .block(let prefix):
            // A comment would be lost with the line.
            guard end == bytes.count || Self.lineBreak(bytes, at: end) > 0 else { return nil }
            let after = end == bytes.count ? end : end + Self.lineBreak(bytes, at: end)
            return (start - prefix.count)..<after
        case .flow:
            if end < bytes.count, bytes[end] == UInt8(ascii: ",") {
                end += 1
                while end < bytes.count, bytes[end] == UInt8(ascii: " ") { end += 1 }
                return end < bytes.count && Self.lineBreak(bytes, at: end) == 0 ? start..<end : nil
            }
            var from = start
            while from > 0, bytes[from - 1] == UInt8(ascii: " ") { from -= 1 }
            guard from > 0, bytes[from - 1] == UInt8(ascii: ",") else { return nil }
            return (from - 1)..<scalar.range.upperBound
        case nil: return nil
        }
    }

    /// The text with findings mended, and those that were: of two whose changes touch, the first.
    ///
    /// A finding is mended whole or not at all.
    func applying(_ findings: [LintFinding]) -> (text: String, mended: [LintFinding]) {
        var taken: [(range: Range<Int>, bytes: [UInt8])] = []
        var mended: [LintFinding] = []
        for finding in findings {
            let changes = finding.edits.compactMap { change($0) }
            let touches = changes.contains { new in
                taken.contains {
                    $0.range.lowerBound <= new.range.upperBound && new.range.lowerBound <= $0.range.upperBound
                }
            }
            guard changes.count == finding.edits.count, !changes.isEmpty, !touches else { continue }
            taken += changes
            mended.append(finding)
        }
        var bytes = bytes
        for change in taken.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            bytes.replaceSubrange(change.range, with: change.bytes)
        }
        return (String(decoding: bytes, as: UTF8.self), mended)
    }
}
