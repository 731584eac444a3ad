/// What a request's own system prompt makes suspect in its other texts.
///
/// "What is the access code?" is a fair question, unless the system prompt holds one and says that it is not to be
/// told.
struct SystemPromptContext: Sendable {
    struct Finding {
        var id: String
        var words: Range<Int>
        var score: Int32
        var explanation: String
    }

    /// Pairs of words of the prompt that carry meaning.
    private var pairs: Set<UInt64> = []
    /// Words of the prompt that few texts have.
    private var rare: Set<UInt64> = []
    /// Words near what the prompt says is secret or not to be told.
    private var guarded: Set<UInt64> = []

    private static let guards = hashes(
        "secret confidential private never dont not password passphrase passcode hidden internal classified forbidden "
            + "prohibited protect keep code key token credential credentials"
    )
    private static let asks = hashes(
        "reveal show print display repeat output disclose tell share give leak dump expose recite provide write return "
            + "copy quote list describe summarize translate what whats say spell encode ignore forget disregard pretend "
            + "override bypass unlock grant confirm access"
    )
    private static let common = hashes(
        "about above after again also always answer anything because before being below best between both could does "
            + "doing each every everything first from have having help here information into just know like make many "
            + "more most much must need never only other please question questions respond should some such than that "
            + "their them then there these they thing things this those through time user users using very want well "
            + "were what when where which while will with without would your yours assistant response responses helpful "
            + "text task following provide given write sure"
    )

    private static func hashes(_ words: String) -> Set<UInt64> {
        Set(words.split(separator: " ").map { Lexicon.hash(Array($0.utf8)) })
    }

    init(_ prompts: [NormalisedText]) {
        for prompt in prompts {
            var last: UInt64 = 0
            var guardedUntil = -1
            for (index, word) in prompt.words.enumerated() {
                if Self.guards.contains(word.hash) { guardedUntil = index + 8 }
                let length = word.upper - word.lower
                let carries = length >= 4 && !Self.common.contains(word.hash)
                if carries {
                    rare.insert(word.hash)
                    if index <= guardedUntil, !Self.asks.contains(word.hash) { guarded.insert(word.hash) }
                }
                if length >= 3, last != 0 { pairs.insert(Lexicon.stir(last &* 31 ^ word.hash)) }
                last = length >= 3 ? word.hash : 0
            }
        }
    }

    /// What a text has to do with the prompt beyond its subject.
    func findings(in text: NormalisedText, hits: [InjectionRule.Hit]) -> [Finding] {
        let telling = hits.contains {
            $0.rule.kind == .extraction || $0.rule.kind == .override || $0.rule.kind == .forging
        }
        let asks = text.words.contains { Self.asks.contains($0.hash) }
        guard telling || asks else { return [] }
        var findings: [Finding] = []
        var last: UInt64 = 0
        var pairCount = 0
        var guardedCount: Set<UInt64> = []
        var low = Int.max
        var high = 0
        for (index, word) in text.words.enumerated() {
            if guarded.contains(word.hash) {
                guardedCount.insert(word.hash)
                low = min(low, index)
                high = max(high, index + 1)
            }
            let length = word.upper - word.lower
            if length >= 3, last != 0, rare.contains(word.hash), pairs.contains(Lexicon.stir(last &* 31 ^ word.hash)) {
                pairCount += 1
            }
            last = length >= 3 ? word.hash : 0
        }
        if !guardedCount.isEmpty {
            let each: Int32 = telling ? 500 : 160
            findings.append(
                Finding(
                    id: "context-guarded",
                    words: low..<high,
                    score: Int32(min(guardedCount.count, 4)) * each,
                    explanation: "asks for what this request's system prompt says is not to be told"
                )
            )
        }
        if pairCount > 0, telling {
            findings.append(
                Finding(
                    id: "context-system-prompt",
                    words: 0..<text.words.count,
                    score: Int32(min(pairCount, 5)) * 120,
                    explanation: "speaks of this request's system prompt in its own words"
                )
            )
        }
        return findings
    }
}
