/// Tells the paths that no normalisation makes safe: what a server behind makes of them is anyone's guess.
enum AmbiguousPath {
    /// Why a path, with its query, is refused, or nil.
    static func reason(_ target: Span<UInt8>) -> BadRequest? {
        let count = target.pathCount
        var isSegmentStart = false
        for index in 0..<count {
            let byte = target[index]
            if byte == UInt8(ascii: "%") {
                guard let decoded = escape(target, at: index, count) else { return .malformedEscape }
                // An encoded NUL has its own name, which normalisation gives it.
                if decoded < 0x20 && decoded != 0 || decoded == 0x7f { return .encodedControl }
                if decoded == 0 { return .encodedNUL }
            }
            if isSegmentStart, isDotsWithParameters(target, from: index, count) { return .ambiguousDotSegment }
            isSegmentStart = byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
        }
        return nil
    }

    private static func isDotsWithParameters(_ path: Span<UInt8>, from start: Int, _ count: Int) -> Bool {
        var index = start
        var dots = 0
        while dots < 3, let next = length(of: UInt8(ascii: "."), path, at: index, count) {
            dots += 1
            index += next
        }
        return (1...2).contains(dots) && length(of: UInt8(ascii: ";"), path, at: index, count) != nil
    }

    /// How many bytes a character takes at an index, plain or escaped, or nil where it is not there.
    private static func length(of character: UInt8, _ path: Span<UInt8>, at index: Int, _ count: Int) -> Int? {
        guard index < count else { return nil }
        if path[index] == character { return 1 }
        return path[index] == UInt8(ascii: "%") && escape(path, at: index, count) == character ? 3 : nil
    }

    private static func escape(_ path: Span<UInt8>, at index: Int, _ count: Int) -> UInt8? {
        guard index + 2 < count, let high = PathByte.nibble(path[index + 1]), let low = PathByte.nibble(path[index + 2])
        else { return nil }
        return high << 4 | low
    }
}
