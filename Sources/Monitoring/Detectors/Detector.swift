import ZeroTrust

/// One kind of thing to look for.
///
/// A detector is a value: it reads no clock and no files, its memory is bounded, and what it holds and says follows from the
/// observations that it was given, in their order. So the same log gives the same findings, and its state can be written
/// down and taken up again.
protocol Detector: Sendable {
    /// Looks at one observation, and says through the case what it found.
    mutating func observe(_ seen: Observed, _ book: inout Casebook)
    /// Forgets that it was ever later than a time: a clock that ran ahead was set right.
    mutating func setBack(to time: Int64)
    /// Writes the state.
    func write(to writer: inout StateWriter)
    /// Takes a state up again; settings are the detector's own.
    mutating func restore(from reader: inout StateReader) throws(MonitoringError)
}

extension Detector {
    /// Most remember a time; this is for those that do not.
    mutating func setBack(to time: Int64) {}
}

/// An observation with the numbers of its names.
struct Observed {
    let observation: Observation
    /// The caller's number.
    let caller: UInt32
    /// The callee's.
    let callee: UInt32
    /// The verb's.
    let verb: UInt32
    /// Whether its log is one of which enough has been seen for what is new to be told of.
    let isPastLearning: Bool

    var time: Int64 { observation.time.nanoseconds }
}

/// Where detectors put what they find, and look names up.
struct Casebook {
    var names: NameTable
    var book: FindingBook

    /// Puts a finding down: what is known of already, and no worse, is only counted, and the signal not even made.
    ///
    /// The severity is the signal's, and the amount what its measure observed.
    ///
    /// - Returns: whether it is a finding; false where somebody has accepted so much, and so bad. Of a type whose findings
    ///   have members it is not said.
    @discardableResult
    mutating func report(
        _ key: FindingKey,
        _ seen: Observed,
        severity: Severity,
        amount: Double,
        _ signal: (borrowing NameTable) -> Signal
    ) -> Bool {
        let isAccepted = book.accepts(key, severity: severity, amount: amount)
        if !key.type.isGrouped, book.fold(key, seen.observation, severity: severity, amount: amount) {
            return !isAccepted
        }
        book.take(signal(names), for: key, seen.observation)
        return !isAccepted
    }
}

extension FindingType {
    /// Whether further signals add members, so that each of them has to be made.
    var isGrouped: Bool { self == .firstSeenEdge || self == .firstModelAccess }
}
