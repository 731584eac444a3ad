import Foundation
import RPC
import Synchronization
import WireProtos

/// The first answers of FetchX509SVID: a connection, the attestation of the caller, a key, a certificate, its check.
enum ColdFetches {
    static let metadata: RPCMetadata = ["workload.spiffe.io": "true"]

    static func fetch(_ client: RPCClient) async throws -> RPCMessages<WorkloadAPI_X509SVIDResponse> {
        try await client.serverStreaming(
            "/SpiffeWorkloadAPI/FetchX509SVID",
            WorkloadAPI_X509SVIDRequest(),
            metadata: metadata
        )
    }

    static func measure(socket: String, count: Int) async throws {
        var times: [Double] = []
        for number in 0..<(count + 20) {
            let began = ContinuousClock.now
            let client = try await RPCClient.connect(unixSocket: socket)
            for try await response in try await fetch(client) {
                guard !response.svids.isEmpty else { throw RPCStatus(.internalError, "an answer without an SVID") }
                break
            }
            // The first few pay for what a process does once.
            if number >= 20 { times.append((ContinuousClock.now - began) / .milliseconds(1)) }
            await client.close()
        }
        times.sort()
        func percentile(_ part: Double) -> Double { times[min(times.count - 1, Int(Double(times.count) * part))] }
        try IdentityFigures.say([
            "p50_ms": percentile(0.5), "p99_ms": percentile(0.99), "max_ms": times.last ?? 0,
            "count": Double(times.count),
        ])
    }
}

/// Streams that stay open, and what comes over them.
enum HeldStreams {
    private final class Tally: Sendable {
        struct State {
            /// The messages on each stream.
            var messages: [Int]
            var errors = 0
            var firstError = ""
            /// When each stream had its latest message.
            var last: ContinuousClock.Instant = .now
        }
        let state: Mutex<State>
        init(_ count: Int) { state = Mutex(State(messages: Array(repeating: 0, count: count))) }

        func heard(_ stream: Int) {
            state.withLock { state in
                state.messages[stream] += 1
                state.last = .now
            }
        }

        func failed(_ error: any Error) {
            state.withLock { state in
                state.errors += 1
                if state.firstError.isEmpty { state.firstError = "\(error)" }
            }
        }

        /// How many streams have had at least so many messages.
        func reached(_ messages: Int) -> Int { state.withLock { $0.messages.count { $0 >= messages } } }
    }

    static func run(socket: String, count: Int, perConnection: Int) async throws {
        let tally = Tally(count)
        let began = ContinuousClock.now
        await withDiscardingTaskGroup { group in
            for first in stride(from: 0, to: count, by: perConnection) {
                let streams = first..<min(first + perConnection, count)
                let client: RPCClient
                do { client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(60)) } catch {
                    tally.failed(error)
                    continue
                }
                for stream in streams {
                    group.addTask {
                        do {
                            for try await _ in try await ColdFetches.fetch(client) { tally.heard(stream) }
                            tally.failed(RPCStatus(.ok, "the stream has ended"))
                        } catch is CancellationError {
                        } catch { if !Task.isCancelled { tally.failed(error) } }
                    }
                }
                // So that no more wait to be answered than a server lets in at a time.
                while tally.state.withLock({ $0.errors }) == 0, streams.upperBound - tally.reached(1) > 64 {
                    try? await Task.sleep(for: .milliseconds(2))
                }
            }
            do {
                try await wait(tally, 1, count, began, limit: 300)
                for await line in IdentityFigures.lines() {
                    // `wait SECONDS`: until every stream has one message more than it had.
                    let words = line.split(separator: " ")
                    guard words.count == 2, let limit = Double(words[1]) else { break }
                    let (now, least) = (
                        ContinuousClock.now, tally.state.withLock { $0.messages.min() ?? 0 }
                    )
                    try IdentityFigures.say(["waiting": 1])
                    try await wait(tally, least + 1, count, now, limit: limit)
                }
            } catch { tally.failed(error) }
            group.cancelAll()
        }
    }

    private static func wait(
        _ tally: Tally,
        _ messages: Int,
        _ count: Int,
        _ began: ContinuousClock.Instant,
        limit: Double
    ) async throws {
        while tally.reached(messages) < count, ContinuousClock.now - began < .seconds(limit) {
            try await Task.sleep(for: .milliseconds(5))
        }
        let (errors, last, first) = tally.state.withLock { ($0.errors, $0.last, $0.firstError) }
        if !first.isEmpty { FileHandle.standardError.write(Data("identity-figures: \(first)\n".utf8)) }
        try IdentityFigures.say([
            "reached": Double(tally.reached(messages)), "errors": Double(errors),
            "seconds": (last - began) / .seconds(1),
        ])
    }
}
