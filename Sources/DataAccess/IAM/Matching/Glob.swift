/// A pattern over bytes, with IAM's wildcards.
struct Glob: Hashable, Sendable {
    /// One element of a pattern: a byte, or one of the constants here.
    typealias Token = UInt16

    /// The first byte of any one character: what `?` begins with.
    static let any: Token = 256
    /// The first byte of any one character but `:`, as in the first five parts of an ARN.
    static let anyInPart: Token = 257
    /// Any bytes that go on with a character of UTF-8: what `?` ends with.
    static let continuation: Token = 258
    /// Any bytes: `*`.
    static let star: Token = 259
    /// Any bytes but `:`.
    static let starInPart: Token = 260

    /// The pattern, without two stars in a row.
    let tokens: [Token]
    /// What every text that fits begins with.
    let head: [UInt8]
    /// Whether the pattern is its head and then anything.
    let isPrefix: Bool

    /// A pattern of tokens.
    init(tokens: [Token]) {
        var result: [Token] = []
        for token in tokens {
            if let last = result.last, Self.isStar(last), Self.isStar(token) {
                // The wider of two stars takes in the other.
                if token == Self.star || last == Self.continuation { result[result.count - 1] = token }
                continue
            }
            result.append(token)
        }
        self.tokens = result
        self.head = result.prefix { $0 < 256 }.map { UInt8(truncatingIfNeeded: $0) }
        self.isPrefix = head.count == result.count - 1 && result.last == Self.star
    }

    /// A pattern in which `*` and `?` are wildcards.
    init(_ text: some StringProtocol) { self.init(tokens: Self.tokens(text, isLiteral: false)) }

    /// A pattern that fits one text.
    init(literal text: some StringProtocol) { self.init(tokens: Self.tokens(text, isLiteral: true)) }

    /// A pattern of text whose variables are filled in.
    init(_ text: ResolvedText) {
        self.init(tokens: text.pieces.flatMap { Self.tokens($0.text, isLiteral: $0.isLiteral) })
    }

    static func tokens(_ text: some StringProtocol, isLiteral: Bool) -> [Token] {
        var tokens: [Token] = []
        tokens.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "*") where !isLiteral: tokens.append(star)
            case UInt8(ascii: "?") where !isLiteral: tokens += [any, continuation]
            default: tokens.append(Token(byte))
            }
        }
        return tokens
    }

    static func isStar(_ token: Token) -> Bool { token >= continuation }

    /// Whether a token lets a byte through.
    static func accepts(_ token: Token, _ byte: UInt8) -> Bool {
        switch token {
        case any: byte & 0xC0 != 0x80
        case anyInPart: byte & 0xC0 != 0x80 && byte != UInt8(ascii: ":")
        case continuation: byte & 0xC0 == 0x80
        case star: true
        case starInPart: byte != UInt8(ascii: ":")
        default: token == Token(byte)
        }
    }

    /// Whether the pattern fits one text only.
    var isLiteral: Bool { head.count == tokens.count }

    /// Whether a text may fit both, as far as their beginnings tell.
    func mayMeet(_ other: Glob) -> Bool {
        if isLiteral, head.count < other.head.count || other.isLiteral && head.count != other.head.count {
            return false
        }
        if other.isLiteral, other.head.count < head.count { return false }
        return zip(head, other.head).allSatisfy { $0 == $1 }
    }

    /// Whether a text fits.
    func matches(_ text: some StringProtocol) -> Bool { matches(Array(text.utf8)) }

    /// Whether some bytes fit, in time proportional to the product of the lengths at the most.
    func matches(_ bytes: [UInt8]) -> Bool {
        // Most patterns are a literal with one star at the end, or none.
        guard bytes.starts(with: head) else { return false }
        let fixed = head.count
        if fixed == tokens.count { return fixed == bytes.count }
        if isPrefix { return true }
        var run = GlobRun(self, from: fixed)
        for byte in bytes[fixed...] {
            run.step(byte)
            guard !run.isDead else { return false }
        }
        return run.isAccepting
    }
}

/// A pattern in the middle of a text: the places in it that may come next.
struct GlobRun: Hashable {
    private let glob: Glob
    /// One bit for each place, the end included.
    private(set) var places: [UInt64]

    init(_ glob: Glob, from start: Int = 0) {
        self.glob = glob
        self.places = [UInt64](repeating: 0, count: glob.tokens.count / 64 + 1)
        insert(start)
    }

    /// Adds a place, and the one after it where a star may be nothing.
    private mutating func insert(_ place: Int) {
        var place = place
        while true {
            places[place >> 6] |= 1 << UInt64(place & 63)
            guard place < glob.tokens.count, Glob.isStar(glob.tokens[place]) else { return }
            place += 1
        }
    }

    /// Whether no text can fit any more.
    var isDead: Bool { places.allSatisfy { $0 == 0 } }

    /// Whether the text so far fits.
    var isAccepting: Bool {
        let end = glob.tokens.count
        return places[end >> 6] & 1 << UInt64(end & 63) != 0
    }

    /// Reads one byte.
    mutating func step(_ byte: UInt8) {
        let before = places
        for index in places.indices { places[index] = 0 }
        for (index, word) in before.enumerated() {
            var word = word
            while word != 0 {
                let place = index << 6 + word.trailingZeroBitCount
                word &= word - 1
                guard place < glob.tokens.count, Glob.accepts(glob.tokens[place], byte) else { continue }
                insert(Glob.isStar(glob.tokens[place]) ? place : place + 1)
            }
        }
    }

    static func == (left: Self, right: Self) -> Bool { left.places == right.places }

    func hash(into hasher: inout Hasher) { hasher.combine(places) }
}
