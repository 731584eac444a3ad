/// The rule that holds when detection misses: what came from outside may not say where something goes.
///
/// An argument of a tool that acts on the world, and the host of a URL in an answer, is tainted where its characters
/// stand in a text of an untrusted channel and not, whole, in one of the user's or the application's. The comparison is
/// of letters and digits after normalisation, so that codes, spacing and look-alike letters change nothing. It is exact:
/// the verdict names the bytes on both sides.
///
/// ```swift
/// let rule = TaintRule(texts: request.texts, allowedHosts: ["example.org"])
/// let taints = rule.taints(of: "mallory@evil.example", argument: "to", tool: "send_mail")
/// ```
public struct TaintRule: Sendable {
    /// A value that an untrusted text gave.
    public struct Taint: Sendable, Hashable {
        /// The tool called; empty for a URL in an answer.
        public var tool: String
        /// The argument, or `host`.
        public var argument: String
        /// The value.
        public var value: String
        /// The text that gave it, by its place in what the rule was made of.
        public var text: Int
        /// The bytes of that text.
        public var range: Range<Int>
        /// The bytes of the value that they gave.
        public var valueRange: Range<Int>
    }

    /// The shortest run of letters and digits that is no coincidence.
    private static let run = 8

    private var untrusted: [(index: Int, text: SqueezedText)] = []
    private var trusted: [SqueezedText] = []
    /// Places of each run of six in the untrusted texts.
    private var grams: [UInt64: [(Int32, Int32)]] = [:]
    private let allowedHosts: [String]
    private static let gram = 6
    private static let mostPlaces = 64

    /// A rule over the texts of one request.
    ///
    /// - Parameters:
    ///   - texts: all that the model is shown.
    ///   - allowedHosts: hosts that may be named whoever names them; `.example.org` stands for all below it.
    public init(texts: [LabelledText], allowedHosts: [String] = []) {
        self.allowedHosts = allowedHosts.map { $0.lowercased() }
        for (index, text) in texts.enumerated() {
            switch text.channel {
            case .toolResult, .retrieved, .toolDescription: addUntrusted(text.text, index)
            case .system, .user: trusted.append(SqueezedText(text.text, reads: false))
            // What a model said may be what it read.
            case .assistant: break
            }
        }
    }

    private mutating func addUntrusted(_ text: String, _ index: Int) {
        for squeezed in [SqueezedText(text, reads: false), SqueezedText(text, reads: true)] {
            let place = untrusted.count
            untrusted.append((index, squeezed))
            guard squeezed.bytes.count >= Self.gram else { continue }
            for start in 0...squeezed.bytes.count - Self.gram {
                let key = Self.key(squeezed.bytes, start)
                if grams[key, default: []].count < Self.mostPlaces {
                    grams[key, default: []].append((Int32(truncatingIfNeeded: place), Int32(truncatingIfNeeded: start)))
                }
            }
        }
    }

    private static func key(_ bytes: [UInt8], _ start: Int) -> UInt64 {
        var key: UInt64 = 0
        for byte in bytes[start..<start + gram] { key = key << 8 | UInt64(byte) }
        return key
    }

    /// What is tainted in the value of an argument; empty where nothing is.
    public func taints(of value: String, argument: String, tool: String) -> [Taint] {
        var values = [SqueezedText(value, reads: false)]
        let read = SqueezedText(value, reads: true)
        if read.bytes != values[0].bytes { values.append(read) }
        for squeezed in values {
            if squeezed.bytes.isEmpty || trusted.contains(where: { $0.contains(squeezed.bytes) }) { continue }
            if let (text, range, part) = longest(squeezed) {
                return [
                    Taint(tool: tool, argument: argument, value: value, text: text, range: range, valueRange: part)
                ]
            }
        }
        return []
    }

    /// What is tainted among the hosts of the URLs of an answer or argument.
    public func taints(ofHostsIn text: String) -> [Taint] {
        URLs.hosts(in: text).flatMap { host in
            isAllowed(host.name)
                ? []
                : taints(of: host.name, argument: "host", tool: "").map {
                    var taint = $0
                    taint.valueRange = host.range
                    return taint
                }
        }
    }

    /// Whether a host may be named by anyone.
    public func isAllowed(_ host: String) -> Bool {
        allowedHosts.contains { $0.first == "." ? host.hasSuffix($0) || host == $0.dropFirst() : host == $0 }
    }

