import Foundation

/// How often something happens, what is long ago counting less: a count that halves with every half-life.
struct DecayedRate: Hashable, Sendable {
    private var count = 0.0
    private var updated: Int64 = 0
    private var began: Int64?

    /// Nanoseconds after which an event counts half.
    static let halfLife = 7.0 * 86_400e9

    /// Counts one event at a time.
    mutating func add(at nanoseconds: Int64) {
        count = value(at: nanoseconds) + 1
        updated = max(updated, nanoseconds)
        if began == nil { began = nanoseconds }
    }

    /// Says when counting began, where there was no event yet.
    mutating func begin(at nanoseconds: Int64) {
        if began == nil { began = nanoseconds }
    }

    /// Events a day.
    func perDay(at nanoseconds: Int64) -> Double {
        let age = Double(max(nanoseconds - (began ?? nanoseconds), 0))
        // What a steady rate of one a nanosecond would have brought the count to.
        let weight = Self.halfLife / log(2) * (1 - exp2(-age / Self.halfLife))
        return value(at: nanoseconds) / max(weight, 86_400e9) * 86_400e9
    }

    /// How likely one event or more is within a span, if they come by chance (Poisson).
    func chance(within span: Double, at nanoseconds: Int64) -> Double {
        1 - exp(-perDay(at: nanoseconds) * span / 86_400e9)
    }

    private func value(at nanoseconds: Int64) -> Double {
        guard count > 0 else { return 0 }
        return count * exp2(-Double(max(nanoseconds - updated, 0)) / Self.halfLife)
    }

    /// Forgets that it was ever later than this.
    mutating func setBack(to nanoseconds: Int64) {
        updated = min(updated, nanoseconds)
        began = began.map { min($0, nanoseconds) }
    }

    func write(to writer: inout StateWriter) {
        writer.write(count)
        writer.write(updated)
        writer.write(began ?? .min)
    }

    init() {}

    init(from reader: inout StateReader) throws(MonitoringError) {
        count = try reader.double()
        updated = try reader.signed()
        let start = try reader.signed()
        began = start == .min ? nil : start
    }
}
