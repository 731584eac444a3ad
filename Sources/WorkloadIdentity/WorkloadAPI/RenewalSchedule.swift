import FoundationEssentials

/// When an X.509-SVID is replaced: at half of its life, give or take a tenth of that, so that a fleet does not come all
/// at once.
enum RenewalSchedule {
    /// The moment.
    ///
    /// - Parameter jitter: from -1 to 1.
    static func renewal(issuedAt: Date, notAfter: Date, jitter: Double) -> Date {
        issuedAt + notAfter.timeIntervalSince(issuedAt) / 2 * (1 + jitter / 10)
    }
}
