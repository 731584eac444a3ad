import ZeroTrust

/// What is known about the state of the record, from whoever looks after it.
public enum IntegrityReading: Hashable, Sendable {
    /// The newest checkpoint is so many seconds old.
    case checkpointAge(seconds: Double)
    /// So many of the witnesses do not cosign.
    case witnessesMissing(Int, of: Int)
    /// Records were lost, and so many are missing.
    case gap(records: UInt64)
    /// The log does not verify.
    case verificationFailed(String)
    /// A record of a log cannot be read, so that what it tells of is not seen.
    case unreadable(String)
    /// Records of a log from before an index are there no longer, and what was learned from them is lost.
    case historyLost(before: UInt64)
    /// So many names were not told apart, since there was no room for more.
    case namesRefused(UInt64)
}

extension IntegrityReading {
    /// The reading that an act record of the log tells of; nil for other acts.
    ///
    /// Whoever takes readings puts them into the log as acts, `integrity.checkpoint` on `73.5`, so that a replay has them too.
    public init?(action: String, subject: String) {
        let numbers = subject.split(separator: "/").map { Double($0) }
        switch (action, numbers.first ?? nil) {
        case ("integrity.checkpoint", let seconds?) where seconds >= 0: self = .checkpointAge(seconds: seconds)
        case ("integrity.witnesses", let missing?) where numbers.count == 2 && missing >= 0 && missing < 1e6:
            self = .witnessesMissing(Int(missing), of: Int(min(max(numbers[1] ?? 0, 0), 1e6)))
        case ("integrity.gap", let records?) where records >= 0 && records < 1e18: self = .gap(records: UInt64(records))
        case ("integrity.verification", _): self = .verificationFailed(subject)
        case ("integrity.unreadable", _): self = .unreadable(subject)
        case ("integrity.history", let records?) where records >= 0 && records < 1e18:
            self = .historyLost(before: UInt64(records))
        case ("integrity.names", let names?) where names >= 0 && names < 1e18: self = .namesRefused(UInt64(names))
        default: return nil
        }
    }

    /// The action and subject of the act that tells of it.
    public var act: (action: String, subject: String) {
        switch self {
        case .checkpointAge(let seconds): ("integrity.checkpoint", "\(seconds)")
        case .witnessesMissing(let missing, let all): ("integrity.witnesses", "\(missing)/\(all)")
        case .gap(let records): ("integrity.gap", "\(records)")
        case .verificationFailed(let what): ("integrity.verification", what)
        case .unreadable(let what): ("integrity.unreadable", what)
        case .historyLost(let record): ("integrity.history", "\(record)")
        case .namesRefused(let names): ("integrity.names", "\(names)")
        }
    }
}

/// M8: the record itself is in doubt.
///
/// Exact rules, no learning.
struct IntegrityWatch: Detector {
    /// Seconds after which a checkpoint is too old.
    let checkpointLimit: Double
    /// Nanoseconds by which a record may be older than one before it: threads of one node finish out of order.
    private static let step: Int64 = 5_000_000_000

    /// The latest time of a record in each log.
    private var latest: [LogSource: Int64] = [:]

    init(checkpointLimit: Double) {
        self.checkpointLimit = checkpointLimit
    }

    mutating func observe(_ seen: Observed, _ book: inout Casebook) {
        let observation = seen.observation
        // Other logs are gathered from several writers and need not be in order.
        guard observation.source == .lapwing, !observation.marks.contains(.continuation) else { return }
        let before = latest[.lapwing] ?? seen.time
        latest[.lapwing] = max(before, seen.time)
        guard before - seen.time > Self.step else { return }
        let seconds = Double(before - seen.time) / 1e9
        book.report(FindingKey(.integrity, 1), seen, severity: .medium, amount: seconds) { _ in
            Signal(
                type: .integrity,
                severity: .medium,
                subject: observation.source.name,
                object: "clock",
                cause: "the clock stepped back by \(Int(seconds.rounded())) s",
                measure: .init(baseline: 0, observed: seconds, threshold: 5, unit: "seconds back")
            )
        }
    }

    /// Takes a reading.
    func take(_ reading: IntegrityReading, _ seen: Observed, _ book: inout Casebook) {
        func report(
            _ number: UInt64,
            _ severity: Severity,
            _ object: String,
            _ cause: String,
            _ measure: Finding.Measure
        ) {
            let source = seen.observation.source
            let key = FindingKey(.integrity, number, UInt64(source.rawValue))
            book.report(key, seen, severity: severity, amount: measure.observed) { _ in
                Signal(
                    type: .integrity,
                    severity: severity,
                    subject: source.name,
                    object: object,
                    cause: cause,
                    measure: measure
                )
            }
        }
        switch reading {
        case .checkpointAge(let seconds):
            guard seconds > checkpointLimit else { return }
            report(
                2,
                .high,
                "checkpoint",
                "the log has had no new checkpoint for \(Int(seconds)) s",
                .init(baseline: 1, observed: seconds, threshold: checkpointLimit, unit: "seconds")
            )
        case .witnessesMissing(let missing, let all):
            guard missing > 0 else { return }
            report(
                3,
                missing == all ? .high : .medium,
                "witnesses",
                "\(missing) of \(all) witnesses do not cosign the log",
                .init(baseline: 0, observed: Double(missing), threshold: 0, unit: "witnesses")
            )
        case .gap(let records):
            guard records > 0 else { return }
            report(
                4,
                .critical,
                "gap",
                "\(records) records were lost",
                .init(baseline: 0, observed: Double(records), threshold: 0, unit: "records")
            )
        case .verificationFailed(let what):
            report(
                5,
                .critical,
                "verification",
                "the log does not verify: \(what)",
                .init(baseline: 0, observed: 1, threshold: 0, unit: "failures")
            )
        case .unreadable(let what):
            report(
                6,
                .medium,
                "unreadable",
                "records of the log cannot be read, and what they tell of is not seen; the first: \(what.prefix(500))",
                .init(baseline: 0, observed: 1, threshold: 0, unit: "unreadable records")
            )
        case .historyLost(let record):
            guard record > 0 else { return }
            report(
                7,
                .high,
                "history",
                "history lost: the log no longer has what came before its record \(record), and what was learned from it "
                    + "is gone",
                .init(baseline: 0, observed: Double(record), threshold: 0, unit: "records")
            )
        case .namesRefused(let count):
            guard count > 0 else { return }
            report(
                8,
                .high,
                "names",
                "names are no longer told apart, since somebody brings more of them than there is room for; the last was "
                    + "of `\(seen.observation.caller.prefix(300))`",
                // How often is no news: that it began is.
                .init(baseline: 0, observed: 1, threshold: 0, unit: "tables that are full")
            )
        }
    }

    mutating func setBack(to time: Int64) { latest = latest.mapValues { min($0, time) } }

    func write(to writer: inout StateWriter) {
        writer.write(latest[.lapwing] ?? .min)
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        let time = try reader.signed()
        latest = time == .min ? [:] : [.lapwing: time]
    }
}
