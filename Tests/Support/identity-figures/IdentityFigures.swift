import Foundation
import Glibc
import Logging

/// What `Benchmarks/identity/run` measures the identity layer with.
///
///     identity-figures issue SECONDS             X.509-SVIDs with their keys, and checked as they are before a push
///     identity-figures tokens SECONDS            JWT-SVIDs minted, and verified with keys that are at hand
///     identity-figures serve SOCKET              an authority with a Workload API; reads `rotate`, `memory`, `quit`
///     identity-figures cold SOCKET COUNT         first answers of FetchX509SVID, each on a connection of its own
///     identity-figures streams SOCKET STREAMS PER_CONNECTION
///                                                streams that stay open; reads `wait SECONDS`, `quit`
///
/// Each prints lines of JSON.
@main
enum IdentityFigures {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let rest = Array(arguments.dropFirst())
        raiseOpenFileLimit()
        switch (arguments.first, rest.count) {
        case ("issue", 1): try await Issuing.measure(seconds: number(rest[0]))
        case ("tokens", 1): try await Tokens.measure(seconds: number(rest[0]))
        case ("serve", 1): try await Server.run(socket: rest[0])
        case ("cold", 2): try await ColdFetches.measure(socket: rest[0], count: Int(number(rest[1])))
        case ("streams", 3):
            try await HeldStreams.run(
                socket: rest[0],
                count: Int(number(rest[1])),
                perConnection: Int(number(rest[2]))
            )
        default:
            FileHandle.standardError.write(
                Data(
                    """
                    usage: identity-figures issue|tokens SECONDS | serve SOCKET | cold SOCKET COUNT
                           | streams SOCKET STREAMS PER_CONNECTION

                    """.utf8
                )
            )
            exit(2)
        }
    }

    private static func number(_ text: String) -> Double {
        guard let number = Double(text), number > 0 else {
            FileHandle.standardError.write(Data("identity-figures: `\(text)` is no number above 0\n".utf8))
            exit(2)
        }
        return number
    }

    private static func raiseOpenFileLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(resource, &limit)
    }

    static let logger = Logger(label: "identity-figures") { _ in SwiftLogNoOpLogHandler() }

    /// Prints a line that whoever started this reads at once.
    static func say(_ values: [String: Double]) throws {
        let data = try JSONSerialization.data(withJSONObject: values, options: [.sortedKeys])
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }

    /// What whoever started this says, line by line, read by a thread that may wait.
    static func lines() -> AsyncStream<String> {
        AsyncStream { continuation in
            Thread.detachNewThread {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
        }
    }

    /// The seconds that this thread has kept a processor busy for.
    static var threadSeconds: Double { seconds(CLOCK_THREAD_CPUTIME_ID) }
    /// The seconds that this process has.
    static var processSeconds: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// How often something can be done for each second of this thread.
    static func rate(for limit: Double, _ body: () throws -> Void) rethrows -> Double {
        for _ in 0..<50 { try body() }
        let began = threadSeconds
        var count = 0
        while threadSeconds - began < limit {
            for _ in 0..<50 { try body() }
            count += 50
        }
        return Double(count) / (threadSeconds - began)
    }

    /// How much memory a process holds, in bytes: what counts, not what it has asked for.
    static func residentBytes() throws -> Double {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
        return pages * Double(getpagesize())
    }
}
