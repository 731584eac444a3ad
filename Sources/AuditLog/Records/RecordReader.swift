import ZeroTrust

/// Reads records back: JSON in the canonical form of RFC 8785, in one pass and without a tree.
///
/// The members of an object are asked for in the order of their names, which is the order in which they stand; members
/// that nobody asks for are passed over, so that later versions may add some. What is out of order or stands twice is no
/// record.
///
/// ```swift
/// var reader = RecordReader(entry)
/// let port = try reader.object { reader in
///     let address = try reader.string("address")
///     return try reader.integer("port")
/// }
/// try reader.end()
/// ```
struct RecordReader {
    private let bytes: [UInt8]
    private let known: RecordTexts?
    private var offset = 0
    private var depth = 0
    /// The name of the member whose value stands at the offset; nil where the object has no more.
    private var next: Range<Int>?

    private static let maximumDepth = 24

    init(_ bytes: [UInt8], knowing known: RecordTexts? = nil) {
        self.bytes = bytes
        self.known = known
    }

    // MARK: - Objects and arrays

    /// Reads an object that stands here; the body asks for its members.
    mutating func object<Value>(_ body: (inout Self) throws -> Value) throws -> Value {
        guard depth < Self.maximumDepth else { throw malformed("is nested too deeply") }
        guard take(UInt8(ascii: "{")) else { throw malformed("has no object") }
        let outer = next
        depth += 1
        if take(UInt8(ascii: "}")) { next = nil } else { try readName(after: nil) }
        let value = try body(&self)
        while next != nil { try pass() }
        depth -= 1
        next = outer
        return value
    }

    /// Reads a whole record: an object whose last member is the schema's version.
    mutating func record<Value>(_ body: (inout Self) throws -> Value) throws -> Value {
        try object { reader in
            let value = try body(&reader)
            let version: Int = try reader.integer("v")
            guard version == RecordEncoding.version else { throw reader.malformed("has the version \(version)") }
            return value
        }
    }

    /// Reads a member that is an object.
    mutating func object<Value>(_ name: StaticString, _ body: (inout Self) throws -> Value) throws -> Value {
        try member(name) { try $0.object(body) }
    }

    /// Reads a member that is an object; nil where there is none.
    mutating func objectIfPresent<Value>(
        _ name: StaticString,
        _ body: (inout Self) throws -> Value
    ) throws -> Value? {
        try memberIfPresent(name) { try $0.object(body) }
    }

    /// Reads a member that is an array of objects; nothing where there is none.
    mutating func objects<Value>(_ name: StaticString, _ body: (inout Self) throws -> Value) throws -> [Value] {
        let values = try memberIfPresent(name) { reader -> [Value] in
            guard reader.take(UInt8(ascii: "[")) else {
                throw reader.malformed("has no array as `\(name)`")
            }
            var values: [Value] = []
            if reader.take(UInt8(ascii: "]")) { return values }
            repeat {
                values.append(try reader.object(body))
            } while reader.take(UInt8(ascii: ","))
            guard reader.take(UInt8(ascii: "]")) else {
                throw reader.malformed("has an array that does not end")
            }
            return values
        }
        return values ?? []
    }

    /// Requires that nothing stands after what was read.
    mutating func end() throws {
        scan { JSONScan.space($0, &$1) }
        guard offset == bytes.count else { throw malformed("goes on after its end") }
    }

    // MARK: - Members

    /// Reads a member that is a string.
    mutating func string(_ name: StaticString) throws -> String { try member(name) { try $0.text(name) } }

    /// Reads a member that is a string; nil where there is none.
    mutating func stringIfPresent(_ name: StaticString) throws -> String? {
        try memberIfPresent(name) { try $0.text(name) }
    }

    /// Reads a member that is a SPIFFE ID.
    mutating func spiffeID(_ name: StaticString) throws -> SPIFFEID {
        let text = try string(name)
        return try known?.id(text) ?? SPIFFEID(text)
    }

    /// Requires that a member is this string.
    mutating func expect(_ name: StaticString, _ text: StaticString) throws {
        try member(name) { reader in
            guard reader.compare(try reader.plain(name), text) == 0 else {
                throw reader.malformed("does not say `\(text)` as `\(name)`")
            }
        }
    }

    /// Reads a member that is a number of this kind.
    mutating func integer<Integer: FixedWidthInteger>(_ name: StaticString) throws -> Integer {
        try member(name) { try $0.number(name) }
    }

    /// Reads a member that is a number of this kind; nil where there is none.
    mutating func integerIfPresent<Integer: FixedWidthInteger>(_ name: StaticString) throws -> Integer? {
        try memberIfPresent(name) { try $0.number(name) }
    }

    /// Reads a member that is an id.
    mutating func id(_ name: StaticString) throws -> RequestID {
        try member(name) { reader in
            let range = try reader.plain(name)
            guard let id = RequestID(utf8: reader.bytes[range]) else {
                throw reader.malformed("has no id as `\(name)`")
            }
            return id
        }
    }

    /// Reads a member that is a time.
    mutating func time(_ name: StaticString) throws -> Timestamp {
        try member(name) { reader in
            let range = try reader.plain(name)
            guard let time = Timestamp(utf8: reader.bytes[range]) else {
                throw reader.malformed("has no time as `\(name)`")
            }
            return time
        }
    }

    /// Reads a member that is one of the words of a type.
    mutating func word<Word: RawRepresentable<String>>(_ name: StaticString) throws -> Word {
        try member(name) { try $0.word(of: Word.self, name) }
    }

    /// Reads a member that is one of the words of a type; nil where there is none.
    mutating func wordIfPresent<Word: RawRepresentable<String>>(_ name: StaticString) throws -> Word? {
        try memberIfPresent(name) { try $0.word(of: Word.self, name) }
    }

