import Foundation
import ZeroTrust

/// The usual of one amount of one identity, by the hour of the day and whether it is a weekend, and how far the last windows
/// were above it.
///
/// Amounts are judged on a scale of ratios (the logarithm of one more than the amount). What is usual is a level that moves
/// by small, bounded steps, so that one large value cannot drag it along, and that leans on the hours before and after; two
/// sums decide: the mean of the last two windows' distances, for what is sudden and large, and of the last five, for what is
/// smaller and stays. Both limits are a floor, or a multiple of what the sum itself usually is, whichever is larger. While an
/// alarm stands, the level moves at half the pace.
///
/// Many identities have short bursts of their own. So the sums are of what counts: a part of a window counts with no more than
/// ``partLimit(_:)``. A burst is judged by itself instead, whole, and is an alarm where it is larger than any before it that
/// was no finding: one theft does not hide the next.
struct SeasonalSeries: Sendable {
    struct Settings: Hashable, Sendable {
        /// Windows before any is judged.
        var learning: Int
        /// The floor of the limit for two windows, as a logarithm: 1.3 is 3.7 times the usual.
        var suddenFloor: Float = 1.3
        /// The floor of the limit for five windows: 0.7 is twice the usual.
        var lastingFloor: Float = 0.7
        /// The floor of the limit for a burst: 2.7 is 15 times the usual.
        var burstFloor: Float = 2.7
        /// The multiple of the scale of the sum over two windows.
        var suddenMultiple: Float = 2.75
        /// The multiple of the scale of the sum over five windows.
        var lastingMultiple: Float = 2
    }

    private static let buckets = 48
    private static let bounds: ClosedRange<Float> = -1...4
    /// With how much a window counts among five, at most: 7.4 times the usual.
    private static let lastingBound: Float = 2
    /// Into how many parts a window is divided.
    static let parts = 6
    /// With how many times its usual a part counts, at most.
    private static let partMultiple = 20.0
    /// Windows before parts are limited.
    private static let partLearning: UInt32 = 48
    /// How far a finding raises the line of bursts, at most: 0.1 is a tenth, which is forgotten in two days.
    private static let raise: Float = 0.1
    /// What is less than half above the usual is no alarm, however it was before.
    private static let least: Float = 0.4

    private var levels = InlineArray<48, Float>(repeating: 0)
    private var counts = InlineArray<48, UInt8>(repeating: 0)
    private var general: Float = 0
    private var recent = InlineArray<4, Float>(repeating: 0)
    private var suddenScale: Float = 0.3
    private var lastingScale: Float = 0.3
    /// How far the largest burst that was no finding was above the usual, and a little for each that was one; it is forgotten
    /// slowly.
    private var peak: Float = 0
    private var windows: UInt32 = 0

    /// The usual amount of a window that begins at a time.
    func usual(_ bucket: Int) -> Double { Double(expm1(base(bucket))) }

    /// The amount that counts from which on a window is an alarm; infinite while the usual is learned.
    func limit(_ bucket: Int, _ settings: Settings) -> Double {
        guard Int(windows) >= settings.learning else { return .infinity }
        let (sudden, lasting) = limits(settings)
        var needed = 2 * sudden - recent[3]
        let rest = 5 * lasting - lastingSum
        // More than the bound does not count among five.
        if rest < Self.lastingBound { needed = min(needed, rest) }
        guard needed < Self.bounds.upperBound else { return .infinity }
        return Double(expm1(base(bucket) + max(needed, Self.least)))
    }

    /// The whole amount from which on a window is an alarm by itself; infinite while the usual is learned.
    func burstLimit(_ bucket: Int, _ settings: Settings) -> Double {
        guard Int(windows) >= settings.learning else { return .infinity }
        return expm1(Double(base(bucket) + max(settings.burstFloor, peak)))
    }

    /// With how much a part of a window counts, at most.
    func partLimit(_ bucket: Int) -> Double {
        guard windows >= Self.partLearning else { return .infinity }
        return Self.partMultiple * exp(Double(base(bucket))) / Double(Self.parts)
    }

    private var lastingSum: Float {
        var sum: Float = 0
        for index in 0..<4 { sum += min(recent[index], Self.lastingBound) }
        return sum
    }

