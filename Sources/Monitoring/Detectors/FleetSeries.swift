import ZeroTrust

/// The traffic of all callers together, judged by whether anything like it was there before: requests, tokens and refusals
/// in windows of five minutes.
struct FleetSeries: Detector {
    private static let window: Int64 = 300_000_000_000
    /// Windows without anything that are made up for at the most: a day.
    private static let maximumGap: Int64 = 288
    private static let names = ["requests", "tokens", "refusals"]
    /// A week is learned from: traffic has days that differ.
    private let settings = NoveltySeries.Settings(learning: 2_016)

    private var current: Int64?
    private var amounts = [0.0, 0.0, 0.0]
    private var series = [NoveltySeries(), NoveltySeries(), NoveltySeries()]

    mutating func observe(_ seen: Observed, _ book: inout Casebook) {
        // Logs of several sources are not in step with one another; ours is the one that counts all traffic once.
        guard seen.observation.source == .lapwing else { return }
        let window = Volumes.floor(seen.time, Self.window)
        if let open = current, window > open {
            for past in max(open, window - Self.maximumGap)..<window {
                close(past, past == open ? amounts : [0, 0, 0], seen, &book)
            }
            amounts = [0, 0, 0]
        }
        current = max(current ?? window, window)
        if !seen.observation.marks.contains(.continuation) { amounts[0] += 1 }
        amounts[1] += Double(seen.observation.tokens)
        if seen.observation.decision == .deny, !seen.observation.marks.contains(.continuation) { amounts[2] += 1 }
    }

    private mutating func close(_ window: Int64, _ amounts: [Double], _ seen: Observed, _ book: inout Casebook) {
        for index in series.indices {
            let time = Timestamp(nanoseconds: window * Self.window)
            let verdict = series[index].observe(amounts[index], at: time, settings)
            guard verdict.isAnomaly, verdict.view != .low, verdict.view != .shortLow, verdict.view != .longLow else {
                continue
            }
            let name = Self.names[index]
            let type: FindingType = index == 2 ? .adversarialInput : .bulkExtraction
            let key = FindingKey(type, 1 << 62, UInt64(index))
            book.report(key, seen, severity: .low, amount: verdict.observed) { _ in
                Signal(
                    type: type,
                    severity: .low,
                    subject: "all callers",
                    object: name,
                    cause: "the \(name) of all callers are beyond what was there before: \(verdict.view.words) "
                        + "\(Self.rounded(verdict.observed)), before at most \(Self.rounded(verdict.limit)), in 5 min",
                    measure: .init(
                        baseline: verdict.limit,
                        observed: verdict.observed,
                        threshold: verdict.limit,
                        unit: "\(name) in 5 min (\(verdict.view.words))"
                    )
                )
            }
        }
    }

    private static func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    mutating func setBack(to time: Int64) {
        let window = Volumes.floor(time, Self.window)
        guard let open = current, open > window else { return }
        (current, amounts) = (window, [0, 0, 0])
    }

    func write(to writer: inout StateWriter) {
        writer.write(current ?? .min)
        for amount in amounts { writer.write(amount) }
        for one in series { one.write(to: &writer) }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        let window = try reader.signed()
        current = window == .min ? nil : window
        for index in amounts.indices { amounts[index] = try reader.double() }
        for index in series.indices { series[index] = try NoveltySeries(from: &reader) }
    }
}
