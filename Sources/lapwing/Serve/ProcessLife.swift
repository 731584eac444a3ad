import Foundation
import Glibc
import UnixSignals

/// When a process that serves should stop, and when it should read its configuration again.
enum ProcessLife {
    /// This program's own file, looked up once: what replaces it later takes its place at the next restart.
    static let ownPath = Result<String, any Error> {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return path.hasSuffix(" (deleted)") ? String(path.dropLast(" (deleted)".count)) : path
    }

    /// Raises the limit of open files as far as this process may: every connection takes one, or two.
    static func raiseOpenFileLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(resource, &limit)
    }

    /// What a process that serves is asked.
    enum Request: Sendable { case stop, reload }

    /// The requests as they come: SIGTERM, SIGINT and SIGHUP, and the end of the parent where there is one.
    static func requests() async -> AsyncStream<Request> {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let (stream, continuation) = AsyncStream.makeStream(of: Request.self)
        let task = Task {
            for await signal in signals { continuation.yield(signal == .sighup ? .reload : .stop) }
        }
        continuation.onTermination = { _ in task.cancel() }
        if ProcessInfo.processInfo.environment["LAPWING_SUPERVISED"] == "1" {
            // The parent holds the other end of standard input and never writes: its end is the parent's.
            Thread.detachNewThread {
                var byte: UInt8 = 0
                while unsafe read(STDIN_FILENO, &byte, 1) > 0 {}
                continuation.yield(.stop)
            }
        }
        return stream
    }

    /// Waits for the first request to stop.
    static func untilStopped() async {
        for await request in await requests() where request == .stop { return }
    }
}
