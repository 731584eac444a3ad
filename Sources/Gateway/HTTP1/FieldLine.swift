/// One field line of a head, as offsets from the head's first byte.
struct FieldLine: Hashable, Sendable {
    /// The whole line, its CRLF included.
    var line: Range<Int>
    /// The field's name.
    var nameRange: Range<Int>
    /// The value without surrounding blanks.
    var value: Range<Int>
    /// What the field means to us.
    var name: FieldName

    /// Parses one line without its CRLF: `name ":" OWS value OWS` (RFC 9112 §5), with nothing before the colon.
    ///
    /// With `allowsOpaque`, bytes above ASCII may stand in the value.
    init(_ bytes: Span<UInt8>, _ text: Range<Int>, allowsOpaque: Bool) throws(HTTP1Refusal) {
        guard !ByteClass.isBlank(bytes[text.lowerBound]) else { throw HTTP1Refusal(.foldedField) }
        var packed = FieldName.Packed()
        var index = text.lowerBound
        while index < text.upperBound, bytes[index] != UInt8(ascii: ":") {
            let byte = bytes[index]
            guard ByteClass.isToken(byte) else { throw HTTP1Refusal(.badFieldName) }
            packed.append(byte)
            index += 1
        }
        guard index > text.lowerBound, index < text.upperBound else { throw HTTP1Refusal(.badFieldName) }
        let nameEnd = index
        var start = index + 1
        var end = text.upperBound
        while start < end, ByteClass.isBlank(bytes[start]) { start += 1 }
        while end > start, ByteClass.isBlank(bytes[end - 1]) { end -= 1 }
        index = bytes.skipPrintable(start..<end)
        while index < end {
            let byte = bytes[index]
            guard ByteClass.isFieldValue(byte) || allowsOpaque && byte >= 0x80 else {
                throw HTTP1Refusal(.badFieldValue)
            }
            index += 1
        }
        self.line = text.lowerBound..<text.upperBound + 2
        self.nameRange = text.lowerBound..<nameEnd
        self.value = start..<end
        self.name = packed.name
        guard packed.hasUnderscore else { return }
        switch name {
        // A server that reads `_` as `-` would frame the message by a field that we did not read.
        case .host, .contentLength, .transferEncoding, .connection: throw HTTP1Refusal(.ambiguousFieldName)
        default: break
        }
    }
}
