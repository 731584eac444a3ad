import Glibc

/// Clocks in seconds.
enum Clock {
    /// The monotonic clock.
    static var wall: Double { read(CLOCK_MONOTONIC) }
    /// CPU time of this process.
    static var cpu: Double { read(CLOCK_PROCESS_CPUTIME_ID) }
    /// The monotonic clock in nanoseconds.
    static var nanoseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
