/// Reads a JSON text (RFC 8259) into a table of values, without calling itself.
struct JSONParser {
    private struct Level {
        let node: Int
        let isObject: Bool
        /// The node of the key whose value is being read.
        var key = 0
    }

    private let bytes: [UInt8]
    private let limits: JSONLimits
    private(set) var nodes: [JSONNode] = []
    private var at = 0
    private var levels: [Level] = []

    init(_ bytes: [UInt8], _ limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func parse() throws(JSONFailure) {
        guard bytes.count <= limits.bytes else {
            throw failure(.tooLarge, at: limits.bytes, "the text has more than \(limits.bytes) bytes")
        }
        nodes.reserveCapacity(min(64 + bytes.count / 24, limits.values))
        skipSpace()
        try value()
        while let level = levels.last {
            if level.isObject { try member(of: level) } else { try element(of: level) }
        }
        skipSpace()
        guard at == bytes.count else { throw failure(.trailing, at: at, "something stands behind the value") }
    }

    // MARK: Containers

    /// What comes next in an array.
    private mutating func element(of level: Level) throws(JSONFailure) {
        skipSpace()
        if peek == UInt8(ascii: "]") { return close() }
        if nodes[level.node].count > 0 {
            guard peek == UInt8(ascii: ",") else { throw unexpected("`,` or `]`") }
            at += 1
            skipSpace()
        }
        nodes[level.node].count += 1
        try value()
    }

    /// What comes next in an object.
    private mutating func member(of level: Level) throws(JSONFailure) {
        skipSpace()
        let isFirst = nodes[level.node].count == 0
        if peek == UInt8(ascii: "}") {
            try refuseDuplicates(in: level.node)
            return close()
        }
        if !isFirst {
            guard peek == UInt8(ascii: ",") else { throw unexpected("`,` or `}`") }
            at += 1
            skipSpace()
        }
        guard peek == UInt8(ascii: "\"") else { throw unexpected("a key") }
        let key = nodes.count
        try string(atMost: limits.keyBytes, "a key")
        nodes[level.node].count += 1
        levels[levels.count - 1].key = key
        skipSpace()
        guard peek == UInt8(ascii: ":") else { throw unexpected("`:`") }
        at += 1
        skipSpace()
        try value()
    }

    private mutating func open(_ kind: JSONKind) throws(JSONFailure) {
        guard levels.count < limits.depth else {
            throw failure(.tooDeep, at: at, "more than \(limits.depth) arrays and objects stand in one another")
        }
        levels.append(Level(node: nodes.count, isObject: kind == .object))
        try add(JSONNode(start: UInt32(at), end: 0, next: 0, count: 0, kind: kind))
        at += 1
    }

    private mutating func close() {
        at += 1
        guard let level = levels.popLast() else { return }
        nodes[level.node].end = UInt32(at)
        nodes[level.node].next = UInt32(nodes.count)
    }

    /// Keys are compared as what they mean, escapes decoded.
    private func refuseDuplicates(in object: Int) throws(JSONFailure) {
        let count = Int(nodes[object].count)
        guard count > 1 else { return }
        var keys: [Int] = []
        keys.reserveCapacity(count)
        var node = object + 1
        for _ in 0..<count {
            keys.append(node)
            node = Int(nodes[node + 1].next)
        }
        if count <= 8 {
            for i in 1..<count {
                for j in 0..<i where isSameKey(nodes[keys[i]], nodes[keys[j]]) { throw duplicate(keys[i], in: object) }
            }
        } else {
            // The hash has a seed of its own in every process, so that nobody can choose keys that collide.
            var seen = Set<[UInt8]>(minimumCapacity: count)
            for key in keys where !seen.insert(JSONString.decoded(nodes[key], of: bytes)).inserted {
                throw duplicate(key, in: object)
            }
        }
    }

    private func isSameKey(_ a: JSONNode, _ b: JSONNode) -> Bool {
        if a.isEscaped || b.isEscaped { return JSONString.decoded(a, of: bytes) == JSONString.decoded(b, of: bytes) }
        guard a.end - a.start == b.end - b.start else { return false }
        for i in 0..<Int(a.end - a.start) where bytes[Int(a.start) + i] != bytes[Int(b.start) + i] { return false }
        return true
    }

    private func duplicate(_ key: Int, in object: Int) -> JSONFailure {
        let start = Int(nodes[key].start)
        return JSONFailure(
            .duplicateKey,
            at: start,
            path: path(key: key),
            "a key that its object has already stands"
        )
    }

    // MARK: Values

    private mutating func value() throws(JSONFailure) {
        guard let first = peek else { throw unexpected("a value") }
        switch first {
        case UInt8(ascii: "{"): try open(.object)
        case UInt8(ascii: "["): try open(.array)
        case UInt8(ascii: "\""): try string(atMost: limits.stringBytes, "a string")
        case UInt8(ascii: "t"): try word("true", .true)
        case UInt8(ascii: "f"): try word("false", .false)
        case UInt8(ascii: "n"): try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
        default: throw unexpected("a value")
        }
    }

    private mutating func word(_ word: StaticString, _ kind: JSONKind) throws(JSONFailure) {
        let start = at
        for expected in "\(word)".utf8 {
            guard peek == expected else { throw unexpected("`\(word)`") }
            at += 1
        }
        try add(JSONNode(start: UInt32(start), end: UInt32(at), next: UInt32(nodes.count + 1), count: 0, kind: kind))
    }

    private mutating func number() throws(JSONFailure) {
        let start = at
        if peek == UInt8(ascii: "-") { at += 1 }
        if peek == UInt8(ascii: "0") { at += 1 } else { try digits() }
        if peek == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            at += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
            let exponent = at
            try digits()
            // Nothing that a machine reckons with is larger, and every exponent is one that can be counted with.
            guard at - exponent <= 9 else {
                throw failure(.tooLarge, at: exponent, "a number has an exponent of more than 9 digits")
            }
        }
        guard at - start <= limits.numberBytes else {
            throw failure(.tooLarge, at: start, "a number has more than \(limits.numberBytes) characters")
        }
        try add(JSONNode(start: UInt32(start), end: UInt32(at), next: UInt32(nodes.count + 1), count: 0, kind: .number))
    }

