import NIOCore
import NIOHPACK

/// Writes the field section of an HTTP/2 request as the head of an HTTP/1.1 request, or refuses it.
///
/// Everything that RFC 9113 §8 calls malformed is refused here, and everything that would read as something else once
/// it is written out: no byte of a name or a value can end a line. What is written is then read by ``RequestScanner``
/// like any other head, so that the rules and limits of HTTP/1 hold for it too.
struct RequestTranslator {
    private var method: String?
    private var scheme: String?
    private var authority: String?
    private var path: String?
    private var host: String?
    private var cookie: String?
    private var hasLength = false
    private var lines = ByteBuffer()

    /// The head, with a chunked body where a body follows whose length was not declared.
    ///
    /// Over TLS the scheme is `https` alone; over plaintext it may be what a hop before us was asked for.
    static func head(
        _ fields: HPACKHeaders,
        endsStream: Bool,
        isPlaintext: Bool = false
    ) throws(HTTP1Refusal) -> ByteBuffer {
        var translator = RequestTranslator()
        for field in fields { try translator.take(field.name, field.value) }
        guard translator.scheme != "http" || isPlaintext else { throw HTTP1Refusal(.badPseudoField) }
        return try translator.write(endsStream: endsStream)
    }

    /// Checks trailers, which go no further (RFC 9110 §6.5.1 lets a recipient drop them).
    static func checkTrailers(_ fields: HPACKHeaders, limits: HTTP1Limits) throws(HTTP1Refusal) {
        var bytes = 0
        for field in fields {
            bytes += field.name.utf8.count + field.value.utf8.count + 4
            guard bytes <= limits.chunkExtraBytes else { throw HTTP1Refusal(.badTrailer) }
            guard isName(field.name), isValue(field.value), !isConnectionField(field.name) else {
                throw HTTP1Refusal(.badTrailer)
            }
        }
    }

    // MARK: Fields

    private mutating func take(_ name: String, _ value: String) throws(HTTP1Refusal) {
        if name.utf8.first == UInt8(ascii: ":") { return try takePseudo(name, value) }
        guard Self.isName(name) else { throw HTTP1Refusal(.badFieldName) }
        guard Self.isValue(value) else { throw HTTP1Refusal(.badFieldValue) }
        switch name {
        case "host":
            guard host == nil else { throw HTTP1Refusal(.duplicateHost) }
            host = value
            return write(nil)
        case "cookie":
            // RFC 9113 §8.2.3: one line for those who do not know better.
            cookie = cookie.map { $0 + "; " + value } ?? value
            return write(nil)
        case "content-length": hasLength = true
        case "te": guard value == "trailers" else { throw HTTP1Refusal(.connectionField) }
        default: guard !Self.isConnectionField(name) else { throw HTTP1Refusal(.connectionField) }
        }
        write((name, value))
    }

    /// RFC 9113 §8.3: each at most once, before all others, and none that is not known.
    private mutating func takePseudo(_ name: String, _ value: String) throws(HTTP1Refusal) {
        guard !hasRegularField else { throw HTTP1Refusal(.badPseudoField) }
        switch name {
        case ":method": try Self.set(&method, value)
        case ":scheme": try Self.set(&scheme, value)
        case ":authority": try Self.set(&authority, value)
        case ":path": try Self.set(&path, value)
        // RFC 8441: another protocol within a stream.
        case ":protocol": throw HTTP1Refusal(.unsupportedUpgrade)
        default: throw HTTP1Refusal(.badPseudoField)
        }
    }

    private static func set(_ field: inout String?, _ value: String) throws(HTTP1Refusal) {
        guard field == nil else { throw HTTP1Refusal(.badPseudoField) }
        field = value
    }

    private var hasRegularField = false

    private mutating func write(_ line: (name: String, value: String)?) {
        hasRegularField = true
        guard let line else { return }
        lines.writeString(line.name)
        lines.writeStaticString(": ")
        lines.writeString(line.value)
        lines.writeStaticString("\r\n")
    }

    // MARK: The head

    private func write(endsStream: Bool) throws(HTTP1Refusal) -> ByteBuffer {
        guard let method, method.utf8.allSatisfy(ByteClass.isToken), !method.isEmpty else {
            throw HTTP1Refusal(method == nil ? .badPseudoField : .unknownMethod)
        }
        // It has neither scheme nor path (RFC 9113 §8.5).
        guard method != "CONNECT" else { throw HTTP1Refusal(.unsupportedMethod) }
        guard scheme == "https" || scheme == "http", let path else { throw HTTP1Refusal(.badPseudoField) }
        // Origin form alone: an absolute target would name a second host.
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy(ByteClass.isTarget) else {
            throw HTTP1Refusal(.badTarget)
        }
        guard let name = authority ?? host else { throw HTTP1Refusal(.missingHost) }
        guard Self.isValue(name) else { throw HTTP1Refusal(.badHost) }
        guard host == nil || host?.lowercased() == name.lowercased() else { throw HTTP1Refusal(.authorityMismatch) }
        var head = ByteBuffer()
        head.reserveCapacity(path.utf8.count + lines.readableBytes + name.utf8.count + 128)
        head.writeString(method)
        head.writeStaticString(" ")
        head.writeString(path)
        head.writeStaticString(" HTTP/1.1\r\nhost: ")
        head.writeString(name)
        head.writeStaticString("\r\n")
        head.writeImmutableBuffer(lines)
        if let cookie {
            head.writeStaticString("cookie: ")
            head.writeString(cookie)
            head.writeStaticString("\r\n")
        }
        if !endsStream, !hasLength { head.writeStaticString("transfer-encoding: chunked\r\n") }
        head.writeStaticString("\r\n")
        return head
    }

    // MARK: Bytes

    /// RFC 9113 §8.2.1: a token in lower case.
    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { ByteClass.isToken($0) && !($0 >= 0x41 && $0 <= 0x5a) }
    }

    /// RFC 9113 §8.2.1: no blank at either end; and of what remains, what HTTP/1 takes.
    private static func isValue(_ value: String) -> Bool {
        guard let first = value.utf8.first, let last = value.utf8.last else { return true }
        return !ByteClass.isBlank(first) && !ByteClass.isBlank(last) && value.utf8.allSatisfy(ByteClass.isFieldValue)
    }

    /// RFC 9113 §8.2.2: what would speak of one connection alone.
    private static func isConnectionField(_ name: String) -> Bool {
        switch name {
        case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "http2-settings": true
        default: false
        }
    }
}
