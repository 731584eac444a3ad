public import ZeroTrust

/// Judges one number after the other by whether anything like it was there before.
///
/// A few views of the series are kept, each in constant memory: the value itself, its steps, its level over about 6 and 36
/// values, how restless it is, and how far it is from what the hour of the day usually has. For each view the range that it
/// has had is remembered, and narrows slowly towards its middle, so that what is long ago counts less. A value is as novel
/// as it reaches beyond that range, in parts of the range. Nothing is fitted to a scale or to a kind of series, and every
/// verdict can be said in words: *the highest so far, by 12 % of the range*.
///
/// After a verdict the series is given time: the same anomaly is not told again and again.
public struct NoveltySeries: Hashable, Sendable {
    /// What the engine is set to.
    ///
    /// One set serves every series.
    public struct Settings: Hashable, Sendable {
        /// How many values are learned from before any is judged.
        public var learning: Int
        /// From which score on a value is told of: the part of the range by which it is beyond, `b`, as `b ÷ (1 + b)`.
        public var threshold: Double
        /// After so many values the next one is told of.
        public var rest: Int
        /// By which share of its distance from the middle each end of a range narrows with every value.
        public var narrowing: Double

        /// Settings; the defaults are those that the published scores were measured with.
        public init(learning: Int = 288, threshold: Double = 0.05, rest: Int = 200, narrowing: Double = 1e-4) {
            self.learning = learning
            self.threshold = threshold
            self.rest = rest
            self.narrowing = narrowing
        }
    }

    /// A verdict.
    public struct Verdict: Hashable, Sendable {
        /// The score, 0 to 1; 0 for what is within what was there before, and while the series rests.
        public let score: Double
        /// Whether the score reaches the threshold.
        public let isAnomaly: Bool
        /// Which view was beyond its range.
        public let view: View
        /// The value of that view.
        public let observed: Double
        /// The end of the range that it is beyond.
        public let limit: Double
    }

    /// A view of a series.
    public enum View: Int, Hashable, Sendable, CaseIterable {
        /// The value, upwards.
        case high
        /// The value, downwards.
        case low
        /// The step from the value before.
        case step
        /// The level over about six values, upwards.
        case shortHigh
        /// The level over about six values, downwards.
        case shortLow
        /// The level over about thirty-six values, upwards.
        case longHigh
        /// The level over about thirty-six values, downwards.
        case longLow
        /// The distance from what the hour of the day usually has, over about thirty-six values.
        case unseasonal
        /// The size of steps over about thirty-six values.
        case restless

        /// The view in words.
        public var words: String {
            switch self {
            case .high: "value"
            case .low: "value (low)"
            case .step: "step"
            case .shortHigh: "short level"
            case .shortLow: "short level (low)"
            case .longHigh: "long level"
            case .longLow: "long level (low)"
            case .unseasonal: "distance from the hour's usual"
            case .restless: "restlessness"
            }
        }
    }

    private var seen = 0
    private var sinceVerdict = 1 << 30
    private var last = 0.0
    private var short = 0.0
    private var long = 0.0
    private var restlessness = 0.0
    private var distance = 0.0
    private var hours = [Double](repeating: 0, count: 24)
    private var hourCounts = [UInt8](repeating: 0, count: 24)
    private var least = [Double](repeating: 0, count: View.allCases.count)
    private var most = [Double](repeating: 0, count: View.allCases.count)

    /// Values per hour of the day that its usual is a mean of, at most.
    private static let hourMemory: UInt8 = 60

    /// A series of which nothing is known.
    public init() {}

    /// Beyond this a value is taken for this, so that differences of values stay numbers.
    private static let largest = 1e150

    /// Takes the next value; what is no number is passed over, as a value that is missing.
    public mutating func observe(_ value: Double, at time: Timestamp, _ settings: Settings) -> Verdict {
        guard !value.isNaN else {
            return Verdict(score: 0, isAnomaly: false, view: .high, observed: value, limit: value)
        }
        let value = min(max(value, -Self.largest), Self.largest)
        if seen == 0 { (last, short, long) = (value, value, value) }
        let step = abs(value - last)
        last = value
        short += (value - short) / 6
        long += (value - long) / 36
        restlessness += (step - restlessness) / 36
        distance += (fromUsual(value, time) - distance) / 36
        let views = [value, -value, step, short, -short, long, -long, abs(distance), restlessness]

        var best = (beyond: 0.0, view: View.high, observed: 0.0, limit: 0.0)
        let learned = seen > settings.learning
        for view in View.allCases {
            let (index, now) = (view.rawValue, views[view.rawValue])
            if seen == 0 { (least[index], most[index]) = (now, now) }
            if learned, now > most[index] {
                let range = most[index] - least[index]
                let beyond = (now - most[index]) / (range + 1e-9 * abs(most[index]) + 1e-12)
                if beyond > best.beyond { best = (beyond, view, now, most[index]) }
            }
            remember(now, in: index, narrowing: learned ? settings.narrowing : 0)
        }
        seen += 1

        let score = sinceVerdict >= settings.rest ? best.beyond / (1 + best.beyond) : 0
        let isAnomaly = score >= settings.threshold && score > 0
        sinceVerdict = isAnomaly ? 0 : min(sinceVerdict + 1, 1 << 30)
        return Verdict(
            score: score,
            isAnomaly: isAnomaly,
            view: best.view,
            observed: best.observed,
            limit: best.limit
        )
    }

    private mutating func fromUsual(_ value: Double, _ time: Timestamp) -> Double {
        let seconds = time.wholeSecond.nanoseconds / 1_000_000_000
        let hour = Int((seconds % 86_400 + 86_400) % 86_400) / 3_600
        let distance = hourCounts[hour] > 0 ? value - hours[hour] : 0
        if hourCounts[hour] < Self.hourMemory { hourCounts[hour] += 1 }
        hours[hour] += (value - hours[hour]) / Double(hourCounts[hour])
        return distance
    }

    private mutating func remember(_ value: Double, in index: Int, narrowing: Double) {
        most[index] = max(most[index], value)
        least[index] = min(least[index], value)
        guard narrowing > 0 else { return }
        let middle = (most[index] + least[index]) / 2
        most[index] = max(most[index] - (most[index] - middle) * narrowing, value)
        least[index] = min(least[index] + (middle - least[index]) * narrowing, value)
    }

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(seen))
        writer.write(UInt64(sinceVerdict))
        for value in [last, short, long, restlessness, distance] + hours + least + most { writer.write(value) }
        writer.write(hourCounts)
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        seen = Int(clamping: try reader.number())
        sinceVerdict = Int(clamping: try reader.number())
        last = try reader.double()
        short = try reader.double()
        long = try reader.double()
        restlessness = try reader.double()
        distance = try reader.double()
        for index in hours.indices { hours[index] = try reader.double() }
        for index in least.indices { least[index] = try reader.double() }
        for index in most.indices { most[index] = try reader.double() }
        hourCounts = try reader.raw()
        guard hourCounts.count == 24 else { throw reader.damaged("a series") }
    }
}
