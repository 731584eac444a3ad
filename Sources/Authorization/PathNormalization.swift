/// How a path is made canonical before policy sees it; what policy sees is what goes upstream.
///
/// The four degrees are Istio's `MeshConfig.pathNormalization`. Some forms stay distinct in all of them: letter case,
/// `;parameters` of ordinary segments, `%25`, `%23`, `%3F` and bytes that are no ASCII once decoded.
///
/// ```swift
/// PathNormalization.base.normalize("/v1/x/../predict?a=1")  // .path("/v1/predict?a=1")
/// ```
public enum PathNormalization: String, Sendable, Codable, CaseIterable {
    /// Nothing is changed.
    case none = "NONE"
    /// Dot segments are resolved, `\` becomes `/`, and what needs no escaping is decoded (RFC 3986 §6.2.2).
    case base = "BASE"
    /// As ``base``, and runs of slashes become one; a path of slashes alone keeps two, as in Envoy.
    case mergeSlashes = "MERGE_SLASHES"
    /// As ``mergeSlashes``, after `%2F` and `%5C` are decoded.
    case decodeAndMergeSlashes = "DECODE_AND_MERGE_SLASHES"

    /// A normalised target, or the reason to answer 400.
    public enum Outcome: Hashable, Sendable {
        /// The canonical path, with the query as it was sent.
        case path(String)
        /// The target is refused.
        case badRequest(BadRequest)
    }

    /// Makes a request target in origin form canonical or, under `strict`, refuses it where servers read its path
    /// differently: dot segments with parameters (`..;x`), a `%` that begins no escape, escaped control bytes.
    public func normalize(_ target: String, compatibility: Compatibility) -> Outcome {
        if compatibility == .strict, let reason = AmbiguousPath.reason(target.utf8.span) { return .badRequest(reason) }
        return normalize(target)
    }

    /// Makes a request target in origin form, a path and query, canonical.
    ///
    /// Takes time and memory in proportion to the target's length. A target that is canonical already is returned as
    /// it is, without an allocation.
    public func normalize(_ target: String) -> Outcome {
        guard !target.isEmpty else { return .badRequest(.emptyTarget) }
        let bytes = target.utf8.span
        guard bytes[0] == UInt8(ascii: "/") else { return .badRequest(.notAbsolutePath) }
        var pathEnd = bytes.count
        var isCanonical = true
        var previous: UInt8 = 0
        for index in 0..<bytes.count {
            let byte = bytes[index]
            guard (0x21...0x7e).contains(byte) else { return .badRequest(.badTargetByte) }
            if byte == UInt8(ascii: "#") { return .badRequest(.fragment) }
            guard index < pathEnd else { continue }
            if byte == UInt8(ascii: "?") {
                pathEnd = index
            } else if self != .none {
                // A dot matters only at the beginning of a segment.
                let isDotSegment = byte == UInt8(ascii: ".") && previous == UInt8(ascii: "/")
                let isDoubled = byte == UInt8(ascii: "/") && previous == byte && self != .base
                if isDotSegment || isDoubled || PathByte.isRewritten(byte) { isCanonical = false }
            }
            previous = byte
        }
        guard !isCanonical else { return .path(target) }
        var path = (0..<pathEnd).map { bytes[$0] }
        if self == .decodeAndMergeSlashes { path = Self.decodeSlashes(path) }
        guard let resolved = PathResolver.resolve(path) else { return .badRequest(.encodedNUL) }
        path = self == .base ? resolved : Self.mergeSlashes(resolved)
        for index in pathEnd..<bytes.count { path.append(bytes[index]) }
        return .path(String(decoding: path, as: UTF8.self))
    }

    /// Decodes `%2F` and `%5C`, once.
    private static func decodeSlashes(_ path: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(path.count)
        var index = 0
        while index < path.count {
            if let byte = PathByte.decoded(path, at: index), byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") {
                output.append(byte)
                index += 3
            } else {
                output.append(path[index])
                index += 1
            }
        }
        return output
    }

    /// Makes runs of slashes one, but two where they are the whole path, as in Envoy.
    private static func mergeSlashes(_ path: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        if path.count > 1, path.allSatisfy({ $0 == slash }) { return [slash, slash] }
        var output: [UInt8] = []
        output.reserveCapacity(path.count)
        for byte in path where byte != slash || output.last != byte { output.append(byte) }
        return output
    }
}

