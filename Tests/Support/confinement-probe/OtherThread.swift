import Dispatch
import Glibc
import Synchronization

/// A thread that is there before the process is confined, and tries something afterwards.
final class OtherThread: Sendable {
    private let begun = DispatchSemaphore(value: 0)
    private let mayGo = DispatchSemaphore(value: 0)
    private let done = DispatchSemaphore(value: 0)
    private let result = Atomic<Int>(0)

    /// Starts the thread, and returns once it runs.
    init() {
        DispatchQueue.global().async {
            self.begun.signal()
            self.mayGo.wait()
            let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            self.result.store(made >= 0 ? 0 : Int(errno), ordering: .sequentiallyConsistent)
            self.done.signal()
        }
        begun.wait()
    }

    /// Has it make a socket; 0, or the error's number.
    func makeSocket() -> Int {
        mayGo.signal()
        done.wait()
        return result.load(ordering: .sequentiallyConsistent)
    }

    /// Starts threads that are gone at once, and does not wait until they have begun.
    static func begin(_ count: Int) {
        for _ in 0..<count {
            var thread = pthread_t()
            // Sound: nothing is lent to the thread.
            unsafe pthread_create(&thread, nil, { _ in nil }, nil)
        }
    }
}
