import Authorization
import Guardrails
import NIOCore
import ZeroTrust

/// Writes the heads that go on: the lines that may pass, as they came, and the fields that are ours to set.
enum HeadWriter {
    /// The field in which an upstream finds the caller; a client cannot send it.
    static let identityField = "x-lapwing-spiffe-id"
    /// The field in which an upstream finds what a guardrail found in a request; a client cannot send it.
    static let guardrailField = "x-lapwing-guardrail"

    /// The lines by which an upstream knows a caller, the same for every request of a connection.
    ///
    /// `x-forwarded-client-cert` says the same in the form that servers behind Envoy read.
    static func identity(_ id: SPIFFEID, fingerprint: String) -> ByteBuffer {
        ByteBuffer(
            string: "\(identityField): \(id)\r\nx-forwarded-client-cert: Hash=\(fingerprint);URI=\(id)\r\n"
        )
    }

    /// The head of a request for the upstream, with room for so many bytes of its body, in given storage.
    ///
    /// Where tokens were looked for, what stands in `tokens` holds instead of the path and the header lines. With
    /// `keepsTrailers` the upstream is told that fields behind its body are read.
    ///
    /// A body that was judged goes on under its own length, whatever framed it before.
    static func request(
        _ scanner: borrowing RequestScanner,
        _ head: ByteBuffer,
        path: String,
        identity: ByteBuffer,
        id: RequestID,
        keepsTrace: Bool,
        keepsTrailers: Bool = false,
        upgrades: Bool = false,
        tokens: TokenPassage? = nil,
        guarded: GuardedBody? = nil,
        bodyRoom: Int,
        into storage: consuming ByteBuffer = ByteBuffer()
    ) -> ByteBuffer {
        let path = tokens?.path ?? path
        var lines = scanner.fields.lines
        if let removed = tokens?.removedHeaders, !removed.isEmpty {
            lines.removeAll { line in
                let name = head.getString(
                    at: head.readerIndex + line.nameRange.lowerBound,
                    length: line.nameRange.count
                )
                // A name that cannot be read does not go on.
                return name.map { removed.contains(TokenPassage.folded($0)) } ?? true
            }
        }
        if guarded?.isAnswerFiltered == true {
            // What is to be looked at has to come as it is, and whole.
            let names = ["accept-encoding", "range", "if-range"]
            lines.removeAll { line in line.name == .other && names.contains { isNamed($0, line, of: head) } }
        }
        var output = storage
        output.clear(
            minimumCapacity: head.readableBytes + path.utf8.count + identity.readableBytes + 128 + bodyRoom
        )
        let startLine = scanner.asksFor(path, head.readableBytesUInt8Span) ? scanner.startLine : 0..<0
        if startLine.isEmpty {
            output.writeString(scanner.method.rawValue)
            output.writeStaticString(" ")
            // The target of a tunnel is the host and port that were decided on, and not the client's spelling of them.
            if scanner.method == .connect {
                copy(scanner.authority, of: head, to: &output)
            } else {
                output.writeString(path)
            }
            output.writeStaticString(" HTTP/1.1\r\n")
        }
        copy(lines, after: startLine, of: head, to: &output) { name in
            switch name {
            case .other, .host, .alternativeService: true
            case .contentLength, .transferEncoding: guarded == nil
            case .traceparent, .tracestate: keepsTrace
            case .connection, .upgrade, .expect, .hopByHop, .forwarding: false
            }
        }
        if let length = guarded?.length { output.writeString("content-length: \(length)\r\n") }
        output.writeImmutableBuffer(identity)
        if let note = guarded?.note { output.writeString("\(guardrailField): \(note)\r\n") }
        if let tokens { output.writeImmutableBuffer(tokens.addedLines) }
        if upgrades { output.writeStaticString("connection: upgrade\r\nupgrade: websocket\r\n") }
        if keepsTrailers { output.writeStaticString("te: trailers\r\n") }
        writeEnd(id, to: &output)
        return output
    }

