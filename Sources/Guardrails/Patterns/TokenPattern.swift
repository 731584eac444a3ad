import RegularExpressions

/// The form of a token: pieces one after another, each taken as far as it goes, with no way back.
///
/// That makes it linear by construction, and its widths can be read off. The notation is a small part of that of
/// regular expressions: characters, `\` before one that means something, classes `[a-z_]`, digits `\d`, hexadecimal
/// digits in lower case `\h` or in any `\x`, letters and digits `\a`, with `_` `\w`, with `_-` `\k`, with `+/` `\b`,
/// each with `{n}`, `{m,n}`, `?`, or at the end of the pattern `{n,}`; groups of literals
/// `(live|test)` with or without `?`.
///
/// An open end makes no open width: what comes after the smallest number belongs to the token for as long as the class
/// goes on, and goes out of the text without being held.
final class TokenPattern: Sendable {
    enum Piece: Sendable {
        case literals([[UInt8]], isOptional: Bool)
        case units(UnitSet, least: Int, most: Int)
    }

    /// The pattern as it was written.
    let source: String
    /// The pieces.
    let pieces: [Piece]
    /// The class that an open end goes on with.
    let tail: UnitSet?
    /// The smallest and the largest width in code points, an open end not counted.
    let width: ClosedRange<Int>
    /// The pieces as they are looked for.
    let matcher: TokenMatcher

    /// Reads a pattern; throws ``PatternError`` with the place where it is none, or when it is too wide.
    init(_ source: String) throws {
        var parser = Parser(source)
        self.source = source
        (self.pieces, self.tail) = try parser.parse()
        var least = 0
        var most = 0
        for piece in pieces {
            switch piece {
            case .literals(let literals, let isOptional):
                least += isOptional ? 0 : literals.map(\.count).min() ?? 0
                most += literals.map(\.count).max() ?? 0
            case .units(_, let fewest, let greatest):
                least += fewest
                most += greatest
            }
        }
        guard most < TextUnits.holdBack else {
            throw PatternError(
                .unbounded,
                "pattern `\(source)` may be \(most) code points wide; the most is \(TextUnits.holdBack - 1)"
            )
        }
        self.width = least...most
        self.matcher = TokenMatcher(pieces)
    }

    deinit { matcher.deallocate() }

    /// The literals that it may begin with; empty where it begins with a class.
    var openings: [[UInt8]] {
        var openings: [[UInt8]] = []
        for piece in pieces {
            guard case .literals(let literals, false) = piece, openings.count * literals.count <= 64 else { break }
            openings = openings.isEmpty ? literals : openings.flatMap { start in literals.map { start + $0 } }
        }
        return openings
    }

    /// What the first units may be, by their place.
    func prefix(_ length: Int) -> [UnitSet] {
        var sets = [UnitSet](repeating: UnitSet(), count: length)
        var open: Set<Int> = [0]
        for piece in pieces {
            var next: Set<Int> = []
            for place in open where place < length {
                switch piece {
                case .literals(let literals, let isOptional):
                    for literal in literals {
                        for (index, unit) in literal.enumerated() where place + index < length {
                            sets[place + index].insert(unit...unit)
                        }
                        next.insert(place + literal.count)
                    }
                    if isOptional { next.insert(place) }
                case .units(let units, let least, let most):
                    for index in 0..<most where place + index < length { sets[place + index].formUnion(units) }
                    for taken in least...most where place + taken <= length { next.insert(place + taken) }
                }
            }
            open = next
        }
        // A token may be over before: then anything may follow.
        for place in open { for rest in place..<max(place, length) { sets[rest].insert(0...0xFF) } }
        return sets
    }

    /// How many units of a set a token has at the least that is made of them, up to its end or to where one of other units
    /// may stand in it; nil where there is no such token.
    func fewest(of units: UnitSet, before others: UnitSet) -> Int? {
        var count = 0
        var fewest: Int?
        func stops(at place: Int) { fewest = min(fewest ?? place, place) }
        for piece in pieces {
            switch piece {
            case .literals(let literals, let isOptional):
                var least: Int? = isOptional ? 0 : nil
                for literal in literals {
                    let length = literal.prefix(while: units.contains).count
                    if length == literal.count {
                        least = min(least ?? length, length)
                    } else if others.contains(literal[length]) {
                        stops(at: count + length)
                    }
                }
                guard let least else { return fewest }
                count += least
            case .units(let set, let least, let most):
                var within = set
                within.formIntersection(units)
                var beyond = set
                beyond.formIntersection(others)
                if !beyond.isEmpty, most > 0 { stops(at: count) }
                if within.isEmpty, least > 0 { return fewest }
                count += least
            }
        }
        stops(at: count)
        return fewest
    }

    /// Where the token ends that starts at a place; nil where there is none.
    func end(_ reader: inout UnitReader, from start: Int) -> Int? { matcher.end(&reader, from: start) }
}

extension TokenPattern {
    private struct Parser {
        private let source: String
        private let bytes: [UInt8]
        private var index = 0

        init(_ source: String) {
            self.source = source
            self.bytes = Array(source.utf8)
        }

