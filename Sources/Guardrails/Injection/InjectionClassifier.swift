/// A linear model over the words of a text.
///
/// It needs no network and gives the same score everywhere.
package struct InjectionClassifier: Sendable {
    /// Which head reads a channel.
    package enum Reading: Sendable {
        /// The text as a whole, as a user wrote it.
        case direct
        /// The stretch of the text that looks most like an order, since the rest is somebody's document.
        case indirect
    }

    /// A score and the words that it is for.
    package struct Score: Sendable, Equatable {
        /// Higher is likelier an attack; 0 is where training drew the line.
        package var value: Int32
        /// The words.
        package var words: Range<Int>
    }

    package var model: InjectionModel

    package init(model: InjectionModel = .shared) {
        self.model = model
    }

    /// The score of a text.
    package func score(_ text: NormalisedText, rules: [InjectionRule.Hit], as reading: Reading) -> Score {
        let kinds = WordClasses.shared.kinds(of: text)
        switch reading {
        case .direct:
            let whole = 0..<min(text.words.count, Self.mostWords)
            let value = Self.score(InjectionFeatures(text, whole, rules: rules, kinds: kinds), by: model.direct)
            return Score(value: Self.raised(value, text, whole), words: whole)
        case .indirect:
            let around = Surroundings(text, kinds: kinds)
            var best = Score(value: .min, words: 0..<0)
            for window in Self.windows(of: text) {
                let features = InjectionFeatures(text, window, rules: rules, kinds: kinds, around: around)
                let plain = Self.score(features, by: model.indirect)
                let value = Self.raised(plain, text, window)
                if value > best.value { best = Score(value: value, words: window) }
            }
            return best.words.isEmpty ? Score(value: InjectionClassifier.emptyScore, words: 0..<0) : best
        }
    }

    /// A text longer than this is read by stretches; no prompt that people write is.
    package static let mostWords = 200_000

    /// What is added to the score of words most of which were hidden: read out of a cipher of letters, or put together from
    /// letters that were spaced, joined or changed.
    ///
    /// Few write so who have nothing to hide, and what comes back is not all that was written: ends of sentences are lost,
    /// and words that the lexicon lacks. Codes of bytes such as base 64 give back all, and are read as what they say. It is part of the score, so that a calibration counts it, too.
    package static func suspicion(of text: NormalisedText, _ words: Range<Int>) -> Int32 {
        let hidden = text.words[words].count { !$0.traits.isDisjoint(with: [.ciphered, .repaired]) }
        return hidden >= leastHidden && hidden * 2 >= words.count ? hiddenScore : 0
    }

    private static func raised(_ score: Int32, _ text: NormalisedText, _ words: Range<Int>) -> Int32 {
        Int32(clamping: Int64(score) + Int64(suspicion(of: text, words)))
    }

    /// How much that is.
    package static let hiddenScore: Int32 = 200
    /// Fewer words are a name or a number that somebody wrote in a code.
    private static let leastHidden = 5

    /// The weights' sum over the root of their number, the dense weights and the bias, in thousandths of the head's unit.
    package static func score(_ features: InjectionFeatures, by head: InjectionModel.Head) -> Int32 {
        guard !features.hashes.isEmpty else { return InjectionClassifier.emptyScore }
        let mask = UInt32(head.weights.count - 1)
        var sum: Int64 = 0
        for hash in features.hashes { sum += Int64(head.weights[Int(hash & mask)]) }
        let root = Int64(integerRoot(UInt64(features.count) << 32))
        let classMask = UInt32(head.classWeights.count - 1)
        var classSum: Int64 = 0
        for hash in features.classes { classSum += Int64(head.classWeights[Int(hash & classMask)]) }
        let classRoot = Int64(integerRoot(UInt64(features.classCount) << 32))
        var score = (sum << 24) / root + (classSum << 24) / classRoot + Int64(head.bias)
        for (count, weight) in zip(features.dense, head.dense) { score += Int64(count) * Int64(weight) }
        return Int32(clamping: score * 1000 / Int64(head.unit))
    }

    /// The score of a text without words.
    static let emptyScore: Int32 = -1_000_000

    /// The largest number whose square is not above.
    static func integerRoot(_ value: UInt64) -> UInt64 {
        guard value > 1 else { return value }
        var low: UInt64 = 1
        var high = min(value, 0xFFFF_FFFF)
        while low < high {
            let middle = low + (high - low + 1) / 2
            if middle <= value / middle { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// Stretches of up to 40 words that begin with a sentence, of which one without an end is cut at 20; and each sentence
    /// by itself, since an order may be one among many that are none.
    package static func windows(of text: NormalisedText) -> [Range<Int>] {
        let length = 40
        let hop = 20
        let shortest = 5
        var windows: [Range<Int>] = []
        var last = Int.min
        for (index, word) in text.words.enumerated() {
            let isStart = index == 0 || (word.traits.contains(.opensSentence) && index - last >= 5)
            guard isStart || index - last >= hop else { continue }
            last = index
            let end = min(index + length, text.words.count)
            let sentence = Self.sentenceEnd(text, from: index, to: end)
            windows.append(index..<end)
            if sentence < end, sentence - index >= shortest { windows.append(index..<sentence) }
        }
        return windows
    }

    private static func sentenceEnd(_ text: NormalisedText, from start: Int, to end: Int) -> Int {
        var index = start + 1
        while index < end, !text.words[index].traits.contains(.opensSentence) { index += 1 }
        return index
    }

    /// The sentences of a stretch that speak for an attack: the one that does most, and those beside it that do.
    ///
    /// It is what a finding names; where the stretch is one sentence it is all of it.
    package func telling(
        _ text: NormalisedText,
        _ words: Range<Int>,
        rules: [InjectionRule.Hit],
        as reading: Reading
    ) -> Range<Int> {
        var sentences: [Range<Int>] = []
        var start = words.lowerBound
        while start < words.upperBound, sentences.count < Self.mostSentences {
            let end = Self.sentenceEnd(text, from: start, to: words.upperBound)
            sentences.append(start..<end)
            start = end
        }
        guard sentences.count > 1, start == words.upperBound else { return words }
        let head = reading == .direct ? model.direct : model.indirect
        let kinds = WordClasses.shared.kinds(of: text)
        let around = reading == .direct ? nil : Surroundings(text, kinds: kinds)
        let scores = sentences.map {
            Self.score(InjectionFeatures(text, $0, rules: rules, kinds: kinds, around: around), by: head)
        }
        guard var low = scores.indices.max(by: { scores[$0] < scores[$1] }) else { return words }
        var high = low
        while low > 0, scores[low - 1] > 0 { low -= 1 }
        while high + 1 < scores.count, scores[high + 1] > 0 { high += 1 }
        return sentences[low].lowerBound..<sentences[high].upperBound
    }

    /// The most sentences that are weighed one by one.
    private static let mostSentences = 400
}
