import Foundation
import Glibc
import Monitoring
import NIOCore
import Resources
import Testing
import ZeroTrust

@testable import lapwing

/// What is asked of receivers of alerts, and what they cannot do to us.
@Suite(.timeLimit(.minutes(5))) struct AlertSenderTests {
    /// A server that never comes to an end: see `Peers/trickle.py`.
    private final class Trickle {
        let process = Process()
        let port: Int

        init(_ mode: String) throws {
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Peers/trickle.py").path
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["python3", script, mode]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
        }

        /// Ends it; it has nothing to tidy up.
        func end() {
            kill(process.processIdentifier, SIGKILL)
            process.stop()
        }

        deinit { end() }
    }

    private static func send(to port: Int, bodyOf size: Int = 100) async throws -> (DeliveryQueue.Result, Duration) {
        let text = """
            apiVersion: lapwing.dev/v1alpha1
            kind: AlertRoute
            metadata: { name: slow }
            spec: { alertmanager: { url: "http://127.0.0.1:\(port)" } }
            """
        let route = try #require(try AlertRoute.load(ResourceLoader.parse(yaml: text, file: "r.yaml")).first)
        var queue = DeliveryQueue()
        let now = Timestamp.now()
        let body = String(repeating: "a", count: size)
        _ = queue.add(route: "slow", finding: "M1-1", severity: .high, body: body, at: now)
        let item = try #require(queue.begin(at: now).first)
        let sender = AlertSender(timeout: .milliseconds(1_500))
        let clock = ContinuousClock()
        let began = clock.now
        let result = await sender.send(item, by: route, at: now)
        await sender.shutdown()
        return (result, clock.now - began)
    }

    @Test(arguments: ["head", "silent", "deaf"])
    func `a receiver that does not come to its answer is given up in time`(_ mode: String) async throws {
        let server = try Trickle(mode)
        // What it does not read does not fit into the buffers between us.
        let (result, time) = try await Self.send(to: server.port, bodyOf: mode == "deaf" ? 16 << 20 : 100)
        guard case .failed = result else {
            Issue.record("\(result)")
            return
        }
        #expect(time >= .seconds(1) && time < .seconds(4), "\(time)")
    }

    @Test func `the body of an answer is not waited for`() async throws {
        let server = try Trickle("body")
        let (result, time) = try await Self.send(to: server.port)
        #expect(result == .delivered && time < .milliseconds(1_400), "\(result) after \(time)")
    }

    @Test func `nobody there is a failure at once`() async throws {
        let server = try Trickle("silent")
        let port = server.port
        server.end()
        let (result, time) = try await Self.send(to: port)
        guard case .failed = result else {
            Issue.record("\(result)")
            return
        }
        #expect(time < .seconds(4), "\(time)")
    }
}
