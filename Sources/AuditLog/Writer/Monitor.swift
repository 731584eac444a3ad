import CLinux
import Glibc

/// A mutex with conditions, over the state that it guards, for threads that wait.
///
/// Each thread that waits has a condition of its own, so that a signal wakes nobody for whom nothing has changed.
@safe final class Monitor<State>: @unchecked Sendable {
    // Guarded by `mutex`; that is what makes the class safe to share. Nothing of it can be kept by who hands it in, or who
    // gets to see it, since both only pass on what they do not keep (`sending`).
    private nonisolated(unsafe) var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let conditions: UnsafeMutableBufferPointer<pthread_cond_t>

    /// A monitor with so many conditions, which are known by their numbers.
    init(_ state: sending State, conditions count: Int = 1) {
        unsafe self.state = state
        // POSIX objects must not move, so they have memory of their own, which `deinit` gives back.
        unsafe mutex = .allocate(capacity: 1)
        unsafe conditions = .allocate(capacity: count)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        for index in 0..<count { unsafe pthread_cond_init(&conditions[index], &attributes) }
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        for index in unsafe conditions.indices { unsafe pthread_cond_destroy(&conditions[index]) }
        unsafe pthread_mutex_destroy(mutex)
        unsafe conditions.deallocate()
        unsafe mutex.deallocate()
    }

    /// What a waiting thread does next.
    enum Step<Value> {
        /// Ends the wait with a value.
        case go(Value)
        /// Waits for a signal, until a moment of the monotonic clock where there is one.
        case wait(until: UInt64?)
    }

    func withLock<Value>(_ body: (inout sending State) throws -> sending Value) rethrows -> sending Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe _ = pthread_mutex_unlock(mutex) }
        return try unsafe body(&state)
    }

    /// Asks again after each signal of a condition and each passed moment, until there is a value.
    func wait<Value>(on condition: Int, _ next: (inout sending State) -> sending Step<Value>) -> sending Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe _ = pthread_mutex_unlock(mutex) }
        while true {
            switch unsafe next(&state) {
            case .go(let value): return value
            case .wait(until: nil): unsafe pthread_cond_wait(&conditions[condition], mutex)
            case .wait(until: let moment?):
                var time = timespec(tv_sec: Int(moment / 1_000_000_000), tv_nsec: Int(moment % 1_000_000_000))
                unsafe pthread_cond_timedwait(&conditions[condition], mutex, &time)
            }
        }
    }

    /// Wakes the thread that waits on a condition.
    func signal(_ condition: Int) {
        unsafe pthread_cond_signal(&conditions[condition])
    }
}

/// The monotonic clock, in nanoseconds.
func monotonicNow() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// A thread that runs one function.
final class WorkerThread: @unchecked Sendable {
    // Written once, before the thread is shared.
    private var thread = pthread_t()

    private final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread; the name is for whoever looks at the process, and for the error where it cannot be started.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws {
        // The thread takes over the retained box, and with it the function.
        let start = unsafe Unmanaged.passRetained(
            Start {
                _ = unsafe lapwing_name_thread(name)
                body()
            }
        )
        let result = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                }
                return nil
            },
            start.toOpaque()
        )
        guard result == 0 else {
            unsafe start.release()
            throw AuditLogError(
                .io,
                "cannot start the thread `\(name)`",
                cause: FileError(number: result, operation: "create thread", path: name)
            )
        }
    }

    /// Waits for the function to return.
    func join() {
        _ = pthread_join(thread, nil)
    }
}
