import Guardrails

/// Texts of the sets as their disguises read once they are normalised: ends of sentences, short words and words that the
/// lexicon lacks do not come back from every code, and the classifier has to know what is left.
enum Disguised {
    private static let longest = 1200

    /// Every second attack and one innocent text in eight, each in the first disguise of a few that chance picks which does
    /// not read as the text itself does.
    static func make(from texts: [CorpusText], lexicon: Lexicon) -> [CorpusText] {
        let normaliser = TextNormaliser(lexicon: lexicon)
        var random = Random(seed: 59)
        var disguised: [CorpusText] = []
        for (index, text) in texts.enumerated() {
            guard random.below(text.isAttack ? 2 : 8) == 0, text.text.utf8.count < longest,
                text.text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
            else { continue }
            let plain = normaliser.normalise(text.text).description
            var copy = text
            for _ in 0..<tries {
                copy.text = random.pick(Disguise.all).apply(text.text)
                if normaliser.normalise(copy.text).description != plain { break }
            }
            copy.isDisguised = true
            copy.source = "own_disguised"
            copy.origins = text.origins + [text.source]
            copy.weight = text.weight / 2
            // It is held back with what it was made of.
            copy.fold = index
            disguised.append(copy)
        }
        return disguised
    }

    private static let tries = 4
}
