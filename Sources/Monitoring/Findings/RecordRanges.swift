/// Which records of one log bear a finding out: ranges of indices in order, bounded in number.
public struct RecordRanges: Hashable, Sendable {
    /// The log.
    public let source: LogSource
    /// Ranges of indices, in order, none touching the next.
    public private(set) var ranges: [ClosedRange<UInt64>]
    /// How many records there were, those that no range names included.
    public private(set) var count: UInt64

    /// The most ranges that are named; later records are counted, and the last of them named.
    public static let maximumRanges = 64

    /// One record.
    init(_ source: LogSource, _ record: UInt64) {
        self.source = source
        self.ranges = [record...record]
        self.count = 1
    }

    init(_ source: LogSource, ranges: [ClosedRange<UInt64>], count: UInt64) {
        self.source = source
        self.ranges = ranges
        self.count = count
    }

    /// Adds a record that comes after those that are there; one that does not is counted only.
    mutating func add(_ record: UInt64) {
        count += 1
        guard let last = ranges.last, record > last.upperBound else { return }
        if record == last.upperBound + 1 {
            ranges[ranges.count - 1] = last.lowerBound...record
        } else if ranges.count < Self.maximumRanges {
            ranges.append(record...record)
        } else {
            ranges[ranges.count - 1] = record...record
        }
    }

    /// Whether a record is among those named.
    public func contains(_ record: UInt64) -> Bool { ranges.contains { $0.contains(record) } }
}

extension RecordRanges: CustomStringConvertible {
    /// `lapwing 12, 14-17`.
    public var description: String {
        source.name + " "
            + ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ", ")
    }
}