        mutating func parse() throws -> ([Piece], UnitSet?) {
            var pieces: [Piece] = []
            var literal: [UInt8] = []
            var tail: UnitSet?
            func flushed() -> [Piece] { literal.isEmpty ? [] : [.literals([literal], isOptional: false)] }
            while index < bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "("):
                    pieces += flushed()
                    literal = []
                    pieces.append(try group())
                case UInt8(ascii: "["), UInt8(ascii: "\\"):
                    if let plain = try escapedLiteral() {
                        if let piece = try repeated(plain) {
                            pieces += flushed() + [piece]
                            literal = []
                        } else {
                            literal.append(plain)
                        }
                        continue
                    }
                    pieces += flushed()
                    literal = []
                    let set = try unitSet()
                    let (least, most) = try quantifier()
                    pieces.append(.units(set, least: least, most: most ?? least))
                    if most == nil {
                        guard index == bytes.count else {
                            throw failure(
                                "an open end is for the last piece; give the class a largest number",
                                .unbounded
                            )
                        }
                        tail = set
                    }
                case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "|"),
                    UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
                    throw failure("`\(Character(Unicode.Scalar(bytes[index])))` has nothing to belong to")
                default:
                    let plain = bytes[index]
                    index += 1
                    if let piece = try repeated(plain) {
                        pieces += flushed() + [piece]
                        literal = []
                    } else {
                        literal.append(plain)
                    }
                }
            }
            pieces += flushed()
            guard !pieces.isEmpty else { throw failure("the pattern is empty") }
            return (pieces, tail)
        }

        /// A single unit with a number of times.
        private mutating func repeated(_ unit: UInt8) throws -> Piece? {
            guard index < bytes.count, bytes[index] == UInt8(ascii: "?") || bytes[index] == UInt8(ascii: "{") else {
                return nil
            }
            let (least, most) = try quantifier()
            guard let most else { throw failure("an open end is for a class", .unbounded) }
            return .units(UnitSet(unit...unit), least: least, most: most)
        }

        private mutating func escapedLiteral() throws -> UInt8? {
            guard bytes[index] == UInt8(ascii: "\\") else { return nil }
            guard index + 1 < bytes.count else { throw failure("`\\` at the end") }
            let next = bytes[index + 1]
            guard !UnitClass.isAlphanumeric(next) else { return nil }
            index += 2
            return next
        }

        private mutating func group() throws -> Piece {
            index += 1
            var literals: [[UInt8]] = [[]]
            while index < bytes.count, bytes[index] != UInt8(ascii: ")") {
                if bytes[index] == UInt8(ascii: "|") {
                    literals.append([])
                } else if bytes[index] == UInt8(ascii: "\\") {
                    guard let plain = try escapedLiteral() else { throw failure("a group has literals only") }
                    literals[literals.count - 1].append(plain)
                    continue
                } else {
                    literals[literals.count - 1].append(bytes[index])
                }
                index += 1
            }
            guard index < bytes.count else { throw failure("a group is not closed") }
            index += 1
            guard literals.allSatisfy({ !$0.isEmpty }) else { throw failure("a literal in a group is empty") }
            var isOptional = false
            if index < bytes.count, bytes[index] == UInt8(ascii: "?") {
                isOptional = true
                index += 1
            }
            // The longest first, since nothing goes back.
            return .literals(literals.sorted { $0.count > $1.count }, isOptional: isOptional)
        }

        private mutating func unitSet() throws -> UnitSet {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 2
                return try named(bytes[index - 1])
            }
            index += 1
            var set = UnitSet()
            while index < bytes.count, bytes[index] != UInt8(ascii: "]") {
                var low = bytes[index]
                if low == UInt8(ascii: "\\") {
                    guard index + 1 < bytes.count else { break }
                    low = bytes[index + 1]
                    index += 1
                    if UnitClass.isAlphanumeric(low) {
                        set.formUnion(try named(low))
                        index += 1
                        continue
                    }
                }
                index += 1
                if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "-"), bytes[index + 1] != UInt8(ascii: "]") {
                    let high = bytes[index + 1]
                    guard high >= low else { throw failure("a range is the wrong way round") }
                    set.insert(low...high)
                    index += 2
                } else {
                    set.insert(low...low)
                }
            }
            guard index < bytes.count, !set.isEmpty else { throw failure("a class is not closed, or empty") }
            index += 1
            return set
        }

        private func named(_ letter: UInt8) throws -> UnitSet {
            switch letter {
            case UInt8(ascii: "d"): return UnitSet(0x30...0x39)
            case UInt8(ascii: "h"): return UnitSet(0x30...0x39, 0x61...0x66)
            case UInt8(ascii: "x"): return UnitSet(0x30...0x39, 0x61...0x66, 0x41...0x46)
            case UInt8(ascii: "a"): return UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A)
            case UInt8(ascii: "b"): return UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B...0x2B, 0x2F...0x2F)
            case UInt8(ascii: "k"): return UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F...0x5F, 0x2D...0x2D)
            case UInt8(ascii: "w"): return UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F...0x5F)
            default:
                throw failure("no class `\\\(Character(Unicode.Scalar(letter)))`; there are a, b, d, h, k, w and x")
            }
        }

        private mutating func quantifier() throws -> (Int, Int?) {
            guard index < bytes.count else { return (1, 1) }
            if bytes[index] == UInt8(ascii: "?") {
                index += 1
                return (0, 1)
            }
            guard bytes[index] == UInt8(ascii: "{") else { return (1, 1) }
            guard let close = bytes[index...].firstIndex(of: UInt8(ascii: "}")) else {
                throw failure("`{` is not closed")
            }
            let text = String(decoding: bytes[index + 1..<close], as: UTF8.self)
            index = close + 1
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            guard let least = parts.first.flatMap({ Int($0) }), least >= 0, least < 10_000 else {
                throw failure("`{\(text)}` is no number of times")
            }
            if parts.count == 1 { return (least, least) }
            if parts.count == 2, parts[1].isEmpty { return (least, nil) }
            guard parts.count == 2, let most = Int(parts[1]), most >= least, most < 10_000 else {
                throw failure("`{\(text)}` is no number of times")
            }
            return (least, most)
        }

        private func failure(_ message: String, _ code: PatternError.Code = .syntax) -> PatternError {
            PatternError(code, "pattern `\(source)`, column \(index + 1): \(message)")
        }
    }
}
