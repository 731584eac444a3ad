import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Gateway

/// NIO's own HTTP/1 decoder reads what ours reads, and where they differ, ours must have refused.
@Suite(.timeLimit(.minutes(5))) struct DifferentialTests {
    @Test func `where another decoder reads a request differently, ours refuses it`() throws {
        var generator = Random(seed: 0x1a97)
        var agreed = 0
        var refused = 0
        for round in 0..<4_000 {
            let stream = RequestGrammar.stream(&generator)
            let ours = Reading.requests(stream)
            let theirs = try Self.readRequests(stream)
            let text = String(decoding: stream, as: UTF8.self).debugDescription
            if ours.refusal == nil {
                #expect(!theirs.failed, "round \(round): the other decoder refuses \(text)")
                #expect(ours.messages == theirs.messages, "round \(round): \(text)")
                agreed += 1
            } else {
                // What ours passed on before it refused was the same.
                #expect(theirs.messages.starts(with: ours.messages), "round \(round): \(text)")
                refused += 1
            }
        }
        // Neither kind is rare, or the grammar says nothing.
        #expect(agreed > 400 && refused > 400, "agreed \(agreed), refused \(refused)")
        print("suite: \(agreed + refused) streams, \(agreed) read alike, \(refused) refused by ours")
    }

    @Test func `where another decoder reads a response differently, ours refuses it`() throws {
        var generator = Random(seed: 0x5eed)
        var agreed = 0
        for round in 0..<2_000 {
            let stream = ResponseGrammar.stream(&generator)
            let ours = Reading.response(stream)
            guard ours.refusal == nil, let last = ours.messages.last, last.status >= 200 else { continue }
            let theirs = try Self.readResponse(stream)
            let text = String(decoding: stream, as: UTF8.self).debugDescription
            #expect(theirs.messages.first { $0.status >= 200 } == last, "round \(round): \(text)")
            agreed += 1
        }
        #expect(agreed > 200, "agreed \(agreed)")
    }

    struct Theirs {
        var messages: [ReadMessage] = []
        var failed = false
    }

    static func readRequests(_ stream: [UInt8]) throws -> Theirs {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
        )
        var result = Theirs()
        do {
            try channel.writeInbound(ByteBuffer(bytes: stream))
        } catch {
            result.failed = true
        }
        var message: ReadMessage?
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head): message = ReadMessage(method: head.method.rawValue, target: head.uri)
            case .body(let body): message?.body += Array(body.readableBytesView)
            case .end:
                if let message { result.messages.append(message) }
                message = nil
            }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return result
    }

    static func readResponse(_ stream: [UInt8]) throws -> Theirs {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(HTTPRequestEncoder())
        try channel.pipeline.syncOperations.addHandler(
            ByteToMessageHandler(
                HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward)
            )
        )
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["host": "a"])
        try channel.writeOutbound(HTTPClientRequestPart.head(head))
        try channel.writeOutbound(HTTPClientRequestPart.end(nil))
        var result = Theirs()
        do {
            try channel.writeInbound(ByteBuffer(bytes: stream))
            channel.pipeline.fireChannelInactive()
        } catch {
            result.failed = true
        }
        var message: ReadMessage?
        while let part = try channel.readInbound(as: HTTPClientResponsePart.self) {
            switch part {
            case .head(let head): message = ReadMessage(status: Int(head.status.code))
            case .body(let body): message?.body += Array(body.readableBytesView)
            case .end:
                if let message { result.messages.append(message) }
                message = nil
            }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return result
    }
}
