import ZeroTrust

/// M4: an identity that asks or reads far more than it usually does at that hour.
///
/// Requests, bytes, rows and tokens are counted for each identity in windows; each has a ``SeasonalSeries``. How much would
/// be too much is known when a window begins, so that the finding is there while the window still runs. A window has parts,
/// each of which counts only so much: see ``SeasonalSeries``. What is a finding does not become the usual, unless somebody
/// accepts it.
struct Volumes: Detector {
    struct Settings: Hashable, Sendable {
        /// Seconds of a window.
        var window: Int64
        /// Windows that are learned from.
        var learning: Int
        /// What is never too much, whatever is usual: requests, bytes, rows, tokens in one window.
        var minimum: [Double]
        var maximumIdentities: Int
    }

    let settings: Settings
    private let series: SeasonalSeries.Settings
    private var identities: [UInt32: Int] = [:]
    private var accounts: [Account] = []
    private var pool: [SeasonalSeries] = []

    private static let units = ["requests", "bytes", "rows", "tokens"]
    /// Windows without anything that are made up for at the most: a week of hours.
    private static let maximumGap: Int64 = 168

    /// What one identity had in the window that runs.
    private struct Account {
        var caller: UInt32
        var window: Int64
        /// The part of the window that runs.
        var part: Int64 = 0
        var amounts = InlineArray<4, UInt64>(repeating: 0)
        /// What counts of the parts that are over.
        var counted = InlineArray<4, Double>(repeating: 0)
        /// What was in the part that runs.
        var running = InlineArray<4, Double>(repeating: 0)
        /// With how much a part counts, at most.
        var partLimits = InlineArray<4, Double>(repeating: .infinity)
        /// Where the series lie; -1 for one that is not there yet.
        var series = InlineArray<4, Int32>(repeating: -1)
        var limits = InlineArray<4, Double>(repeating: .infinity)
        /// What the whole of a window is an alarm from, whatever counts of it.
        var burstLimits = InlineArray<4, Double>(repeating: .infinity)
        /// Whether the window is a finding, unless somebody has accepted it since.
        var isFinding = InlineArray<4, Bool>(repeating: false)

        /// What counts of a window up to now.
        func count(_ metric: Int) -> Double { counted[metric] + min(running[metric], partLimits[metric]) }

        /// Whether the window has too much of it.
        func isExceeded(_ metric: Int) -> Bool {
            count(metric) > limits[metric] || Double(amounts[metric]) > burstLimits[metric]
        }

        /// Ends the part that runs.
        mutating func endPart() {
            for metric in 0..<4 {
                counted[metric] = count(metric)
                running[metric] = 0
            }
        }
    }

    init(_ settings: Settings) {
        self.settings = settings
        self.series = SeasonalSeries.Settings(learning: settings.learning)
    }

    mutating func observe(_ seen: Observed, _ book: inout Casebook) {
        let window = Self.floor(seen.time, settings.window * 1_000_000_000)
        let place = account(of: seen.caller, window)
        if window > accounts[place].window { turn(place, to: window, book.book) }
        let length = settings.window * 1_000_000_000
        let part = (seen.time - window * length) / (length / Int64(SeasonalSeries.parts))
        let observation = seen.observation
        let isRead = observation.decision != .deny
        let amounts: InlineArray<4, UInt64> = [
            observation.marks.contains(.continuation) ? 0 : 1, isRead ? observation.bytes : 0,
            isRead ? observation.rows : 0, isRead ? observation.tokens : 0,
        ]
        // Taken out and put back as a whole: reading a part of it where it lies copies all of it each time.
        var account = accounts[place]
        if window == account.window, part > account.part {
            account.endPart()
            account.part = part
        }
        for metric in 0..<4 where amounts[metric] > 0 {
            let sum = account.amounts[metric].addingReportingOverflow(amounts[metric])
            account.amounts[metric] = sum.overflow ? .max : sum.partialValue
            account.running[metric] += Double(amounts[metric])
            if account.series[metric] < 0 {
                account.series[metric] = Int32(pool.count)
                pool.append(SeasonalSeries())
            }
        }
        accounts[place] = account
        for metric in 0..<4 where amounts[metric] > 0 && account.isExceeded(metric) {
            if report(metric, place, seen, &book) { accounts[place].isFinding[metric] = true }
        }
    }

    private mutating func account(of caller: UInt32, _ window: Int64) -> Int {
        if let place = identities[caller] { return place }
        // Who finds no room shares an account.
        let caller = identities.count < settings.maximumIdentities ? caller : 0
        if let place = identities[caller] { return place }
        accounts.append(Account(caller: caller, window: window))
        identities[caller] = accounts.count - 1
        return accounts.count - 1
    }

    /// Ends the window of an account and the empty ones after it, and works out the limits of the new one.
    private mutating func turn(_ place: Int, to window: Int64, _ book: borrowing FindingBook) {
        let old = accounts[place].window
        let first = max(old, window - Self.maximumGap)
        accounts[place].endPart()
        for metric in 0..<4 where accounts[place].series[metric] >= 0 {
            let index = Int(accounts[place].series[metric])
            // What was accepted while the window ran is how things are.
            let isFinding = accounts[place].isFinding[metric] && !excess(metric, place).isAccepted(by: book)
            for past in first..<window {
                let amount = past == old ? accounts[place].counted[metric] : 0
                let whole = past == old ? Double(accounts[place].amounts[metric]) : 0
                let bucket = bucket(past)
                pool[index].close(amount, whole: whole, bucket: bucket, isFinding: past == old && isFinding, series)
            }
        }
        begin(place, window)
    }

