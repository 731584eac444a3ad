import ZeroTrust

/// M4: an identity that asks or reads far more than it usually does at that hour.
///
/// Requests, bytes, rows and tokens are counted for each identity in windows; each has a ``SeasonalSeries``. How much would
/// be too much is known when a window begins, so that the finding is there while the window still runs.
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
        var amounts = InlineArray<4, UInt64>(repeating: 0)
        /// Where the series lie; -1 for one that is not there yet.
        var series = InlineArray<4, Int32>(repeating: -1)
        var limits = InlineArray<4, Double>(repeating: .infinity)
    }

    init(_ settings: Settings) {
        self.settings = settings
        self.series = SeasonalSeries.Settings(learning: settings.learning)
    }

    mutating func observe(_ seen: Observed, _ book: inout Casebook) {
        let window = Self.floor(seen.time, settings.window * 1_000_000_000)
        let place = account(of: seen.caller, window)
        if window > accounts[place].window { turn(place, to: window) }
        let observation = seen.observation
        let isRead = observation.decision != .deny
        let amounts: InlineArray<4, UInt64> = [
            observation.marks.contains(.continuation) ? 0 : 1, isRead ? observation.bytes : 0,
            isRead ? observation.rows : 0, isRead ? observation.tokens : 0,
        ]
        for metric in 0..<4 where amounts[metric] > 0 {
            let sum = accounts[place].amounts[metric].addingReportingOverflow(amounts[metric])
            accounts[place].amounts[metric] = sum.overflow ? .max : sum.partialValue
            if accounts[place].series[metric] < 0 {
                accounts[place].series[metric] = Int32(pool.count)
                pool.append(SeasonalSeries())
            }
            guard Double(sum.partialValue) > accounts[place].limits[metric] else { continue }
            report(metric, place, seen, &book)
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
    private mutating func turn(_ place: Int, to window: Int64) {
        let old = accounts[place].window
        let first = max(old, window - Self.maximumGap)
        for metric in 0..<4 where accounts[place].series[metric] >= 0 {
            let index = Int(accounts[place].series[metric])
            for past in first..<window {
                let amount = past == old ? Double(accounts[place].amounts[metric]) : 0
                pool[index].close(amount, bucket: bucket(past), series)
            }
            accounts[place].amounts[metric] = 0
            accounts[place].limits[metric] = max(pool[index].limit(bucket(window), series), settings.minimum[metric])
        }
        accounts[place].window = window
    }

    private func bucket(_ window: Int64) -> Int { SeasonalSeries.bucket(of: max(window, 0) * settings.window) }

    private func report(_ metric: Int, _ place: Int, _ seen: Observed, _ book: inout Casebook) {
        let account = accounts[place]
        let key = FindingKey(.bulkExtraction, UInt64(account.caller), UInt64(metric))
        let usual = pool[Int(account.series[metric])].usual(bucket(account.window))
        let amount = Double(account.amounts[metric])
        let ratio = (amount / max(usual, 1) * 10).rounded() / 10
        let severity: Severity = ratio >= 8 ? .high : .medium
        book.report(key, seen, severity: severity, amount: amount) { names in
            let unit = "\(Self.units[metric]) in \(Self.words(settings.window))"
            return Signal(
                type: .bulkExtraction,
                severity: severity,
                subject: names[account.caller],
                object: Self.units[metric],
                cause:
                    "`\(names[account.caller])` had \(account.amounts[metric]) \(unit), \(ratio) times what is usual "
                    + "at this hour",
                measure: .init(
                    baseline: usual,
                    observed: amount,
                    threshold: account.limits[metric],
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
            for metric in 0..<4 {
                writer.write(account.amounts[metric])
                writer.write(Int64(account.series[metric]))
                writer.write(account.limits[metric])
            }
        }
        writer.write(UInt64(pool.count))
        for series in pool { series.write(to: &writer) }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        (accounts, identities, pool) = ([], [:], [])
        for place in 0..<(try reader.count(of: 8)) {
            var account = Account(caller: UInt32(clamping: try reader.number()), window: try reader.signed())
            for metric in 0..<4 {
                account.amounts[metric] = try reader.number()
                account.series[metric] = Int32(clamping: try reader.signed())
                account.limits[metric] = try reader.double()
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
