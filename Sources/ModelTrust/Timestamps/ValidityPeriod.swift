import FoundationEssentials

/// From when to when something counts; both ends are optional.
struct ValidityPeriod: Hashable, Sendable {
    let start: Date?
    let end: Date?

    static let always = ValidityPeriod(start: nil, end: nil)

    func contains(_ date: Date) -> Bool {
        (start.map { $0 <= date } ?? true) && (end.map { date <= $0 } ?? true)
    }
}
