import NIOCore
import NIOHPACK

/// The fields behind a response's body, checked: what gRPC says its status in.
///
/// They go to clients that said `te: trailers`; all others could take them for something else (RFC 9110 §6.5.1).
struct TrailerSection {
    /// The names in lower case, and the values.
    private(set) var fields: [(name: String, value: String)] = []

    /// Fields that may not stand here, since a recipient would have had to know them earlier (RFC 9110 §6.5.1).
    private static let misplaced: Set<String> = [
        "age", "authorization", "cache-control", "content-encoding", "content-location", "content-range",
        "content-type", "date", "expires", "location", "pragma", "retry-after", "set-cookie", "vary", "warning",
        "www-authenticate",
    ]

    /// The fields that may pass, out of those of a section.
    ///
    /// - Throws: where one is malformed, or speaks of the connection.
    init(_ section: HPACKHeaders) throws(HTTP1Refusal) {
        for field in section {
            do throws(HTTP1Refusal) {
                try UpstreamResponseTranslator.check(field.name, field.value)
            } catch {
                throw HTTP1Refusal(.badTrailer)
            }
            var packed = FieldName.Packed()
            for byte in field.name.utf8 { packed.append(byte) }
            guard packed.name == .other, !Self.misplaced.contains(field.name) else { continue }
            fields.append((field.name, field.value))
        }
    }

    /// The end of a chunked body, with the fields in its trailer section (RFC 9112 §7.1.2).
    var lastChunk: ByteBuffer {
        var output = ByteBuffer()
        output.writeStaticString("0\r\n")
        for field in fields {
            output.writeString(field.name)
            output.writeStaticString(": ")
            output.writeString(field.value)
            output.writeStaticString("\r\n")
        }
        output.writeStaticString("\r\n")
        return output
    }

    /// The fields as HTTP/2 sends them, none of which enters the table that header compression keeps.
    var headers: HPACKHeaders {
        var headers = HPACKHeaders()
        for field in fields { headers.add(name: field.name, value: field.value, indexing: .nonIndexable) }
        return headers
    }
}