    /// Reads a member that is an address.
    mutating func address(_ name: StaticString) throws -> IPAddress {
        try member(name) { try $0.addressText(name) }
    }

    /// Reads a member that is an address; nil where there is none.
    mutating func addressIfPresent(_ name: StaticString) throws -> IPAddress? {
        try memberIfPresent(name) { try $0.addressText(name) }
    }

    /// Reads a member that says what a token said; nil where there is none.
    mutating func tokenIfPresent(_ name: StaticString) throws -> RecordedToken? {
        try memberIfPresent(name) { reader in
            let start = reader.offset
            var isWhole = true
            guard let range = reader.scanValue(),
                let token = RecordedToken(reader.bytes.span, range, &isWhole)
            else {
                reader.offset = start
                throw reader.malformed("has no token as `\(name)`")
            }
            return token
        }
    }

    private mutating func word<Word: RawRepresentable<String>>(of: Word.Type, _ name: StaticString) throws -> Word {
        let text = try text(name)
        guard let word = Word(rawValue: text) else {
            throw malformed("says `\(text.prefix(64))` as `\(name)`, which is not one of its words")
        }
        return word
    }

    private mutating func addressText(_ name: StaticString) throws -> IPAddress {
        let text = try text(name)
        guard let address = IPAddress(text) else {
            throw malformed("says `\(text.prefix(64))`, which is not an address")
        }
        return address
    }

    private mutating func text(_ name: StaticString) throws -> String {
        guard let range = scanString() else { throw malformed("has no string as `\(name)`") }
        if let text = known?.text(name, bytes, range) { return text }
        guard let text = JSONScan.decoded(bytes.span, range) else {
            throw malformed("has no string as `\(name)`")
        }
        known?.keep(text, name, count: range.count)
        return text
    }

    /// Where a string stands that needs no escapes.
    private mutating func plain(_ name: StaticString) throws -> Range<Int> {
        guard let range = scanString() else { throw malformed("has no string as `\(name)`") }
        return range
    }

    private mutating func number<Integer: FixedWidthInteger>(_ name: StaticString) throws -> Integer {
        scan { JSONScan.space($0, &$1) }
        let isNegative = offset < bytes.count && bytes[offset] == UInt8(ascii: "-")
        if isNegative { offset += 1 }
        let start = offset
        var magnitude: UInt64 = 0
        while offset < bytes.count, case let digit = bytes[offset] &- UInt8(ascii: "0"), digit < 10, offset - start < 19
        {
            magnitude = magnitude * 10 + UInt64(digit)
            offset += 1
        }
        let value = Int64(exactly: magnitude).map { isNegative ? -$0 : $0 }
        guard offset > start, let value, let number = Integer(exactly: value) else {
            throw malformed("has no number as `\(name)` that is one")
        }
        return number
    }

    // MARK: - From member to member

    private mutating func member<Value>(_ name: StaticString, _ read: (inout Self) throws -> Value) throws -> Value {
        guard let value = try memberIfPresent(name, read) else { throw malformed("has no `\(name)`") }
        return value
    }

    private mutating func memberIfPresent<Value>(
        _ name: StaticString,
        _ read: (inout Self) throws -> Value
    ) throws -> Value? {
        while let here = next {
            let order = compare(here, name)
            if order > 0 { return nil }
            guard order == 0 else {
                try pass()
                continue
            }
            let value = try read(&self)
            try go(after: here)
            return value
        }
        return nil
    }

    /// Passes over the value that stands here.
    private mutating func pass() throws {
        guard let here = next, scanValue() != nil else {
            throw malformed("is not JSON")
        }
        try go(after: here)
    }

    /// Goes to the next member's value, or past the end of the object.
    private mutating func go(after name: Range<Int>) throws {
        if take(UInt8(ascii: ",")) { return try readName(after: name) }
        guard take(UInt8(ascii: "}")) else { throw malformed("is not JSON") }
        next = nil
    }

    private mutating func readName(after last: Range<Int>?) throws {
        guard let name = scanString(), take(UInt8(ascii: ":"))
        else {
            throw malformed("is not JSON")
        }
        if let last {
            guard bytes[last].lexicographicallyPrecedes(bytes[name]) else {
                throw malformed("does not have its members in the order of their names")
            }
        }
        next = name
    }

    /// Moves over what a scan moves over.
    private mutating func scan<Value>(_ body: (_ text: Span<UInt8>, _ offset: inout Int) -> Value) -> Value {
        var end = offset
        defer { offset = end }
        return body(bytes.span, &end)
    }

    private mutating func take(_ byte: UInt8) -> Bool { scan { JSONScan.take(byte, $0, &$1) } }

    private mutating func scanString() -> Range<Int>? { scan { JSONScan.string($0, &$1) } }

    private mutating func scanValue() -> Range<Int>? {
        let depth = depth
        return scan { JSONScan.value($0, &$1, depth: depth) }
    }

    /// How the bytes of a range stand to a name: below, above, or zero where they are the same.
    private func compare(_ range: Range<Int>, _ name: StaticString) -> Int {
        let count = min(range.count, name.utf8CodeUnitCount)
        for index in 0..<count {
            // Sound: the literal's bytes live as long as the program, and the index is below their number.
            let (here, there) = unsafe (bytes[range.lowerBound + index], name.utf8Start[index])
            if here != there { return here < there ? -1 : 1 }
        }
        return range.count - name.utf8CodeUnitCount
    }

    /// An error that says what is wrong with the record, and where.
    func malformed(_ what: String) -> AuditLogError {
        AuditLogError(.malformed, "the record \(what) (at byte \(offset))")
    }
}
