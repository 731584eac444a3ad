import Foundation
import Glibc
import UnixSignals

/// When a process that serves should stop, and when it should read its configuration again.
enum ProcessLife {
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