    /// Ends a window.
    ///
    /// - Parameters:
    ///   - amount: what counts of it.
    ///   - whole: the whole of it.
    ///   - bucket: which of the buckets it falls into.
    ///   - isFinding: whether it was found to be too much, and nobody has accepted so much: then the line of bursts rises
    ///     by a tenth at most, and the level moves as it does while an alarm stands.
    ///   - settings: the settings.
    mutating func close(_ amount: Double, whole: Double, bucket: Int, isFinding: Bool, _ settings: Settings) {
        let value = Float(log1p(max(amount, 0)))
        if windows == 0 { general = value }
        let difference = value - base(bucket)
        let burst = Float(log1p(max(whole, 0))) - base(bucket)
        peak = max(peak * 0.999, isFinding ? min(burst, peak + Self.raise) : burst)
        let bounded = min(max(difference, Self.bounds.lowerBound), Self.bounds.upperBound)
        let sudden = (recent[3] + bounded) / 2
        let lasting = (lastingSum + min(bounded, Self.lastingBound)) / 5
        let (suddenLimit, lastingLimit) = limits(settings)
        let isAlarm =
            isFinding
            || Int(windows) >= settings.learning && difference > Self.least
                && (sudden > suddenLimit || lasting > lastingLimit)
        for index in 0..<3 { recent[index] = recent[index + 1] }
        recent[3] = bounded
        learn(value, difference, bucket, isAlarm)
        if !isAlarm {
            suddenScale = Self.moved(suddenScale, by: sudden)
            lastingScale = Self.moved(lastingScale, by: lasting)
        }
        windows = windows == .max ? windows : windows + 1
    }

    /// Which of the buckets a time falls into.
    static func bucket(of second: Int64) -> Int {
        let day = (second / 86_400 + 4) % 7
        let hour = Int(second % 86_400 / 3_600)
        return day == 0 || day == 6 ? 24 + hour : hour
    }

    /// The level of an hour, to a third that of the hours beside it.
    private func base(_ bucket: Int) -> Float {
        let day = bucket / 24 * 24
        let (before, after) = (day + (bucket + 23) % 24, day + (bucket + 1) % 24)
        return 0.7 * level(bucket) + 0.15 * (level(before) + level(after))
    }

    private func level(_ bucket: Int) -> Float { counts[bucket] >= 2 ? levels[bucket] : general }

    private func limits(_ settings: Settings) -> (sudden: Float, lasting: Float) {
        (
            max(settings.suddenFloor, settings.suddenMultiple * suddenScale),
            max(settings.lastingFloor, settings.lastingMultiple * lastingScale)
        )
    }

    private mutating func learn(_ value: Float, _ difference: Float, _ bucket: Int, _ isAlarm: Bool) {
        if counts[bucket] < 4 {
            let count = Float(counts[bucket])
            levels[bucket] = (levels[bucket] * count + value) / (count + 1)
            counts[bucket] += 1
        } else {
            // What stays for weeks becomes the usual, even where nobody accepts it.
            levels[bucket] += (isAlarm ? 0.05 : 0.1) * min(max(difference, -0.5), 0.5)
        }
        general += 0.02 * min(max(value - general, -1), 1)
    }

    /// Moves a scale towards the median of the absolute values, times 1.4826.
    private static func moved(_ scale: Float, by value: Float) -> Float {
        max(scale + 0.03 * scale * (abs(value) * 1.4826 > scale ? 1 : -1), 0.05)
    }

    init() {}

    func write(to writer: inout StateWriter) {
        for index in 0..<Self.buckets {
            writer.write(levels[index])
            writer.write(UInt64(counts[index]))
        }
        writer.write(general)
        for index in 0..<4 { writer.write(recent[index]) }
        writer.write(suddenScale)
        writer.write(lastingScale)
        writer.write(peak)
        writer.write(UInt64(windows))
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        for index in 0..<Self.buckets {
            levels[index] = try reader.float()
            counts[index] = UInt8(clamping: try reader.number())
        }
        general = try reader.float()
        for index in 0..<4 { recent[index] = try reader.float() }
        suddenScale = try reader.float()
        lastingScale = try reader.float()
        peak = try reader.float()
        windows = UInt32(clamping: try reader.number())
    }
}
