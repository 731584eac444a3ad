import Foundation

/// The scoring of the Numenta Anomaly Benchmark, as its own scorer does it (Lavin, Ahmad 2015; `nab/sweeper.py`).
///
/// Each window of a series that has an anomaly gives, for the earliest detection in it, up to one point, the less the later
/// it is; each detection outside costs up to a weight, less just behind a window. One threshold for all series is the one
/// with the best sum. Zero is what a detector gets that never says anything, a hundred what a perfect one would.
struct NABScorer {
    struct Profile {
        var truePositive = 1.0
        var falseNegative = 1.0
        var falsePositive = 0.11

        init(_ costs: [String: Double]) {
            truePositive = costs["tpWeight"] ?? 1
            falseNegative = costs["fnWeight"] ?? 1
            falsePositive = costs["fpWeight"] ?? 0.11
        }
    }

    private struct Point {
        let score: Double
        let weight: Double
        /// The number of the window that it lies in; nil for one outside.
        let window: Int?
    }

    private let profile: Profile
    private var points: [Point] = []
    private(set) var windows = 0

    init(_ profile: Profile) {
        self.profile = profile
    }

    /// How many values of a series are not scored, so that a detector can learn.
    static func probation(_ count: Int) -> Int { min(Int(0.15 * Double(count)), 750) }

    /// 1 far before, 0 at the place itself, -1 far behind.
    private static func sigmoid(_ position: Double) -> Double {
        position > 3 ? -1 : 2 / (1 + exp(5 * position)) - 1
    }

    /// Adds a series with its scores.
    mutating func add(times: [String], scores: [Double], windows limits: [(first: String, last: String)]) {
        let most = Self.sigmoid(-1)
        let probation = Self.probation(times.count)
        var rest = limits[...]
        var open: (right: Int, width: Double, last: String)?
        var before: (right: Int, width: Double)?
        for (index, time) in times.enumerated() {
            if let next = rest.first, next.first == time {
                let right = times.firstIndex(of: next.last) ?? times.count - 1
                open = (right, Double(right - index + 1), next.last)
                rest = rest.dropFirst()
                windows += 1
            }
            var weight = -profile.falsePositive
            if let open {
                let position = -Double(open.right - index + 1) / open.width
                weight = Self.sigmoid(position) * profile.truePositive / most
            } else if let before {
                weight = Self.sigmoid(Double(index - before.right) / (before.width - 1)) * profile.falsePositive
            }
            if index >= probation {
                points.append(Point(score: scores[index], weight: weight, window: open == nil ? nil : windows))
            }
            if let ended = open, time == ended.last {
                before = (index, ended.width)
                open = nil
            }
        }
    }

    /// The best score over all thresholds, and that threshold; or the score at a given one.
    func score(at given: Double? = nil) -> (score: Double, threshold: Double) {
        var sum = -profile.falseNegative * Double(windows)
        var best = sum
        var threshold = 1.1
        var current = 1.1
        var parts: [Int: Double] = [:]
        for point in points.sorted(by: { $0.score > $1.score }) {
            if point.score != current {
                if given == nil, sum > best { (best, threshold) = (sum, current) }
                if let given, point.score < given { break }
                current = point.score
            }
            if let window = point.window {
                let known = parts[window] ?? -profile.falseNegative
                if point.weight > known {
                    sum += point.weight - known
                    parts[window] = point.weight
                }
            } else {
                sum += point.weight
            }
        }
        if let given { (best, threshold) = (sum, given) }
        let floor = -profile.falseNegative * Double(windows)
        let ceiling = profile.truePositive * Double(windows)
        return (100 * (best - floor) / (ceiling - floor), threshold)
    }
}