    /// The longest run of a value that an untrusted text has, where it is all of the value or long enough.
    private func longest(_ value: SqueezedText) -> (Int, Range<Int>, Range<Int>)? {
        let bytes = value.bytes
        if bytes.count < Self.gram {
            // Short values, such as an amount, count where the text has them as a word.
            for (index, text) in untrusted {
                if let place = text.word(bytes) { return (index, text.origin(place), value.origin(0..<bytes.count)) }
            }
            return nil
        }
        var best = 0
        var result: (Int, Range<Int>, Range<Int>)?
        var start = 0
        while start + Self.gram <= bytes.count {
            var furthest = 0
            for (text, place) in grams[Self.key(bytes, start)] ?? [] {
                let other = untrusted[Int(text)].text
                var length = Self.gram
                while start + length < bytes.count, Int(place) + length < other.bytes.count,
                    bytes[start + length] == other.bytes[Int(place) + length]
                {
                    length += 1
                }
                furthest = max(furthest, length)
                if length > best {
                    best = length
                    result = (
                        untrusted[Int(text)].index, other.origin(Int(place)..<Int(place) + length),
                        value.origin(start..<start + length)
                    )
                }
            }
            start += max(1, furthest - Self.gram + 1)
        }
        return best == bytes.count || best >= Self.run ? result : nil
    }
}

/// A text as its letters and digits in lower case, with their places.
struct SqueezedText: Sendable {
    private(set) var bytes: [UInt8] = []
    private var starts: [Int32] = []
    private var ends: [Int32] = []
    /// Whether each begins a word.
    private var begins: [Bool] = []

    /// - Parameters:
    ///   - text: the text.
    ///   - reads: whether codes and disguises are read first.
    init(_ text: String, reads: Bool) {
        let original = Array(text.utf8)
        if reads {
            let normalised = TextNormaliser().normalise(original)
            for (index, word) in normalised.words.enumerated() where !word.traits.contains(.marker) {
                for (place, byte) in normalised.wordBytes(index).enumerated() {
                    add(byte, word.start, word.end, begins: place == 0)
                }
            }
            return
        }
        var seen = Invisible.Seen()
        let traced = CompatibilityForm.shared.normalise(Invisible.reveal(TracedText(original), seen: &seen))
        var isBetween = true
        for index in 0..<traced.count {
            let scalar = Letters.fold(traced.scalars[index])
            guard scalar != 0 else { continue }
            guard Letters.isWord(scalar) else {
                isBetween = true
                continue
            }
            var utf8: [UInt8] = []
            UTF8Reader.append(scalar, to: &utf8)
            for byte in utf8 {
                add(byte, traced.starts[index], traced.ends[index], begins: isBetween)
                isBetween = false
            }
        }
    }

    private mutating func add(_ byte: UInt8, _ start: Int32, _ end: Int32, begins isFirst: Bool) {
        bytes.append(byte)
        begins.append(isFirst)
        starts.append(start)
        ends.append(end)
    }

    func origin(_ range: Range<Int>) -> Range<Int> {
        guard let low = starts[range].min(), let high = ends[range].max() else { return 0..<0 }
        return Int(low)..<Int(high)
    }

    /// Whether some bytes stand in it.
    func contains(_ other: [UInt8]) -> Bool { ByteSearch(other).first(in: bytes) != nil }

    /// Where some bytes stand with nothing of a word on either side.
    func word(_ other: [UInt8]) -> Range<Int>? {
        let search = ByteSearch(other)
        var from = 0
        while let start = search.first(in: bytes, from: from) {
            let end = start + other.count
            if begins[start], end == bytes.count || begins[end] { return start..<end }
            from = start + 1
        }
        return nil
    }
}

/// URLs as they may stand in an answer.
enum URLs {
    struct Host: Hashable {
        var name: String
        var range: Range<Int>
    }

    /// The hosts named after `//` in a text: of any scheme, or of none.
    static func hosts(in text: String) -> [Host] {
        let traced = CompatibilityForm.shared.normalise(TracedText(Array(text.utf8)))
        let scalars = traced.scalars
        var hosts: [Host] = []
        var index = 0
        while index + 2 < scalars.count {
            guard isSlash(scalars[index]), isSlash(scalars[index + 1]) else {
                index += 1
                continue
            }
            var start = index + 2
            while start < scalars.count, isSlash(scalars[start]) { start += 1 }
            var end = start
            while end < scalars.count, isHost(scalars[end]) || scalars[end] == 0x40 || scalars[end] == 0x3A {
                // What stands before an at sign is no host.
                if scalars[end] == 0x40 { start = end + 1 }
                end += 1
            }
            let port = (start..<max(start, end)).first { scalars[$0] == 0x3A } ?? end
            var name = ""
            for scalar in scalars[start..<max(start, port)] {
                if let known = Unicode.Scalar(Letters.fold(scalar)), known.value != 0 {
                    name.unicodeScalars.append(known)
                }
            }
            while name.last == "." { name.removeLast() }
            if !name.isEmpty { hosts.append(Host(name: name, range: traced.origin(start..<port))) }
            index = max(end, index + 2)
        }
        return hosts
    }

    private static func isSlash(_ scalar: UInt32) -> Bool { scalar == 0x2F || scalar == 0x5C }

    private static func isHost(_ scalar: UInt32) -> Bool {
        Letters.isWord(scalar) || scalar == 0x2E || scalar == 0x2D || scalar == 0x5F || scalar == 0x25
            || scalar == 0x3002
    }
}
