// A libFuzzer target over the HTTP/1 scanners, which `scripts/fuzz` builds together with them.
//
// The first byte chooses the size of the pieces in which the rest arrives. Read whole or in pieces, a stream must give
// the same messages and the same refusal; and what would be passed upstream, read again, must give the same content.

/// What a stream was read as.
struct Outcome: Equatable {
    var heads: [HTTP1Method] = []
    var contents: [[UInt8]] = []
    var refusal: HTTP1Refusal.Code?
}

func readBody(_ framing: MessageFraming, _ rest: inout ArraySlice<UInt8>, pieces: Int) throws(HTTP1Refusal) -> [UInt8]?
{
    var scanner = try BodyScanner(framing, keepsChunks: true)
    var forwarded: [UInt8] = []
    var content = 0
    while !scanner.isComplete, !rest.isEmpty {
        let piece = Array(rest.prefix(pieces))
        let step = try scanner.next(piece.span)
        guard step.forward + step.drop <= piece.count, step.content <= step.forward else { fatalError("overrun") }
        guard step.isEnd || step.forward + step.drop > 0 else { fatalError("no progress") }
        forwarded += piece.prefix(step.forward)
        content += step.content
        rest = rest.dropFirst(step.forward + step.drop)
    }
    guard scanner.isComplete || scanner.endsAtClose else { return nil }
    guard case .chunked = framing else { return forwarded }
    var again = try BodyScanner(framing, keepsChunks: true)
    let step = try again.next(forwarded.span)
    guard step.isEnd, step.forward == forwarded.count, step.content == content else { fatalError("not stable") }
    return forwarded
}

func readRequests(_ stream: [UInt8], pieces: Int) -> Outcome {
    var outcome = Outcome()
    do throws(HTTP1Refusal) {
        var rest = stream[...]
        while !rest.isEmpty {
            var scanner = RequestScanner(limits: HTTP1Limits())
            var available = 0
            var isWhole = false
            while !isWhole {
                guard available < rest.count else { return outcome }
                available = min(available + pieces, rest.count)
                isWhole = try scanner.scan(Array(rest.prefix(available)).span)
            }
            outcome.heads.append(scanner.method)
            rest = rest.dropFirst(scanner.length)
            guard let body = try readBody(scanner.framing, &rest, pieces: pieces) else { return outcome }
            outcome.contents.append(body)
        }
    } catch {
        outcome.refusal = error.code
    }
    return outcome
}

func readResponse(_ stream: [UInt8], pieces: Int) -> Outcome {
    var outcome = Outcome()
    do throws(HTTP1Refusal) {
        var rest = stream[...]
        var scanner = ResponseScanner(limits: HTTP1Limits())
        var available = 0
        var isWhole = false
        while !isWhole {
            guard available < rest.count else { return outcome }
            available = min(available + pieces, rest.count)
            isWhole = try scanner.scan(Array(rest.prefix(available)).span, answering: .get)
        }
        rest = rest.dropFirst(scanner.length)
        guard let body = try readBody(scanner.framing, &rest, pieces: pieces) else { return outcome }
        outcome.contents.append(body)
    } catch {
        outcome.refusal = error.code
    }
    return outcome
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = bytes.first else { return 0 }
    let stream = Array(bytes.dropFirst())
    let pieces = max(1, Int(first & 0x1f))
    guard readRequests(stream, pieces: .max / 2) == readRequests(stream, pieces: pieces) else {
        fatalError("requests differ")
    }
    guard readResponse(stream, pieces: .max / 2) == readResponse(stream, pieces: pieces) else {
        fatalError("responses differ")
    }
    return 0
}
