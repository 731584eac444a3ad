import ZeroTrust

extension FindingKey: Comparable {
    /// By type, subject and object.
    public static func < (left: FindingKey, right: FindingKey) -> Bool {
        (left.type.rawValue, left.subject, left.object) < (right.type.rawValue, right.subject, right.object)
    }
}

extension StateWriter {
    mutating func write(_ key: FindingKey) {
        write(UInt64(key.type.rawValue))
        write(key.subject)
        write(key.object)
    }
}

extension StateReader {
    mutating func key() throws(MonitoringError) -> FindingKey {
        guard let type = FindingType(rawValue: UInt8(clamping: try number())) else { throw damaged("a finding's type") }
        return FindingKey(type, try number(), try number())
    }
}

extension Finding {
    func write(to writer: inout StateWriter) {
        writer.write(id)
        writer.write(UInt64(type.rawValue))
        writer.write(UInt64(severity.rawValue))
        writer.write(subject)
        writer.write(object)
        writer.write(cause)
        writer.write(measure.baseline ?? .nan)
        writer.write(measure.observed)
        writer.write(measure.threshold)
        writer.write(measure.unit)
        writer.write(members)
        writer.write(UInt64(memberCount))
        writer.write(UInt64(records.count))
        for log in records {
            writer.write(UInt64(log.source.rawValue))
            writer.write(UInt64(log.ranges.count))
            for range in log.ranges {
                writer.write(range.lowerBound)
                writer.write(range.upperBound - range.lowerBound)
            }
            writer.write(log.count)
        }
        writer.write(opened.nanoseconds)
        writer.write(updated.nanoseconds)
        switch state {
        case .open: writer.write(UInt64(0))
        case .acknowledged(let actor, let time): writer.write(1, actor, time)
        case .accepted(let actor, let time, let reason):
            writer.write(2, actor, time)
            writer.write(reason)
        case .resolved(let actor, let time): writer.write(3, actor, time)
        }
        writer.write(attack)
        writer.write(atlas)
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        id = try reader.string()
        guard let type = FindingType(rawValue: UInt8(clamping: try reader.number())),
            let severity = Severity(rawValue: UInt8(clamping: try reader.number()))
        else { throw reader.damaged("a finding") }
        self.type = type
        self.severity = severity
        subject = try reader.string()
        object = try reader.string()
        cause = try reader.string()
        let baseline = try reader.double()
        measure = Measure(
            baseline: baseline.isNaN ? nil : baseline,
            observed: try reader.double(),
            threshold: try reader.double(),
            unit: try reader.string()
        )
        members = try reader.strings()
        memberCount = Int(clamping: try reader.number())
        records = []
        for _ in 0..<(try reader.count(of: 4)) {
            guard let source = LogSource(rawValue: UInt8(clamping: try reader.number())) else {
                throw reader.damaged("a log's name")
            }
            var ranges: [ClosedRange<UInt64>] = []
            for _ in 0..<(try reader.count(of: 2)) {
                let lower = try reader.number()
                let (upper, overflow) = lower.addingReportingOverflow(try reader.number())
                guard !overflow else { throw reader.damaged("a range of records") }
                ranges.append(lower...upper)
            }
            records.append(RecordRanges(source, ranges: ranges, count: try reader.number()))
        }
        opened = Timestamp(nanoseconds: try reader.signed())
        updated = Timestamp(nanoseconds: try reader.signed())
        switch try reader.number() {
        case 0: state = .open
        case 1: state = .acknowledged(by: try reader.string(), at: Timestamp(nanoseconds: try reader.signed()))
        case 2:
            state = .accepted(
                by: try reader.string(),
                at: Timestamp(nanoseconds: try reader.signed()),
                reason: try reader.string()
            )
        case 3: state = .resolved(by: try reader.string(), at: Timestamp(nanoseconds: try reader.signed()))
        default: throw reader.damaged("a finding's state")
        }
        attack = try reader.strings()
        atlas = try reader.strings()
    }
}

extension StateWriter {
    fileprivate mutating func write(_ state: UInt64, _ actor: String, _ time: Timestamp) {
        write(state)
        write(actor)
        write(time.nanoseconds)
    }
}
