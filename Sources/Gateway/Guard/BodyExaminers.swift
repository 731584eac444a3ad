import NIOCore
import NIOPosix
import Synchronization

/// The threads that examine large bodies, of which a process has a few, so that no event loop stands still for one.
final class BodyExaminers: Sendable {
    static let shared = BodyExaminers(threads: max(1, System.coreCount / 2), waiting: 256)

    private let threads: NIOThreadPool
    /// The most bodies that wait or are examined.
    private let limit: Int
    private let count = Atomic<Int>(0)

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
    /// - Returns: nil where too many bodies wait.
    func run(
        _ examination: BodyExamination,
        on eventLoop: any EventLoop
    ) -> EventLoopFuture<BodyExamination.Outcome?>? {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            count.wrappingSubtract(1, ordering: .relaxed)
            return nil
        }
        return threads.runIfActive(eventLoop: eventLoop) {
            defer { self.count.wrappingSubtract(1, ordering: .relaxed) }
            return examination.run()
        }
    }
}