    private mutating func digits() throws(JSONFailure) {
        let start = at
        while at < bytes.count, bytes[at] >= UInt8(ascii: "0"), bytes[at] <= UInt8(ascii: "9") { at += 1 }
        guard at > start else { throw unexpected("a digit") }
    }

    /// Reads a string, whose opening quote is next.
    private mutating func string(atMost limit: Int, _ what: StaticString) throws(JSONFailure) {
        let start = at
        let end: (quote: Int, isEscaped: Bool)
        do throws(JSONString.Problem) {
            end = try JSONString.scan(bytes, from: start + 1)
        } catch {
            throw failure(error.code, at: error.offset, error.message)
        }
        guard end.quote - start - 1 <= limit else {
            throw failure(.tooLarge, at: start, "\(what) has more than \(limit) bytes")
        }
        at = end.quote + 1
        try add(
            JSONNode(
                start: UInt32(start),
                end: UInt32(at),
                next: UInt32(nodes.count + 1),
                count: 0,
                kind: .string,
                isEscaped: end.isEscaped
            )
        )
    }

    private mutating func add(_ node: JSONNode) throws(JSONFailure) {
        guard nodes.count < limits.values else {
            throw failure(.tooLarge, at: at, "the text has more than \(limits.values) values and keys")
        }
        nodes.append(node)
    }

    // MARK: Bytes and places

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            default: return
            }
        }
    }

    private func unexpected(_ expected: String) -> JSONFailure {
        guard at < bytes.count else {
            return failure(.truncated, at: at, "the text ends where \(expected) was expected")
        }
        return failure(.syntax, at: at, "\(expected) was expected")
    }

    private func failure(_ code: JSONFailure.Code, at offset: Int, _ message: String) -> JSONFailure {
        JSONFailure(code, at: offset, path: path(key: nil), message)
    }

    /// Where the reading stands; where `key` is given, it is the last key.
    private func path(key last: Int?) -> String {
        var path = JSONPath()
        for (depth, level) in levels.enumerated() {
            if level.isObject {
                let isLast = depth == levels.count - 1
                let key = isLast ? last ?? level.key : level.key
                guard key > 0 else { break }
                path.append(key: JSONString.text(nodes[key], of: bytes))
            } else if nodes[level.node].count > 0 {
                path.append(index: Int(nodes[level.node].count) - 1)
            }
        }
        return path.text
    }
}