/// What a byte of a path becomes (the path table of the URL library that Envoy uses).
enum PathByte {
    /// Whether a byte, as it stands, may change or cause a change.
    static func isRewritten(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "%") || byte == UInt8(ascii: "\\") || isEscaped(byte)
    }

    /// Whether a raw byte is written as `%XX`.
    static func isEscaped(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7f...0xff, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "^"),
            UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
            true
        default: false
        }
    }

    /// Whether a byte is never left escaped (RFC 3986 §2.3).
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// The byte that `%XX` at an index stands for, or nil.
    static func decoded(_ path: [UInt8], at index: Int) -> UInt8? {
        guard index + 2 < path.count, path[index] == UInt8(ascii: "%"), let high = nibble(path[index + 1]),
            let low = nibble(path[index + 2])
        else { return nil }
        return high << 4 | low
    }

    static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    static let hexadecimal = Array("0123456789ABCDEF".utf8)
}

/// Resolves dot segments and escapes, in one pass over a path without its query.
private struct PathResolver {
    private let input: [UInt8]
    private var output: [UInt8] = []
    /// Where the last `%` stands that begins no escape, so that decoding what follows cannot complete one.
    private var looseEscape: Int?

    private init(_ input: [UInt8]) {
        self.input = input
        output.reserveCapacity(input.count)
    }

    /// The canonical path, or nil where it has an encoded NUL.
    static func resolve(_ input: [UInt8]) -> [UInt8]? {
        var resolver = PathResolver(input)
        return resolver.run() ? resolver.output : nil
    }

    private mutating func run() -> Bool {
        var index = 0
        while index < input.count {
            if let dot = dotLength(at: index) {
                if output.last == UInt8(ascii: "/"), let next = resolveDots(at: index, firstDot: dot) {
                    index = next
                } else {
                    output.append(UInt8(ascii: "."))
                    index += dot
                }
            } else if input[index] == UInt8(ascii: "%") {
                guard let next = appendEscape(at: index) else { return false }
                index = next
            } else {
                append(input[index])
                index += 1
            }
        }
        return true
    }

    private mutating func append(_ byte: UInt8) {
        if byte == UInt8(ascii: "\\") {
            output.append(UInt8(ascii: "/"))
        } else if PathByte.isEscaped(byte) {
            output += [
                UInt8(ascii: "%"), PathByte.hexadecimal[Int(byte >> 4)], PathByte.hexadecimal[Int(byte & 15)],
            ]
        } else {
            output.append(byte)
        }
    }

    /// Copies or decodes what begins with `%`; returns the index after it, or nil for `%00`.
    private mutating func appendEscape(at index: Int) -> Int? {
        guard let byte = PathByte.decoded(input, at: index) else {
            looseEscape = output.count
            output.append(UInt8(ascii: "%"))
            return index + 1
        }
        guard byte != 0 else { return nil }
        guard PathByte.isUnreserved(byte) else {
            output += input[index..<index + 3]
            return index + 3
        }
        output.append(byte)
        secureLooseEscape(next: index + 3)
        return index + 3
    }

    /// Writes a loose `%` as `%25` where the byte just decoded would make it the beginning of an escape.
    private mutating func secureLooseEscape(next: Int) {
        guard let loose = looseEscape, output.count - loose <= 3 else { return }
        var candidate = Array(output[loose...])
        if candidate.count == 2, next < input.count { candidate.append(input[next]) }
        guard PathByte.decoded(candidate, at: 0) != nil else { return }
        output.insert(contentsOf: "25".utf8, at: loose + 1)
        looseEscape = nil
    }

    /// How many bytes a dot takes at an index, plain or as `%2E`, or nil where there is none.
    private func dotLength(at index: Int) -> Int? {
        guard index < input.count else { return nil }
        if input[index] == UInt8(ascii: ".") { return 1 }
        return PathByte.decoded(input, at: index) == UInt8(ascii: ".") ? 3 : nil
    }

    /// Handles a segment that is `.` or `..`, `;parameters` or not; returns the index after it and its slash.
    private mutating func resolveDots(at index: Int, firstDot: Int) -> Int? {
        if let end = segmentEnd(at: index + firstDot) { return end }
        guard let secondDot = dotLength(at: index + firstDot), let end = segmentEnd(at: index + firstDot + secondDot)
        else { return nil }
        // Back to the slash before the parent; the first slash stays.
        if output.count > 1 {
            output.removeLast()
            while output.last != UInt8(ascii: "/") { output.removeLast() }
            if let loose = looseEscape, loose >= output.count { looseEscape = nil }
        }
        return end
    }

    /// The index after the segment's slash, where only parameters stand between an index and it.
    private func segmentEnd(at index: Int) -> Int? {
        guard index < input.count else { return index }
        if isSlash(input[index]) { return index + 1 }
        guard input[index] == UInt8(ascii: ";") else { return nil }
        var end = index
        while end < input.count, !isSlash(input[end]) { end += 1 }
        return min(end + 1, input.count)
    }

    private func isSlash(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") }
}
