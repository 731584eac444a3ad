/// A text with wildcards, as Sigma writes it: `*` is any text, `?` one character, and `\` before either of them, or before
/// another `\`, makes it stand for itself.
struct SigmaPattern: Hashable, Sendable {
    enum Piece: Hashable, Sendable {
        case text([UInt8])
        case one
        case any
    }

    private(set) var pieces: [Piece] = []

    /// Reads a text with its wildcards.
    init(_ text: String) {
        var literal: [UInt8] = []
        var isEscaped = false
        for byte in text.utf8 {
            let isSpecial = byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?")
            if isEscaped {
                // Before anything else it is a backslash.
                if !isSpecial, byte != UInt8(ascii: "\\") { literal.append(UInt8(ascii: "\\")) }
                literal.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if isSpecial {
                add(literal)
                literal = []
                append(byte == UInt8(ascii: "*") ? .any : .one)
            } else {
                literal.append(byte)
            }
        }
        if isEscaped { literal.append(UInt8(ascii: "\\")) }
        add(literal)
    }

    /// Bytes that stand for themselves.
    init(literal: [UInt8]) { add(literal) }

    private init(pieces: [Piece]) { self.pieces = pieces }

    private mutating func add(_ literal: [UInt8]) {
        if !literal.isEmpty { pieces.append(.text(literal)) }
    }

    private mutating func append(_ piece: Piece) {
        // Two of `*` are one.
        if piece != .any || pieces.last != .any { pieces.append(piece) }
    }

    /// The bytes, where there are no wildcards; nil where there are.
    var literal: [UInt8]? {
        switch pieces.count {
        case 0: return []
        case 1:
            guard case .text(let bytes) = pieces[0] else { return nil }
            return bytes
        default: return nil
        }
    }

    /// How many bytes it has, a wildcard counting as one.
    var count: Int {
        pieces.reduce(0) { count, piece in
            if case .text(let bytes) = piece { count + bytes.count } else { count + 1 }
        }
    }

    /// The pattern with any text before it, behind it, or both.
    func surrounded(before: Bool, after: Bool) -> SigmaPattern {
        var pattern = before ? SigmaPattern(pieces: [.any]) : SigmaPattern(pieces: [])
        for piece in pieces { pattern.append(piece) }
        if after { pattern.append(.any) }
        return pattern
    }

    /// The pattern with each of its texts changed.
    func mapped(_ change: ([UInt8]) -> [UInt8]) -> SigmaPattern {
        SigmaPattern(
            pieces: pieces.map { piece in
                if case .text(let bytes) = piece { .text(change(bytes)) } else { piece }
            }
        )
    }

    /// The patterns that come of writing each of its texts in several ways; nil where there are more than the limit.
    func expanded(_ forms: ([UInt8]) -> [[UInt8]], limit: Int) -> [SigmaPattern]? {
        var results = [SigmaPattern(pieces: [])]
        for piece in pieces {
            let next: [Piece] = if case .text(let bytes) = piece { forms(bytes).map { .text($0) } } else { [piece] }
            guard results.count * next.count <= limit else { return nil }
            results = results.flatMap { result in next.map { SigmaPattern(pieces: result.pieces + [$0]) } }
        }
        return results
    }

    /// The pattern with its letters in lower case.
    var folded: SigmaPattern { mapped(Self.folded) }

    static func folded(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.allSatisfy({ $0 < 0x80 }) {
            return bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        }
        // Bytes that are no text have no case.
        guard let text = String(validating: bytes, as: UTF8.self) else { return bytes }
        return Array(text.lowercased().utf8)
    }

    // MARK: - Matching

    /// Whether a whole text is as the pattern has it; the time is at most that of the text times the pattern.
    func matches(_ text: [UInt8]) -> Bool {
        switch pieces.count {
        case 0: return text.isEmpty
        case 1:
            switch pieces[0] {
            case .any: return true
            case .one: return Self.character(text, at: 0) == text.count && !text.isEmpty
            case .text(let bytes): return text == bytes
            }
        case 2:
            if case .text(let bytes) = pieces[0], case .any = pieces[1] { return text.starts(with: bytes) }
            if case .any = pieces[0], case .text(let bytes) = pieces[1] { return Self.ends(text, with: bytes) }
        case 3:
            if case .any = pieces[0], case .text(let bytes) = pieces[1], case .any = pieces[2] {
                return Self.find(bytes, in: text, from: 0) != nil
            }
        default: break
        }
        return walk(text)
    }

    /// Goes through text and pattern side by side, and back to the last `*` only where something does not fit.
    private func walk(_ text: [UInt8]) -> Bool {
        var (place, piece) = (0, 0)
        var back: (place: Int, piece: Int)?
        while place < text.count || piece < pieces.count {
            if piece < pieces.count {
                switch pieces[piece] {
                case .any:
                    back = (place, piece + 1)
                    piece += 1
                    continue
                case .one where place < text.count:
                    place = Self.character(text, at: place)
                    piece += 1
                    continue
                case .text(let bytes) where Self.stands(bytes, in: text, at: place):
                    place += bytes.count
                    piece += 1
                    continue
                default: break
                }
            }
            guard let last = back, last.place < text.count else { return false }
            back = (Self.character(text, at: last.place), last.piece)
            (place, piece) = (Self.character(text, at: last.place), last.piece)
        }
        return true
    }

    /// Where the character ends that begins at a place.
    private static func character(_ text: [UInt8], at place: Int) -> Int {
        var end = place + 1
        while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    private static func stands(_ bytes: [UInt8], in text: [UInt8], at place: Int) -> Bool {
        guard text.count - place >= bytes.count else { return false }
        for index in bytes.indices where text[place + index] != bytes[index] { return false }
        return true
    }

    private static func ends(_ text: [UInt8], with bytes: [UInt8]) -> Bool {
        text.count >= bytes.count && stands(bytes, in: text, at: text.count - bytes.count)
    }

    static func find(_ bytes: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        guard let first = bytes.first else { return start }
        guard text.count - start >= bytes.count else { return nil }
        for place in start...(text.count - bytes.count) where text[place] == first && stands(bytes, in: text, at: place)
        {
            return place
        }
        return nil
    }
}
