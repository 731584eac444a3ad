import Glibc

/// A mutex with a condition, over the state that it guards, for threads that wait.
@safe final class Monitor<State>: @unchecked Sendable {
    // Guarded by `mutex`; that is what makes the class safe to share.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init(_ state: State) {
        self.state = state
        // POSIX objects must not move, so they have memory of their own, which `deinit` gives back.
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// What a waiting thread does next.
    enum Step<Value> {
        /// Ends the wait with a value.
        case go(Value)
        /// Waits for a signal, until a moment of the monotonic clock where there is one.
        case wait(until: UInt64?)
    }

    func withLock<Value>(_ body: (inout State) throws -> Value) rethrows -> Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe _ = pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Asks again after each signal and each passed moment, until there is a value.
    func wait<Value>(_ next: (inout State) -> Step<Value>) -> Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe _ = pthread_mutex_unlock(mutex) }
        while true {
            switch next(&state) {
            case .go(let value): return value
            case .wait(until: nil): unsafe pthread_cond_wait(condition, mutex)
            case .wait(until: let moment?):
                var time = timespec(tv_sec: Int(moment / 1_000_000_000), tv_nsec: Int(moment % 1_000_000_000))
                unsafe pthread_cond_timedwait(condition, mutex, &time)
            }
        }
    }

    /// Wakes every thread that waits.
    func signal() {
        unsafe pthread_cond_broadcast(condition)
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

    /// Starts a thread; the name is for the error where it cannot be started.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws {
        // The thread takes over the retained box, and with it the function.
        let start = unsafe Unmanaged.passRetained(
            Start(body)
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
