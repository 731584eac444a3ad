import NIOCore
import NIOPosix
import Synchronization

/// The threads that examine large bodies, of which a process has a few, so that no event loop stands still for one.
final class BodyExaminers: Sendable {
    static let shared = BodyExaminers(threads: max(1, System.coreCount / 2), waiting: 256)

    private let threads: NIOThreadPool
    /// The most bodies that wait or are examined.
    private let limit: Int
    private let waiting = Mutex(Waiting())

    /// The bodies that wait or are examined.
    private struct Waiting {
        var count = 0
        var byIdentity: [String: Int] = [:]
    }

    /// The most of them that are one caller's, which leaves room for others.
    private var share: Int { max(1, limit / 4) }

    /// Bodies beyond `waiting` are not taken; the threads live as long as the process, or have to be stopped.
    init(threads: Int, waiting: Int) {
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.limit = waiting
        self.threads.start()
    }

    /// Ends the threads.
    func stop() async throws { try await threads.shutdownGracefully() }

    /// Examines a body; what comes of it is told on the loop, nil where it was abandoned.
    ///
    /// - Returns: nil where too many bodies wait, of all callers or of this one.
    func run(
        _ examination: BodyExamination,
        on eventLoop: any EventLoop
    ) -> EventLoopFuture<BodyExamination.Outcome?>? {
        let identity = examination.identity
        guard take(identity) else { return nil }
        return threads.runIfActive(eventLoop: eventLoop) {
            defer { self.giveBack(identity) }
            return examination.run()
        }
    }

    private func take(_ identity: String) -> Bool {
        waiting.withLock { waiting in
            let own = waiting.byIdentity[identity, default: 0]
            guard waiting.count < limit, own < share else { return false }
            waiting.count += 1
            waiting.byIdentity[identity] = own + 1
            return true
        }
    }

    private func giveBack(_ identity: String) {
        waiting.withLock { waiting in
            waiting.count -= 1
            let own = waiting.byIdentity[identity, default: 1] - 1
            waiting.byIdentity[identity] = own > 0 ? own : nil
        }
    }
}
