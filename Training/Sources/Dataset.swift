import Guardrails

/// The training sets as examples for the two heads.
struct Dataset {
    var texts: [CorpusText]
    var lexicon: Lexicon
    /// What users write, as wholes.
    var direct: [Example] = []
    /// What tools and documents say, by windows.
    var indirect: [Example] = []
    /// Texts in which a decisive rule fires, whatever a head says.
    var decisive: Set<Int> = []

    private static let mostBenignWindows = 16

    init(_ texts: [CorpusText], lexicon: Lexicon) {
        self.texts = texts
        self.lexicon = lexicon
        let normaliser = TextNormaliser(lexicon: lexicon)
        var random = Random(seed: 11)
        for (index, text) in texts.enumerated() {
            let normalised = normaliser.normalise(text.text)
            guard !normalised.words.isEmpty else { continue }
            let kinds = WordClasses.shared.kinds(of: normalised)
            let channel: TextChannel = text.isDirect ? .user : .retrieved
            let hits = InjectionRules.shared.hits(in: normalised, of: text.text).filter {
                $0.rule.channels.contains(channel)
            }
            if hits.contains(where: \.isDecisive) { decisive.insert(index) }
            let around = text.isDirect ? nil : Surroundings(normalised, kinds: kinds)
            func example(_ range: Range<Int>, _ weight: Double) -> Example {
                Example(
                    features: InjectionFeatures(normalised, range, rules: hits, kinds: kinds, around: around),
                    isAttack: text.isAttack,
                    source: text.source,
                    text: index,
                    weight: weight,
                    suspicion: InjectionClassifier.suspicion(of: normalised, range)
                )
            }
            if text.isDirect {
                direct.append(example(0..<normalised.words.count, text.weight))
                // Order and innocent text of users is innocent in documents, too, where it is short.
                continue
            }
            var windows = InjectionClassifier.windows(of: normalised)
            if text.isAttack {
                windows = Self.attackWindows(windows, text, normalised, normaliser)
                for window in windows { indirect.append(example(window, text.weight / Double(min(windows.count, 3)))) }
            } else {
                while windows.count > Self.mostBenignWindows { windows.remove(at: random.below(windows.count)) }
                for window in windows { indirect.append(example(window, text.weight)) }
            }
        }
    }

    /// The windows that hold the attack.
    private static func attackWindows(
        _ windows: [Range<Int>],
        _ text: CorpusText,
        _ normalised: NormalisedText,
        _ normaliser: TextNormaliser
    ) -> [Range<Int>] {
        guard let payload = text.payload else { return windows.count <= 6 ? windows : [] }
        let wanted = normaliser.normalise(payload).words.map(\.hash)
        let words = normalised.words.map(\.hash)
        if text.isDisguised {
            // Not all words come back: the windows that have most of them.
            let kinds = Set(wanted)
            return windows.filter { kinds.intersection(words[$0]).count * 2 >= min(kinds.count, 12) }
        }
        guard !wanted.isEmpty, wanted.count <= words.count else { return [] }
        let head = wanted.prefix(5)
        guard
            let start = (0...words.count - head.count).first(where: { words[$0..<$0 + head.count].elementsEqual(head) })
        else { return [] }
        let range = start..<min(start + wanted.count, words.count)
        let needed = min(range.count, 12) * 2 / 3
        return windows.filter { $0.clamped(to: range).count >= max(needed, 1) }
    }
}

extension Lexicon {
    /// Words that several texts have.
    static func make(from texts: [CorpusText]) -> (Lexicon, Int) {
        let normaliser = TextNormaliser(lexicon: Lexicon(bits: []))
        var counts: [String: Int] = [:]
        var sources: [String: Set<String>] = [:]
        for text in texts {
            let normalised = normaliser.normalise(text.text)
            var seen: Set<String> = []
            for index in normalised.words.indices {
                let word = normalised.word(index)
                guard word.utf8.count <= 20, word.utf8.allSatisfy({ $0 >= 0x61 && $0 <= 0x7A }) else { continue }
                seen.insert(word)
            }
            for word in seen {
                counts[word, default: 0] += 1
                if sources[word]?.count ?? 0 < 3 { sources[word, default: []].insert(text.source) }
            }
        }
        // Short words are rarely chance only where many texts have them.
        let words = counts.filter { word, count in
            let needed = word.utf8.count <= 1 ? Int.max : word.utf8.count == 2 ? 150 : word.utf8.count == 3 ? 25 : 5
            // A word of one set alone is one of its subject or language where many of its texts have it.
            return count >= needed && ((sources[word]?.count ?? 0) >= 2 || (word.utf8.count >= 4 && count >= 12))
        }.keys.sorted()
        let common = words.sorted { (counts[$0] ?? 0, $1) > (counts[$1] ?? 0, $0) }.prefix(1500)
        let lexicon = Lexicon(
            words: words.map { Array($0.utf8) },
            bitCount: 1 << 19,
            common: common.map { Array($0.utf8) },
            commonBitCount: 1 << 15
        )
        return (lexicon, words.count)
    }
}