    /// Begins a window of an account, whose limits follow from what is usual then.
    private mutating func begin(_ place: Int, _ window: Int64) {
        for metric in 0..<4 where accounts[place].series[metric] >= 0 {
            let index = Int(accounts[place].series[metric])
            accounts[place].isFinding[metric] = false
            accounts[place].amounts[metric] = 0
            accounts[place].counted[metric] = 0
            accounts[place].running[metric] = 0
            let (now, minimum) = (bucket(window), settings.minimum[metric])
            // Half a window's parts can reach the least that is an alarm, whatever is usual.
            let least = minimum * 2 / Double(SeasonalSeries.parts)
            accounts[place].partLimits[metric] = max(pool[index].partLimit(now), least)
            accounts[place].limits[metric] = max(pool[index].limit(now, series), minimum)
            accounts[place].burstLimits[metric] = max(pool[index].burstLimit(now, series), minimum)
        }
        accounts[place].window = window
        accounts[place].part = 0
    }

    /// What was counted of windows that have not come yet is left out.
    mutating func setBack(to time: Int64) {
        let window = Self.floor(time, settings.window * 1_000_000_000)
        for place in accounts.indices where accounts[place].window > window { begin(place, window) }
    }

    private func bucket(_ window: Int64) -> Int { SeasonalSeries.bucket(of: max(window, 0) * settings.window) }

    /// How much a window has, and how bad that is.
    private struct Excess {
        let key: FindingKey
        let usual: Double
        let amount: Double

        /// How many times the usual it is.
        var ratio: Double { (amount / max(usual, 1) * 10).rounded() / 10 }

        var severity: Severity { ratio >= 8 ? .high : .medium }

        func isAccepted(by book: borrowing FindingBook) -> Bool {
            book.accepts(key, severity: severity, amount: amount)
        }
    }

    private func excess(_ metric: Int, _ place: Int) -> Excess {
        let account = accounts[place]
        return Excess(
            key: FindingKey(.bulkExtraction, UInt64(account.caller), UInt64(metric)),
            usual: pool[Int(account.series[metric])].usual(bucket(account.window)),
            amount: Double(account.amounts[metric])
        )
    }

    /// Says that a window has too much.
    ///
    /// - Returns: whether it is a finding; false where so much was accepted.
    private func report(_ metric: Int, _ place: Int, _ seen: Observed, _ book: inout Casebook) -> Bool {
        let account = accounts[place]
        let excess = excess(metric, place)
        let threshold =
            account.count(metric) > account.limits[metric] ? account.limits[metric] : account.burstLimits[metric]
        let severity = excess.severity
        return book.report(excess.key, seen, severity: severity, amount: excess.amount) { names in
            let unit = "\(Self.units[metric]) in \(Self.words(settings.window))"
            return Signal(
                type: .bulkExtraction,
                severity: severity,
                subject: names[account.caller],
                object: Self.units[metric],
                cause:
                    "`\(names[account.caller])` had \(account.amounts[metric]) \(unit), \(excess.ratio) times what is usual "
                    + "at this hour",
                measure: .init(
                    baseline: excess.usual,
                    observed: excess.amount,
                    threshold: threshold,
                    unit: unit
                )
            )
        }
    }

    static func words(_ seconds: Int64) -> String {
        seconds % 3_600 == 0 ? "\(seconds / 3_600) h" : seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds) s"
    }

    static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(accounts.count))
        for account in accounts {
            writer.write(UInt64(account.caller))
            writer.write(account.window)
            writer.write(account.part)
            for metric in 0..<4 {
                writer.write(account.amounts[metric])
                writer.write(Int64(account.series[metric]))
                // What is not counted has its defaults.
                guard account.series[metric] >= 0 else { continue }
                writer.write(account.counted[metric])
                writer.write(account.running[metric])
                writer.write(account.partLimits[metric])
                writer.write(account.limits[metric])
                writer.write(account.burstLimits[metric])
                writer.write(UInt64(account.isFinding[metric] ? 1 : 0))
            }
        }
        writer.write(UInt64(pool.count))
        for series in pool { series.write(to: &writer) }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        (accounts, identities, pool) = ([], [:], [])
        for place in 0..<(try reader.count(of: 8)) {
            var account = Account(caller: UInt32(clamping: try reader.number()), window: try reader.signed())
            account.part = try reader.signed()
            for metric in 0..<4 {
                account.amounts[metric] = try reader.number()
                account.series[metric] = Int32(clamping: try reader.signed())
                guard account.series[metric] >= 0 else { continue }
                account.counted[metric] = try reader.double()
                account.running[metric] = try reader.double()
                account.partLimits[metric] = try reader.double()
                account.limits[metric] = try reader.double()
                account.burstLimits[metric] = try reader.double()
                account.isFinding[metric] = try reader.number() == 1
            }
            accounts.append(account)
            identities[account.caller] = place
        }
        for _ in 0..<(try reader.count(of: 100)) { pool.append(try SeasonalSeries(from: &reader)) }
        for account in accounts {
            for metric in 0..<4 where Int(account.series[metric]) >= pool.count || account.series[metric] < -1 {
                throw reader.damaged("an account")
            }
        }
    }
}
