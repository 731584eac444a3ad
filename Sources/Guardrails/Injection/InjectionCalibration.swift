/// Scores of texts known to be benign, from which a threshold for a rate of false positives follows.
///
/// This is split-conformal prediction: with `n` benign scores the threshold for a rate `a` is the
/// `⌈(n + 1)(1 − a)⌉`-th smallest. For benign texts of the same kind the share above it is at most `a`, whatever the
/// classifier is worth. With fewer than `1/a − 1` scores no threshold can promise that, and there is none.
public struct InjectionCalibration: Sendable, Hashable {
    /// What the scores came from, for the report: `built-in`, or the name of a file and its digest.
    public var name: String
    /// The scores in order, by channel.
    public private(set) var scores: [TextChannel: [Int32]]

    /// Takes scores as they come.
    public init(name: String, scores: [TextChannel: [Int32]]) {
        self.name = name
        self.scores = scores.mapValues { $0.sorted() }
    }

    /// Scores of the training corpus's benign texts, each by a model that had not seen its fold.
    public static let builtIn = {
        let model = InjectionModel.shared
        var scores: [TextChannel: [Int32]] = [:]
        for channel in [TextChannel.user, .assistant, .system] { scores[channel] = model.direct.benignScores }
        for channel in [TextChannel.toolResult, .retrieved, .toolDescription] {
            scores[channel] = model.indirect.benignScores
        }
        return InjectionCalibration(name: "built-in", scores: scores)
    }()

    /// The score above which a text of a channel is taken for an attack; nil where the scores are too few for the rate.
    public func threshold(for channel: TextChannel, falsePositiveRate rate: Double) -> Int32? {
        guard let sorted = scores[channel], rate > 0, rate < 1 else { return nil }
        // In millionths, so that the rank is the same on every machine.
        let parts = Int((rate * 1_000_000).rounded())
        let product = (sorted.count + 1) * (1_000_000 - parts)
        let rank = (product + 999_999) / 1_000_000
        return rank >= 1 && rank <= sorted.count ? sorted[rank - 1] : nil
    }
}
