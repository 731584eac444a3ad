@testable import Gateway

/// One message as a reader of a byte stream saw it.
struct ReadMessage: Hashable, CustomStringConvertible {
    var method = ""
    var target = ""
    var status = 0
    var body: [UInt8] = []

    var description: String {
        "\(method)\(status == 0 ? "" : String(status)) \(target) body=\(String(decoding: body, as: UTF8.self).debugDescription)"
    }
}

/// What a reader made of a byte stream: the whole messages in it, and why it stopped.
struct Reading: Hashable {
    var messages: [ReadMessage] = []
    var refusal: HTTP1Refusal.Code?

    /// Reads a stream of requests with our scanners, in pieces of the given size.
    static func requests(_ stream: [UInt8], pieces: Int = .max, limits: HTTP1Limits = HTTP1Limits()) -> Reading {
        var reader = StreamReader(limits: limits)
        do throws(HTTP1Refusal) {
            try reader.readRequests(stream, pieces: pieces)
        } catch {
            reader.reading.refusal = error.code
        }
        return reader.reading
    }

    /// Reads one response with our scanners.
    static func response(_ stream: [UInt8], to method: HTTP1Method = .get, pieces: Int = .max) -> Reading {
        var reader = StreamReader(limits: HTTP1Limits())
        do throws(HTTP1Refusal) {
            try reader.readResponse(stream, method, pieces: pieces)
        } catch {
            reader.reading.refusal = error.code
        }
        return reader.reading
    }
}

private struct StreamReader {
    var reading = Reading()
    let limits: HTTP1Limits

    init(limits: HTTP1Limits) {
        self.limits = limits
    }

    mutating func readRequests(_ stream: [UInt8], pieces: Int) throws(HTTP1Refusal) {
        var rest = stream[...]
        while !rest.isEmpty {
            var scanner = RequestScanner(limits: limits)
            var available = 0
            var isWhole = false
            while !isWhole {
                guard available < rest.count else { return }
                available = pieces == .max ? rest.count : min(available + pieces, rest.count)
                isWhole = try scanner.scan(Array(rest.prefix(available)).span)
            }
            var message = ReadMessage()
            message.method = scanner.method.rawValue
            message.target = String(decoding: Array(rest)[scanner.target], as: UTF8.self)
            rest = rest.dropFirst(scanner.length)
            guard let body = try readBody(scanner.framing, &rest, pieces: pieces) else { return }
            message.body = body
            reading.messages.append(message)
        }
    }

    mutating func readResponse(_ stream: [UInt8], _ method: HTTP1Method, pieces: Int) throws(HTTP1Refusal) {
        var rest = stream[...]
        while true {
            var scanner = ResponseScanner(limits: limits)
            var available = 0
            var isWhole = false
            while !isWhole {
                guard available < rest.count else { return }
                available = pieces == .max ? rest.count : min(available + pieces, rest.count)
                isWhole = try scanner.scan(Array(rest.prefix(available)).span, answering: method)
            }
            rest = rest.dropFirst(scanner.length)
            guard let body = try readBody(scanner.framing, &rest, pieces: pieces) else { return }
            reading.messages.append(ReadMessage(status: scanner.status, body: body))
            guard scanner.isInterim else { return }
        }
    }

    /// The content of a body, or nil where the stream ends first.
    ///
    /// What is passed on with the framing kept must read the same when it is read again.
    private func readBody(
        _ framing: MessageFraming,
        _ rest: inout ArraySlice<UInt8>,
        pieces: Int
    ) throws(HTTP1Refusal) -> [UInt8]? {
        var scanner = try BodyScanner(framing, keepsChunks: false, limits: limits)
        var wire = try BodyScanner(framing, keepsChunks: true, limits: limits)
        var content: [UInt8] = []
        var forwarded: [UInt8] = []
        var isComplete = scanner.isComplete
        while !isComplete, !rest.isEmpty {
            var piece = Array(rest.prefix(pieces))[...]
            var copy = piece
            while !piece.isEmpty, !scanner.isComplete {
                let step = try scanner.next(Array(piece).span)
                content += piece.prefix(step.forward)
                piece = piece.dropFirst(step.forward + step.drop)
                rest = rest.dropFirst(step.forward + step.drop)
            }
            while !copy.isEmpty, !wire.isComplete {
                let step = try wire.next(Array(copy).span)
                forwarded += copy.prefix(step.forward)
                copy = copy.dropFirst(step.forward + step.drop)
            }
            isComplete = scanner.isComplete
            precondition(isComplete == wire.isComplete, "the two ways to read a body disagree on its end")
        }
        guard isComplete || scanner.endsAtClose else { return nil }
        if case .chunked = framing {
            var again = try BodyScanner(.chunked, keepsChunks: true, limits: limits)
            let step = try again.next(forwarded.span)
            precondition(step.isEnd && step.forward == forwarded.count && step.content == content.count)
        }
        return content
    }
}