    /// The head of a response for the client, with room for so many bytes of its body, in given storage.
    static func response(
        _ scanner: borrowing ResponseScanner,
        _ head: ByteBuffer,
        id: RequestID,
        closes: Bool,
        setting set: [Exchange.Header] = [],
        isFiltered: Bool = false,
        bodyRoom: Int,
        into storage: consuming ByteBuffer = ByteBuffer()
    ) -> ByteBuffer {
        var output = storage
        output.clear(minimumCapacity: head.readableBytes + 160 + bodyRoom)
        let startLine = beginStatusLine(scanner, to: &output)
        let keepsLength = scanner.status != 204 && !isFiltered
        var lines = set.isEmpty ? scanner.fields.lines : without(set, scanner.fields.lines, of: head)
        // What is said of the bytes as they were does not hold of those that are sent.
        if isFiltered { lines = without(bodyFields, lines, of: head) }
        copy(lines, after: startLine, of: head, to: &output) { name in
            switch name {
            case .other, .host, .expect, .traceparent, .tracestate: true
            case .contentLength: keepsLength
            case .transferEncoding, .connection, .upgrade, .hopByHop, .forwarding, .alternativeService: false
            }
        }
        switch scanner.framing {
        // What ends with the connection is chunked for the client, so that it can tell a whole body from a cut one.
        case .chunked, .untilClose: output.writeStaticString("transfer-encoding: chunked\r\n")
        case .length where isFiltered: output.writeStaticString("transfer-encoding: chunked\r\n")
        case .none, .length: break
        }
        for header in set { output.writeString("\(header.name): \(header.value)\r\n") }
        if closes { output.writeStaticString("connection: close\r\n") }
        writeEnd(id, to: &output)
        return output
    }

    /// The head of an upstream's `101` for the client, with room for what came behind it.
    static func switching(_ scanner: borrowing ResponseScanner, _ head: ByteBuffer, id: RequestID, room: Int)
        -> ByteBuffer
    {
        var output = ByteBuffer()
        output.reserveCapacity(head.readableBytes + 192 + room)
        output.writeStaticString(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        )
        copy(scanner.fields.lines, of: head, to: &output) { $0 == .other }
        writeEnd(id, to: &output)
        return output
    }

    /// The head of an upstream's answer that opens a tunnel, for the client, with room for what came behind it.
    static func opening(_ scanner: borrowing ResponseScanner, _ head: ByteBuffer, id: RequestID, room: Int)
        -> ByteBuffer
    {
        var output = ByteBuffer()
        output.reserveCapacity(head.readableBytes + 128 + room)
        let startLine = beginStatusLine(scanner, to: &output)
        copy(scanner.fields.lines, after: startLine, of: head, to: &output) { $0 == .other }
        writeEnd(id, to: &output)
        return output
    }

    /// Fields that tell of the bytes of a body.
    private static let bodyFields = ["etag", "content-md5", "digest", "content-digest", "repr-digest", "accept-ranges"]
        .map { Exchange.Header(name: $0, value: "") }

    /// The lines of a head without those of some names.
    private static func without(_ set: [Exchange.Header], _ lines: [FieldLine], of head: ByteBuffer) -> [FieldLine] {
        // Each line of `set-cookie` is a cookie of its own (RFC 6265 §3): another takes no place.
        let names = Set(set.map(\.name)).subtracting(["set-cookie"])
        return lines.filter { line in
            let start = head.readerIndex + line.nameRange.lowerBound
            let name = head.getString(at: start, length: line.nameRange.count)?.lowercased()
            return name.map { !names.contains($0) } ?? false
        }
    }

    /// A provider's refusal, as it wants the client to hear it.
    static func refusal(
        _ refusal: ExternalVerdict.Refusal,
        id: RequestID,
        closes: Bool,
        hasBody: Bool
    ) -> ByteBuffer {
        var output = ByteBuffer()
        output.writeString("HTTP/1.1 \(refusal.status) \(Status.reason(refusal.status))\r\n")
        for header in refusal.headers where HeaderField.mayChangeResponse(header.name) && HeaderField.isSound(header) {
            output.writeString("\(header.name): \(header.value)\r\n")
        }
        // A status without content has no length either (RFC 9110 §8.6).
        let isEmpty = refusal.status == 304
        if !isEmpty { output.writeString("content-length: \(refusal.body.count)\r\n") }
        if closes { output.writeStaticString("connection: close\r\n") }
        writeEnd(id, to: &output)
        if hasBody, !isEmpty { output.writeBytes(refusal.body) }
        return output
    }

