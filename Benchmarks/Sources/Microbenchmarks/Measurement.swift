import Glibc

/// What one benchmark cost: CPU time of the whole process, all threads, and time on the clock.
struct Measurement {
    /// CPU seconds per million, one for each round.
    let cpuPerMillion: [Double]
    /// Seconds on the clock per million, of the same rounds.
    let wallPerMillion: [Double]
    /// How often the work was done in each round.
    let count: Int

    /// The least CPU time of the rounds.
    var minimum: Double { cpuPerMillion.min() ?? 0 }
    /// The middle of the rounds.
    var median: Double { middle(cpuPerMillion) }
    /// The middle of the rounds on the clock.
    var wall: Double { middle(wallPerMillion) }

    private func middle(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    /// Repeats the work often enough to be read off the clock, then measures it in rounds.
    ///
    /// - Parameters:
    ///   - benchmark: the work.
    ///   - seconds: how long one round takes at least, in CPU time.
    ///   - rounds: how many.
    /// - Returns: the cost of each round.
    /// - Throws: whatever the work throws.
    static func of(_ benchmark: Benchmark, seconds: Double, rounds: Int) throws -> Measurement {
        var count = 1
        while true {
            let began = Moment.now
            try benchmark.run(count)
            let cost = Moment.now.cpu - began.cpu
            if cost >= seconds / 4 {
                count = max(1, Int(Double(count) * seconds / cost))
                break
            }
            count *= 4
        }
        var cpu: [Double] = []
        var wall: [Double] = []
        for _ in 0..<rounds {
            let began = Moment.now
            try benchmark.run(count)
            let ended = Moment.now
            cpu.append((ended.cpu - began.cpu) / Double(count) * 1e6)
            wall.append((ended.wall - began.wall) / Double(count) * 1e6)
        }
        return Measurement(cpuPerMillion: cpu, wallPerMillion: wall, count: count)
    }
}

/// Two clocks read together.
struct Moment {
    /// CPU seconds of this process, all threads.
    let cpu: Double
    /// Seconds of the monotonic clock.
    let wall: Double

    /// Now.
    static var now: Moment { Moment(cpu: read(CLOCK_PROCESS_CPUTIME_ID), wall: read(CLOCK_MONOTONIC)) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
