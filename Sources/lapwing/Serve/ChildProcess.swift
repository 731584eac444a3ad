import Foundation
import Glibc
import Synchronization

/// This program, run again in another role.
///
/// The child reads its standard input, a pipe that the parent holds: when the parent dies, however it dies, the pipe
/// closes and the child stops by itself.
final class ChildProcess: Sendable {
    let processIdentifier: Int32
    private let lifeline: Pipe
    private let end: End

    /// Starts the program that is running now, or a copy of it, with other arguments.
    ///
    /// - Throws: ``CommandError`` where it cannot be started.
    init(arguments: [String], notifySocket: String, program: String? = nil) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try program ?? ProcessLife.ownPath.get())
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment
        environment["NOTIFY_SOCKET"] = notifySocket
        environment["LAPWING_SUPERVISED"] = "1"
        process.environment = environment
        let lifeline = Pipe()
        process.standardInput = lifeline
        let end = End()
        process.terminationHandler = { process in
            end.finish(process.terminationStatus)
        }
        do { try process.run() } catch {
            throw CommandError(.unreachable, "cannot start `\(arguments.first ?? "")`: \(SystemReason.of(error))")
        }
        self.processIdentifier = process.processIdentifier
        self.lifeline = lifeline
        self.end = end
    }

    /// Whether the process has not ended yet.
    var isRunning: Bool { end.status == nil }

    /// Waits for the end; the exit status, or the signal that ended it.
    func ended() async -> Int32 { await end.wait() }

    /// Whether the process says in time that it is ready; false too where it ends first.
    func becomesReady(_ listener: NotificationListener, within timeout: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let end = ContinuousClock.now + timeout
                var ready = false
                while !ready, self.isRunning, ContinuousClock.now < end {
                    ready = listener.waitUntilReady(timeout: .milliseconds(100))
                }
                continuation.resume(returning: ready)
            }
        }
    }

    /// Asks the process to stop, waits until it has, and ends it by force when the time is over.
    func end(within time: Duration) async {
        terminate()
        let killer = Task {
            try await Task.sleep(for: time)
            signal(SIGKILL)
        }
        _ = await ended()
        killer.cancel()
    }

    /// Asks the process to stop.
    func terminate() { signal(SIGTERM) }

    /// Sends a signal, unless the process has ended.
    func signal(_ number: Int32) {
        if isRunning { kill(processIdentifier, number) }
    }

    /// The exit status and who waits for it.
    private final class End: Sendable {
        private struct State {
            var status: Int32?
            var waiters: [CheckedContinuation<Int32, Never>] = []
        }

        private let state = Mutex(State())

        var status: Int32? { state.withLock { $0.status } }

        func finish(_ status: Int32) {
            let waiters = state.withLock { state in
                state.status = status
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume(returning: status) }
        }

        func wait() async -> Int32 {
            await withCheckedContinuation { continuation in
                let status = state.withLock { state -> Int32? in
                    if state.status == nil { state.waiters.append(continuation) }
                    return state.status
                }
                if let status { continuation.resume(returning: status) }
            }
        }
    }
}
