import Crypto
import ZeroTrust

/// Writes JSON straight into bytes, in the form of RFC 8785: no white space, shortest escapes.
///
/// The caller writes members in the order of their names; nothing is sorted and no tree is built.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// What was cut, by the dotted name of its field.
    private(set) var truncations: [Truncation] = []
    /// The members that were left out.
    private var leftOut: [String] = []
    private var needsComma = false

    /// Whether nothing was cut, and nothing left out.
    var isWhole: Bool { truncations.isEmpty && leftOut.isEmpty }

    /// A text that was too long to be written whole.
    struct Truncation {
        let field: String
        let count: Int
        let digest: [UInt8]
    }

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    /// Opens an object.
    mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    /// Closes an object.
    mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Opens an array.
    mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    /// Closes an array.
    mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// A member's name; it holds nothing that needs an escape.
    mutating func name(_ name: StaticString) {
        let needsComma = needsComma
        // One check of the storage for all of it.
        bytes.append(addingCapacity: name.utf8CodeUnitCount + 4) { output in
            if needsComma { output.append(UInt8(ascii: ",")) }
            output.append(UInt8(ascii: "\""))
            // The literal's bytes live as long as the program.
            for index in 0..<name.utf8CodeUnitCount { unsafe output.append(name.utf8Start[index]) }
            output.append(UInt8(ascii: "\""))
            output.append(UInt8(ascii: ":"))
        }
        self.needsComma = false
    }

    /// A value that is encoded already.
    mutating func fragment(_ encoded: [UInt8]) {
        separate()
        bytes.append(contentsOf: encoded)
        needsComma = true
    }

    /// A member's name of any content.
    mutating func name(of text: String) {
        string(text)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A string that holds nothing that needs an escape.
    mutating func literal(_ text: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        raw(text)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A string of any content.
    mutating func string(_ text: String) {
        separate()
        quoted(text, limit: .max)
        needsComma = true
    }

    /// A string that takes at most so many bytes between its quotes.
    ///
    /// What is cut is stated by ``truncated(isAbridged:)``, under a name that no other text of the record has: of texts in
    /// a list, `[]` in the name stands for the place.
    mutating func string(_ text: String, limit: Int, field: StaticString, at place: Int? = nil) {
        separate()
        if !quoted(text, limit: limit) {
            let name = place.map { "\(field)".replacing("[]", with: "[\($0)]") } ?? "\(field)"
            truncations.append(Truncation(field: name, count: text.utf8.count, digest: Self.digest(text)))
        }
        needsComma = true
    }

    /// Leaves a member out for want of room, which ``truncated(isAbridged:)`` states.
    mutating func leaveOut(_ field: StaticString) { leftOut.append("\(field)") }

    /// A string that takes at most so many bytes between its quotes; returns whether it is whole.
    mutating func boundedString(_ text: String, limit: Int) -> Bool {
        separate()
        needsComma = true
        return quoted(text, limit: limit)
    }

    /// An integer that may be below zero.
    mutating func integer(signed value: Int) {
        guard value < 0 else { return integer(UInt64(value)) }
        separate()
        bytes.append(UInt8(ascii: "-"))
        decimal(UInt64(value.magnitude))
        needsComma = true
    }

    /// An integer.
    ///
    /// RFC 8785 numbers are doubles, so what exceeds 2^53 is written as that.
    mutating func integer(_ value: UInt64) {
        separate()
        decimal(min(value, 1 << 53))
        needsComma = true
    }

    /// A boolean.
    mutating func boolean(_ value: Bool) {
        separate()
        raw(value ? "true" : "false")
        needsComma = true
    }

    /// An id, as a string.
    mutating func id(_ id: RequestID) {
        separate()
        let halves = (UInt64(truncatingIfNeeded: id.bits >> 64), UInt64(truncatingIfNeeded: id.bits))
        bytes.append(addingCapacity: 38) { output in
            output.append(UInt8(ascii: "\""))
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 { output.append(UInt8(ascii: "-")) }
                let half = index < 16 ? halves.0 : halves.1
                output.append(Self.digit(UInt8(truncatingIfNeeded: half >> UInt64(60 - index % 16 * 4)) & 0xf))
            }
            output.append(UInt8(ascii: "\""))
        }
        needsComma = true
    }

    /// A moment, as a string.
    mutating func time(_ time: Timestamp) {
        separate()
        bytes.append(addingCapacity: 48) { output in
            output.append(UInt8(ascii: "\""))
            for byte in time.description.utf8 { output.append(byte) }
            output.append(UInt8(ascii: "\""))
        }
        needsComma = true
    }

    /// An address, as a string.
    mutating func address(_ address: IPAddress) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        if address.family == .v4 {
            var shift: UInt128 = 32
            while shift > 0 {
                shift -= 8
                decimal(UInt64(truncatingIfNeeded: address.bits >> shift & 0xff))
                if shift > 0 { bytes.append(UInt8(ascii: ".")) }
            }
        } else {
            bytes.append(contentsOf: address.description.utf8)
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Bytes as a string of hexadecimal.
    mutating func hex(_ value: [UInt8]) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        for byte in value {
            hexDigit(byte >> 4)
            hexDigit(byte & 0xf)
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// An address and port, as an object.
    mutating func endpoint(_ endpoint: Exchange.Endpoint) {
        beginObject()
        name("address")
        address(endpoint.address)
        name("port")
        integer(UInt64(endpoint.port))
        endObject()
    }

    /// The member `truncated`, where anything was cut: for each field its whole length, and its SHA-256; where there is
    /// little room, those of the path, how long all others were together, and which members were left out.
    mutating func truncated(isAbridged: Bool = false) {
        guard !truncations.isEmpty || !leftOut.isEmpty else { return }
        let path = "request.path"
        name("truncated")
        beginObject()
        if !leftOut.isEmpty {
            name("left_out")
            beginArray()
            for field in leftOut.sorted() { string(field) }
            endArray()
        }
        let others = isAbridged ? truncations.filter { $0.field != path } : []
        if !others.isEmpty {
            name("others")
            beginObject()
            name("bytes")
            integer(others.reduce(0) { $0 + UInt64($1.count) })
            endObject()
        }
        for truncation in truncations.sorted(by: { $0.field < $1.field }) where !isAbridged || truncation.field == path
        {
            name(of: truncation.field)
            beginObject()
            name("bytes")
            integer(UInt64(truncation.count))
            name("sha256")
            hex(truncation.digest)
            endObject()
        }
        endObject()
    }

    /// The SHA-256 of a text's UTF-8.
    static func digest(_ text: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(text.utf8)))
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func raw(_ text: StaticString) {
        // The literal's bytes live as long as the program, and `append` copies them.
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func decimal(_ value: UInt64) {
        if value < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value))
            return
        }
        // From the last digit, in a number that holds a digit in each four bits.
        var digits: UInt128 = 0
        var count = 0
        var rest = value
        while rest > 0 {
            digits = digits << 4 | UInt128(rest % 10)
            rest /= 10
            count += 1
        }
        bytes.append(addingCapacity: count) { output in
            for _ in 0..<count {
                output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits) & 0xf)
                digits >>= 4
            }
        }
    }

    private mutating func hexDigit(_ digit: UInt8) { bytes.append(Self.digit(digit)) }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// Writes a string with its quotes; stops before the first scalar that would pass the limit, and says whether it
    /// wrote the whole.
    @discardableResult
    private mutating func quoted(_ text: String, limit: Int) -> Bool {
        bytes.append(UInt8(ascii: "\""))
        defer { bytes.append(UInt8(ascii: "\"")) }
        let count = text.utf8.count
        if count <= limit {
            // The common case: nothing to escape, so one copy. The buffer is only read within the closure.
            let plain =
                unsafe text.utf8.withContiguousStorageIfAvailable { buffer in
                    unsafe buffer.allSatisfy {
                        $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
                    }
                } ?? false
            if plain {
                bytes.append(contentsOf: text.utf8)
                return true
            }
        }
        var room = limit
        for scalar in text.unicodeScalars {
            let length =
                scalar.value < 0x80
                ? Self.escapedLength(UInt8(truncatingIfNeeded: scalar.value)) : UTF8.width(scalar)
            guard length <= room else { return false }
            room -= length
            if scalar.value < 0x80 {
                escaped(UInt8(truncatingIfNeeded: scalar.value))
            } else if let encoded = UTF8.encode(scalar) {
                bytes.append(contentsOf: encoded)
            }
        }
        return true
    }

    /// How many bytes a byte of UTF-8 takes in a JSON string (RFC 8785 §3.2.2.2).
    private static func escapedLength(_ byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0a, 0x0c, 0x0d: 2
        case 0x00..<0x20: 6
        default: 1
        }
    }

    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): raw("\\\"")
        case UInt8(ascii: "\\"): raw("\\\\")
        case 0x08: raw("\\b")
        case 0x09: raw("\\t")
        case 0x0a: raw("\\n")
        case 0x0c: raw("\\f")
        case 0x0d: raw("\\r")
        case 0x00..<0x20:
            raw("\\u00")
            hexDigit(byte >> 4)
            hexDigit(byte & 0xf)
        default: bytes.append(byte)
        }
    }
}
