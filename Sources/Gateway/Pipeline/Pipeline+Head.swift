import NIOCore
import ZeroTrust

/// What is read from a request's head beside what it asks for.
extension Pipeline {
    /// The trace context that was sent, where there is one line of it, and that is valid.
    static func trace(_ scanner: borrowing RequestScanner, _ head: ByteBuffer) -> String? {
        var found: FieldLine?
        for line in scanner.fields.lines where line.name == .traceparent {
            guard found == nil else { return nil }
            found = line
        }
        guard let found, TraceParent.isValid(head.readableBytesUInt8Span, found.value) else { return nil }
        return head.getString(at: head.readerIndex + found.value.lowerBound, length: found.value.count)
    }

    /// Whether the client said that it reads fields behind a body (RFC 9110 §10.1.4).
    static func takesTrailers(_ scanner: borrowing RequestScanner, _ head: ByteBuffer) -> Bool {
        let bytes = head.readableBytesUInt8Span
        for line in scanner.fields.lines where line.name == .hopByHop {
            guard bytes.holdsFolded("te", at: line.nameRange) else { continue }
            let value = head.getString(at: head.readerIndex + line.value.lowerBound, length: line.value.count) ?? ""
            let codings = value.lowercased().split(separator: ",")
            if codings.contains(where: { $0.trimmingPrefix { $0 == " " || $0 == "\t" } == "trailers" }) { return true }
        }
        return false
    }

    /// The header lines that policy looks at, among those that go upstream.
    static func headers(
        _ consulted: Set<String>,
        _ scanner: borrowing RequestScanner,
        _ head: ByteBuffer
    ) -> [Exchange.Header] {
        guard !consulted.isEmpty else { return [] }
        var headers: [Exchange.Header] = []
        for line in scanner.fields.lines {
            switch line.name {
            case .other, .contentLength, .transferEncoding, .traceparent, .tracestate, .alternativeService: break
            default: continue
            }
            let start = head.readerIndex
            guard
                let name = head.getString(at: start + line.nameRange.lowerBound, length: line.nameRange.count)?
                    .lowercased(), consulted.contains(name)
            else { continue }
            headers.append(
                Exchange.Header(
                    name: name,
                    value: head.getString(at: start + line.value.lowerBound, length: line.value.count) ?? ""
                )
            )
        }
        return headers
    }
}
