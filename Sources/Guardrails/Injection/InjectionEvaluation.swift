/// How a detector does on texts whose side is known: both kinds of error together, by source.
///
/// A share of attacks caught says nothing without the share of benign texts flagged at the same threshold, and the
/// report never has one without the other.
public struct InjectionEvaluation: Sendable {
    /// A text and what it is.
    public struct Case: Sendable {
        /// The text.
        public var text: LabelledText
        /// Whether it is an attack.
        public var isAttack: Bool
        /// Where it is from, for the table.
        public var source: String

        /// Names the side of a text.
        public init(text: LabelledText, isAttack: Bool, source: String) {
            self.text = text
            self.isAttack = isAttack
            self.source = source
        }
    }

    /// What came of the texts of one source.
    public struct Row: Sendable, Encodable {
        /// The source.
        public var source: String
        /// Attacks, and how many of them were caught.
        public var attacks: Int
        /// Those above the threshold.
        public var caught: Int
        /// Benign texts, and how many of them were flagged.
        public var benign: Int
        /// Those above the threshold.
        public var flagged: Int
    }

    /// A point of the curve: at a rate of false positives, the share of attacks caught.
    public struct Point: Sendable, Encodable {
        /// The share of benign texts above the threshold.
        public var falsePositiveRate: Double
        /// The share of attacks above it.
        public var truePositiveRate: Double
        /// The score.
        public var threshold: Int32
    }

    /// By source, in order of name.
    public private(set) var rows: [Row] = []
    /// From the highest threshold to the lowest.
    public private(set) var curve: [Point] = []
    /// The share of pairs of an attack and a benign text in which the attack has the higher score.
    public private(set) var areaUnderCurve = 0.0
    /// Microseconds a text took: the middle, the hundredth of a hundred, the longest.
    public private(set) var latency: (p50: Double, p99: Double, longest: Double) = (0, 0, 0)
    /// How many texts there are.
    public private(set) var count = 0

    /// Judges every case with a detector.
    public init(_ cases: [Case], by detector: InjectionDetector) {
        var attacks: [Int32] = []
        var benign: [Int32] = []
        var rows: [String: Row] = [:]
        var times: [Double] = []
        let clock = ContinuousClock()
        for item in cases {
            var row = rows[item.source] ?? Row(source: item.source, attacks: 0, caught: 0, benign: 0, flagged: 0)
            var score = TextScore(text: 0, channel: item.text.channel, score: 0, threshold: nil, isAttack: false)
            let spent = clock.measure { score = detector.explain(item.text).0 }
            times.append(Double(spent.components.seconds) * 1e6 + Double(spent.components.attoseconds) / 1e12)
            if item.isAttack {
                attacks.append(score.score)
                row.attacks += 1
                if score.isAttack { row.caught += 1 }
            } else {
                benign.append(score.score)
                row.benign += 1
                if score.isAttack { row.flagged += 1 }
            }
            rows[item.source] = row
        }
        self.rows = rows.values.sorted { $0.source < $1.source }
        count = cases.count
        times.sort()
        if let longest = times.last {
            latency = (times[times.count / 2], times[min(times.count - 1, times.count * 99 / 100)], longest)
        }
        trace(attacks.sorted(by: >), benign.sorted(by: >))
    }

    private mutating func trace(_ attacks: [Int32], _ benign: [Int32]) {
        guard !attacks.isEmpty, !benign.isEmpty else { return }
        var caught = 0
        var flagged = 0
        var area = 0.0
        curve.append(Point(falsePositiveRate: 0, truePositiveRate: 0, threshold: .max))
        while caught < attacks.count || flagged < benign.count {
            let score = max(
                caught < attacks.count ? attacks[caught] : .min,
                flagged < benign.count ? benign[flagged] : .min
            )
            let before = (caught, flagged)
            while caught < attacks.count, attacks[caught] == score { caught += 1 }
            while flagged < benign.count, benign[flagged] == score { flagged += 1 }
            area += Double(flagged - before.1) * Double(caught + before.0) / 2
            curve.append(
                Point(
                    falsePositiveRate: Double(flagged) / Double(benign.count),
                    truePositiveRate: Double(caught) / Double(attacks.count),
                    threshold: score - 1
                )
            )
        }
        areaUnderCurve = area / Double(attacks.count) / Double(benign.count)
    }

    /// The share of attacks caught at the lowest threshold that flags at most this share of benign texts.
    public func truePositiveRate(atFalsePositiveRate rate: Double) -> Double {
        curve.last { $0.falsePositiveRate <= rate }?.truePositiveRate ?? 0
    }

    /// All sources together.
    public var total: Row {
        rows.reduce(Row(source: "all", attacks: 0, caught: 0, benign: 0, flagged: 0)) {
            Row(
                source: "all",
                attacks: $0.attacks + $1.attacks,
                caught: $0.caught + $1.caught,
                benign: $0.benign + $1.benign,
                flagged: $0.flagged + $1.flagged
            )
        }
    }
}
