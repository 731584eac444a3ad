import Authorization

/// Times one kind of work over all requests again and again.
enum Timing {
    /// The most single times that are kept.
    private static let samples = 400_000

    static func decisions(_ engine: PolicyEngine, _ requests: [CaseRequest], seconds: Double) throws
        -> [String: Double]
    {
        try measure(requests, seconds: seconds) { request in
            (engine.evaluate(request.attributes).outcome == .allow) == request.isAllowed
        }
    }

    static func explanations(_ engine: PolicyEngine, _ requests: [CaseRequest], seconds: Double) throws
        -> [String: Double]
    {
        try measure(requests, seconds: seconds) { request in
            let explanation = engine.explain(request.attributes)
            return (explanation.outcome == .allow) == request.isAllowed && explanation.proposal != nil
        }
    }

    /// CPU time over many, without looking at the clock in between; then each by itself, less what the clock costs.
    private static func measure(
        _ requests: [CaseRequest],
        seconds: Double,
        _ isRight: (CaseRequest) -> Bool
    ) throws -> [String: Double] {
        // Everything that is slow the first time.
        for request in requests where !isRight(request) { throw Failure("a wrong answer") }
        var count = 0
        let began = Clock.cpu
        repeat {
            for request in requests where !isRight(request) { throw Failure("a wrong answer") }
            count += requests.count
        } while Clock.cpu - began < seconds / 2
        let cpu = (Clock.cpu - began) / Double(count)
        var times: [Int64] = []
        times.reserveCapacity(samples)
        let deadline = Clock.wall + seconds / 2
        while times.count < samples, Clock.wall < deadline {
            for request in requests.prefix(1000) {
                let start = Clock.nanoseconds
                let right = isRight(request)
                times.append(Clock.nanoseconds - start)
                guard right else { throw Failure("a wrong answer") }
            }
            // Another thousand next time.
        }
        var empty: [Int64] = []
        for _ in 0..<10_000 {
            let start = Clock.nanoseconds
            empty.append(Clock.nanoseconds - start)
        }
        let clock = percentile(empty, 0.5)
        return [
            "cpu_us": cpu * 1e6,
            "per_cpu_second": 1 / cpu,
            "p50_us": max(0, percentile(times, 0.5) - clock) / 1e3,
            "p99_us": max(0, percentile(times, 0.99) - clock) / 1e3,
            "samples": Double(times.count),
        ]
    }

    private static func percentile(_ times: [Int64], _ share: Double) -> Double {
        let sorted = times.sorted()
        return sorted.isEmpty ? 0 : Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))])
    }
}
