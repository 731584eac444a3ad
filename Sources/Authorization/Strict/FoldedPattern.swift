/// A value of `paths` as it is held against a ``FoldedPath``, whatever the case of letters.
enum FoldedPattern: Sendable {
    case exact([UInt8])
    /// The path itself and all that lies below it.
    case subtree([UInt8])
    case prefix([UInt8])
    case suffix([UInt8])
    /// Whole segments; nil stands for one of any content. What follows `{**}` begins with its slash, or is empty.
    case template([[UInt8]?], tail: [UInt8]?)

    /// The folded form of a value, or nil where folding leaves nothing to compare.
    init?(_ text: String) {
        if text == "*" {
            self = .subtree([])
        } else if PathTemplate.isTemplate(text) {
            self = Self.template(text)
        } else if text.hasPrefix("*") {
            let suffix = Self.folded(suffix: Array(text.utf8.dropFirst()))
            guard !suffix.isEmpty else { return nil }
            self = .suffix(suffix)
        } else if text.hasSuffix("*") {
            let prefix = Array(text.utf8.dropLast())
            let folded = FoldedPath.fold(prefix).lowercased
            guard prefix.last != UInt8(ascii: "/") else {
                self = .subtree(folded)
                return
            }
            guard !folded.isEmpty else { return nil }
            self = .prefix(folded)
        } else {
            self = .exact(FoldedPath.fold(Array(text.utf8)).lowercased)
        }
    }

    private static func folded(suffix: [UInt8]) -> [UInt8] {
        let isSegment = suffix.first == UInt8(ascii: "/")
        let folded = FoldedPath.fold(suffix).lowercased
        return isSegment ? folded : Array(folded.dropFirst())
    }

    private static func template(_ text: String) -> FoldedPattern {
        var segments: [[UInt8]?] = []
        var tail: [UInt8]?
        for part in text.split(separator: "/") {
            if part == "{**}" {
                tail = []
            } else if part == "{*}" {
                segments.append(nil)
            } else {
                let literal = FoldedPath.fold(Array(part.utf8)).lowercased
                if tail != nil { tail? += literal } else if !literal.isEmpty { segments.append(literal) }
            }
        }
        return .template(segments, tail: tail)
    }

    /// Whether a folded path matches.
    func matches(_ path: Span<UInt8>) -> Bool {
        switch self {
        case .exact(let value): return value.count == path.count && path.hasBytesIgnoringCase(value, at: 0)
        case .subtree(let value):
            return path.hasBytesIgnoringCase(value, at: 0)
                && (path.count == value.count || path[value.count] == UInt8(ascii: "/"))
        case .prefix(let value): return path.hasBytesIgnoringCase(value, at: 0)
        case .suffix(let value): return path.hasBytesIgnoringCase(value, at: path.count - value.count)
        case .template(let segments, let tail): return Self.matches(segments, tail, path)
        }
    }

    private static func matches(_ segments: [[UInt8]?], _ tail: [UInt8]?, _ path: Span<UInt8>) -> Bool {
        let slash = UInt8(ascii: "/")
        var index = 0
        for number in segments.indices {
            guard index < path.count, path[index] == slash else { return false }
            if let literal = segments[number] {
                guard path.hasBytesIgnoringCase(literal, at: index) else { return false }
                index += literal.count
                guard index == path.count || path[index] == slash else { return false }
            } else {
                let start = index + 1
                index = start
                while index < path.count, path[index] != slash { index += 1 }
                guard index > start else { return false }
            }
        }
        guard let tail else { return index == path.count }
        return path.count - index >= tail.count && path.hasBytesIgnoringCase(tail, at: path.count - tail.count)
    }

    /// What every matching path begins or ends with, for an index; nil where there is nothing.
    var key: KeyTable.Key? {
        switch self {
        case .exact(let value): return KeyTable.Key(kind: .exact, bytes: value)
        case .subtree(let value), .prefix(let value):
            return value.isEmpty ? nil : KeyTable.Key(kind: .prefix, bytes: value)
        case .suffix(let value): return KeyTable.Key(kind: .suffix, bytes: value)
        case .template(let segments, _):
            let prefix = segments.prefix { $0 != nil }.flatMap { $0 ?? [] }
            return prefix.isEmpty ? nil : KeyTable.Key(kind: .prefix, bytes: prefix)
        }
    }
}

extension [UInt8] {
    /// The bytes with ASCII capitals made small.
    var lowercased: [UInt8] { map(\.lowercasedASCII) }
}
