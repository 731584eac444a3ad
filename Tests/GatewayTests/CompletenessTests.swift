import Foundation
import NIOCore
import Testing

@testable import Gateway

/// N requests leave N decisions and N completions, however they end; who counts them knows nothing of the record.
@Suite(.timeLimit(.minutes(5))) struct CompletenessTests {
    /// How a request goes.
    private enum Course: String, CaseIterable {
        case whole, chunked, refused, malformed, upstreamDiesBeforeItsHead, upstreamDiesInItsBody,
            clientLeavesInTheAnswer
        case clientLeavesBeforeTheAnswer, clientLeavesInItsOwnBody, upstreamStallsUntilTheClientLeaves

        /// How its completion may say that it ended.
        var endings: Set<String> {
            switch self {
            case .whole, .chunked: ["complete"]
            case .refused: ["refused"]
            case .malformed: ["bad_request"]
            case .upstreamDiesBeforeItsHead, .upstreamDiesInItsBody: ["upstream_died"]
            default: ["client_left"]
            }
        }

        /// Whether the client is answered to the end, so that it can send another request.
        var isAnswered: Bool { [.whole, .chunked, .refused, .upstreamDiesBeforeItsHead].contains(self) }
    }

    /// What the upstream does with a request whose path says its course.
    @Sendable private static func respond(_ request: TestUpstream.Received, _ responder: TestUpstream.Responder) {
        let course = Course.allCases.first { request.head.contains("course=\($0.rawValue)&") }
        switch course {
        case .chunked:
            responder.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        case .upstreamDiesBeforeItsHead: responder.close()
        case .upstreamDiesInItsBody:
            responder.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst")
            responder.channel.eventLoop.execute { responder.close() }
        case .clientLeavesInTheAnswer: responder.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst")
        case .clientLeavesBeforeTheAnswer, .upstreamStallsUntilTheClientLeaves: break
        default: responder.write(TestUpstream.ok)
        }
    }

    @Test func `every request has its decision and its completion, and no other has one`() async throws {
        let scale = max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)
        let count = 300 * scale
        let log = FakeLog()
        try await TestGateway.with(Self.respond, log: log) { gateway, upstream in
            // The counter: which requests were sent, and how each went.
            var sent: [Int: Course] = [:]
            var client: TestClient?
            for number in 0..<count {
                let course = Course.allCases[(number * 7 + number / 10) % Course.allCases.count]
                let connection: TestClient
                if let client { connection = client } else { connection = try await gateway.client() }
                client = nil
                let name = "course=\(course.rawValue)&n=\(number)."
                let path = (course == .refused ? "/admin?" : "/v1/predict?") + name
                let answers = connection.heard.value.statuses.count
                switch course {
                case .clientLeavesInItsOwnBody:
                    connection.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nfirst")
                case .malformed:
                    // The framing breaks in the body, when the decision is made.
                    connection.send("POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
                default: connection.send(TestGateway.post(path))
                }
                sent[number] = course
                _ = await log.entries.wait { $0.contains { $0.text.contains("n=\(number).") } }
                switch course {
                case _ where course.isAnswered:
                    let end = course == .whole ? "hello" : course == .chunked ? "\r\n0\r\n\r\n" : "}\n"
                    await connection.heard.wait { heard in
                        heard.isClosed || heard.statuses.count > answers && heard.text.hasSuffix(end)
                    }
                    if connection.heard.value.isClosed { await connection.close() } else { client = connection }
                case .upstreamDiesInItsBody, .malformed:
                    _ = await connection.end()
                    await connection.close()
                case .clientLeavesInTheAnswer:
                    await connection.heard.wait { $0.isClosed || $0.text.hasSuffix("first") }
                    await connection.close()
                default: await connection.close()
                }
            }
            await client?.close()
            let entries = await log.entries.wait { $0.count >= 2 * count }
            // Nothing comes afterwards.
            try await Task.sleep(for: .milliseconds(200))
            #expect(log.entries.value.count == 2 * count)
            var decisions: [String: Int] = [:]
            var completions: [String: String] = [:]
            for entry in entries {
                let id = try #require(entry["id"])
                if entry["kind"] == "decision" {
                    let path = try #require(entry["request.path"])
                    let number = try #require(path.split(separator: "n=").last.flatMap { Int($0.dropLast()) })
                    #expect(decisions.updateValue(number, forKey: id) == nil)
                } else {
                    #expect(completions.updateValue(try #require(entry["ended"]), forKey: id) == nil)
                }
            }
            #expect(Set(decisions.values) == Set(sent.keys) && decisions.count == count)
            #expect(Set(completions.keys) == Set(decisions.keys))
            for (id, number) in decisions {
                let course = try #require(sent[number])
                let ending = try #require(completions[id])
                #expect(course.endings.contains(ending), "\(course): \(ending)")
            }
            // Nothing reached the upstream that was not decided on.
            #expect(upstream.received.value.count <= count)
            let courses = Set(sent.values).count
            print(
                "completeness: \(count) requests of \(courses) courses, \(decisions.count) decisions, \(completions.count) completions"
            )
        }
    }
}