    /// A guardrail's refusal, in the form of its dialect.
    static func refusal(
        _ refusal: DialectRefusal,
        body: [UInt8],
        methods: [String],
        id: RequestID,
        closes: Bool,
        hasBody: Bool
    ) -> ByteBuffer {
        var output = ByteBuffer()
        output.writeString("HTTP/1.1 \(refusal.status) \(Status.reason(refusal.status))\r\n")
        output.writeString("content-type: application/json\r\ncontent-length: \(body.count)\r\n")
        // RFC 9110 §15.5.6.
        if refusal.status == 405 { output.writeString("allow: \(methods.joined(separator: ", "))\r\n") }
        if let seconds = refusal.retryAfter { output.writeString("retry-after: \(seconds)\r\n") }
        // A client that tries again by itself would be refused again.
        output.writeString("x-should-retry: \(refusal.status == 429)\r\n")
        if closes { output.writeStaticString("connection: close\r\n") }
        writeEnd(id, to: &output)
        if hasBody { output.writeBytes(body) }
        return output
    }

    /// An answer of our own, which says no more than the request's id.
    static func local(status: Int, id: RequestID, closes: Bool, hasBody: Bool) -> ByteBuffer {
        var output = ByteBuffer()
        output.reserveCapacity(288)
        output.writeStaticString("HTTP/1.1 ")
        output.writeString(String(status))
        output.writeStaticString(" ")
        output.writeStaticString(Status.reason(status))
        output.writeStaticString("\r\ncontent-type: application/json\r\ncontent-length: ")
        // An id of 36 characters, and 18 around it.
        output.writeStaticString("54\r\n")
        // What kind of credential would do (RFC 6750 §3), and nothing of what was wrong with this one.
        if status == 401 { output.writeStaticString("www-authenticate: Bearer error=\"invalid_token\"\r\n") }
        // What would do instead (RFC 9110 §15.5.22, RFC 6455 §4.4).
        if status == 426 { output.writeStaticString("upgrade: websocket\r\nsec-websocket-version: 13\r\n") }
        if closes { output.writeStaticString("connection: close\r\n") }
        writeEnd(id, to: &output)
        if hasBody {
            output.writeStaticString("{\"request_id\":\"")
            output.writeString(id.description)
            output.writeStaticString("\"}\n")
        }
        return output
    }

    /// Whether a line has this name, `_` read as `-`.
    private static func isNamed(_ name: String, _ line: FieldLine, of head: ByteBuffer) -> Bool {
        guard line.nameRange.count == name.utf8.count else { return false }
        let found = head.getString(at: head.readerIndex + line.nameRange.lowerBound, length: line.nameRange.count)
        return found?.lowercased().replacing("_", with: "-") == name
    }

    /// What of a response's start line goes on as it came: all of it, or what stands behind an older version's number.
    private static func beginStatusLine(_ scanner: borrowing ResponseScanner, to output: inout ByteBuffer) -> Range<Int>
    {
        guard scanner.isVersion10 else { return scanner.startLine }
        output.writeStaticString("HTTP/1.1")
        return scanner.startLine.dropFirst(8)
    }

    /// The line with a request's id, by which everybody can name it, and the end of the head.
    private static func writeEnd(_ id: RequestID, to output: inout ByteBuffer) {
        output.writeWithOutputRawSpan(minimumWritableBytes: 54) { output in
            // Integers have no padding, so that every byte of them is initialised.
            unsafe output.append(UInt64(0x782d_7265_7175_6573).bigEndian, as: UInt64.self)  // x-reques
            unsafe output.append(UInt32(0x742d_6964).bigEndian, as: UInt32.self)  // t-id
            unsafe output.append(UInt16(0x3a20).bigEndian, as: UInt16.self)  // a colon and a space
            id.append(to: &output)
            unsafe output.append(UInt32(0x0d0a_0d0a).bigEndian, as: UInt32.self)  // CRLF, twice
        }
    }

    /// Copies what stands before the lines, and those that are kept; neighbours go in one piece.
    private static func copy(
        _ lines: [FieldLine],
        after start: Range<Int> = 0..<0,
        of head: ByteBuffer,
        to output: inout ByteBuffer,
        where keeps: (FieldName) -> Bool
    ) {
        var run = start
        for line in lines {
            guard keeps(line.name) else { continue }
            if line.line.lowerBound == run.upperBound {
                run = run.lowerBound..<line.line.upperBound
            } else {
                copy(run, of: head, to: &output)
                run = line.line
            }
        }
        copy(run, of: head, to: &output)
    }

    private static func copy(_ range: Range<Int>, of head: ByteBuffer, to output: inout ByteBuffer) {
        guard !range.isEmpty, let bytes = head.getSlice(at: head.readerIndex + range.lowerBound, length: range.count)
        else { return }
        output.writeImmutableBuffer(bytes)
    }
}
