import NIOCore
import NIOHPACK

/// Writes the field section of an upstream's HTTP/2 response as the head of an HTTP/1.1 response, or refuses it.
///
/// What RFC 9113 §8 calls malformed is refused here; what is written is then read by ``ResponseScanner`` like the head
/// of any upstream, so that its rules and limits hold too.
enum UpstreamResponseTranslator {
    /// The head of a response to a request of that method, with a chunked body where one follows whose length was not
    /// declared.
    static func head(
        _ fields: HPACKHeaders,
        answering method: HTTP1Method,
        endsStream: Bool
    ) throws(HTTP1Refusal) -> ByteBuffer {
        var status: String?
        var hasLength = false
        var head = ByteBuffer()
        for field in fields {
            // RFC 9113 §8.3.2: there is one pseudo field, and it comes first.
            guard let status else {
                guard field.name == ":status", field.value.utf8.count == 3,
                    field.value.utf8.allSatisfy(ByteClass.isDigit)
                else { throw HTTP1Refusal(.badPseudoField) }
                status = field.value
                head.writeStaticString("HTTP/1.1 ")
                head.writeString(field.value)
                head.writeStaticString(" \r\n")
                continue
            }
            guard field.name.utf8.first != UInt8(ascii: ":") else { throw HTTP1Refusal(.badPseudoField) }
            try check(field.name, field.value)
            if field.name == "content-length" { hasLength = true }
            // An interim response has no body to speak of.
            if status.utf8.first == UInt8(ascii: "1"), field.name == "content-length" { continue }
            head.writeString(field.name)
            head.writeStaticString(": ")
            head.writeString(field.value)
            head.writeStaticString("\r\n")
        }
        guard let status else { throw HTTP1Refusal(.badPseudoField) }
        let isInterim = status.utf8.first == UInt8(ascii: "1")
        guard !isInterim || !endsStream else { throw HTTP1Refusal(.badStatus) }
        if !hasLength, !isInterim, method != .head, status != "204", status != "304" {
            head.writeStaticString(endsStream ? "content-length: 0\r\n" : "transfer-encoding: chunked\r\n")
        }
        head.writeStaticString("\r\n")
        return head
    }

    /// A piece of a body as a chunk.
    static func chunk(_ bytes: ByteBuffer) -> ByteBuffer {
        var chunk = ByteBuffer()
        chunk.reserveCapacity(bytes.readableBytes + 12)
        chunk.writeString(String(bytes.readableBytes, radix: 16))
        chunk.writeStaticString("\r\n")
        chunk.writeImmutableBuffer(bytes)
        chunk.writeStaticString("\r\n")
        return chunk
    }

    /// Checks a field that is not a pseudo field: a token in lower case, a value that ends no line and has no blank at
    /// either end (RFC 9113 §8.2.1), and nothing that speaks of one connection alone (§8.2.2).
    static func check(_ name: String, _ value: String) throws(HTTP1Refusal) {
        guard !name.isEmpty, name.utf8.allSatisfy({ ByteClass.isToken($0) && !($0 >= 0x41 && $0 <= 0x5a) }) else {
            throw HTTP1Refusal(.badFieldName)
        }
        switch name {
        case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "http2-settings", "te":
            throw HTTP1Refusal(.connectionField)
        default: break
        }
        guard let first = value.utf8.first, let last = value.utf8.last else { return }
        guard !ByteClass.isBlank(first), !ByteClass.isBlank(last),
            value.utf8.allSatisfy({ ByteClass.isFieldValue($0) || $0 >= 0x80 }),
            // What is not UTF-8 was replaced as it was decoded: it would go on as something else than was said.
            !value.unicodeScalars.contains("\u{fffd}")
        else { throw HTTP1Refusal(.badFieldValue) }
    }
}
