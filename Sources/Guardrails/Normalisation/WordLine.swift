/// A stretch of text as words, before and while they are mended.
struct WordLine {
    let lexicon: Lexicon
    /// Words; `lower` and `upper` are places in `buffer`.
    var words: [NormalisedText.Word] = []
    /// For each word its scalars in the text that was read.
    var places: [Range<Int>] = []
    var buffer: [UInt8] = []
    /// What was mended, with the bytes of the original.
    var decodings: [(Decoding, Range<Int>)] = []
    /// For each word the sign before it, where just one stands between it and the word before; else 0.
    var joints: [UInt32] = []

    /// How many words were read out of digits and signs since that was last counted.
    private var spelled = 0
    private var opensSentence = true
    private var opensLine = true

    init(lexicon: Lexicon) {
        self.lexicon = lexicon
    }

    mutating func clear() {
        words.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        buffer.removeAll(keepingCapacity: true)
        joints.removeAll(keepingCapacity: true)
        decodings.removeAll(keepingCapacity: true)
    }

    func bytes(of word: NormalisedText.Word) -> ArraySlice<UInt8> {
        buffer[Int(word.lower)..<Int(word.upper)]
    }

    /// The scalars from the first of some words to the last.
    func scalarRange(_ range: Range<Int>) -> Range<Int> {
        guard let first = range.first, let last = range.last else { return 0..<0 }
        return places[first].lowerBound..<places[last].upperBound
    }

    // MARK: - Words out of scalars

    /// Adds the words of a part of a text.
    ///
    /// Where several of its words are written in digits and signs all of them are taken to be.
    mutating func tokenise(_ text: TracedText, _ range: Range<Int>) {
        let before = self
        spelled = 0
        tokenise(text, range, spellsAll: false)
        guard spelled >= Self.leastSpelled, spelled * 8 >= words.count - before.words.count else { return }
        self = before
        tokenise(text, range, spellsAll: true)
    }

    /// How many words in digits and signs make a text that is written so.
    private static let leastSpelled = 3

    private mutating func tokenise(_ text: TracedText, _ range: Range<Int>, spellsAll: Bool) {
        var index = range.lowerBound
        let end = range.upperBound
        var opensChunk = true
        while index < end {
            let scalar = text.scalars[index]
            if Letters.isSpace(scalar) {
                if scalar == 10 || scalar == 13 || scalar == 0x2028 || scalar == 0x2029 {
                    opensLine = true
                    opensSentence = true
                }
                opensChunk = true
                index += 1
                continue
            }
            if let (marker, stop) = Markers.match(text.scalars, at: index, end: end, opensLine: opensLine) {
                add(Array(marker.utf8), text, index..<stop, [.marker, .known])
                opensSentence = true
                index = stop
                continue
            }
            if opensChunk {
                opensChunk = false
                if let stop = leetspeak(text, index, end, spellsAll: spellsAll) {
                    index = stop
                    continue
                }
            }
            guard isPart(scalar) else {
                if scalar == 0x21 || scalar == 0x3F || scalar == 0x3002 || scalar == 0xFF1F
                    || (scalar == 0x2E && endsSentence(text, index, end))
                {
                    opensSentence = true
                }
                // Words in digits and signs are told apart by any other sign, too.
                if spellsAll, !Leetspeak.isPart(scalar) { opensChunk = true }
                index += 1
                continue
            }
            index = word(text, index, end)
        }
    }

    /// Whether a point ends a sentence, and does not stand within a name or a number.
    private func endsSentence(_ text: TracedText, _ index: Int, _ end: Int) -> Bool {
        index + 1 == end || !(Letters.isWord(text.scalars[index + 1]))
    }

    private func isPart(_ scalar: UInt32) -> Bool {
        Letters.isWord(scalar) || (scalar >= 0xA1 && Homoglyphs.latin(scalar) != nil)
    }

    /// Adds the word that begins at an index and gives where it ends.
    private mutating func word(_ text: TracedText, _ first: Int, _ end: Int) -> Int {
        let scalars = text.scalars
        var index = first
        let lower = buffer.count
        var isASCII = true
        while index < end {
            let scalar = scalars[index]
            if scalar < 0x80 {
                if Letters.isASCIILetter(scalar) {
                    buffer.append(UInt8(truncatingIfNeeded: scalar | 0x20))
                } else if Letters.isDigit(scalar) {
                    buffer.append(UInt8(truncatingIfNeeded: scalar))
                } else if scalar == 0x27, index > first, index + 1 < end, Letters.isASCIILetter(scalars[index + 1]) {
                    // An apostrophe within a word is left out.
                } else {
                    break
                }
                index += 1
                continue
            }
            if scalar == 0x2019, index > first, index + 1 < end, Letters.isASCIILetter(scalars[index + 1]) {
                index += 1
                continue
            }
            guard isPart(scalar) || (0x300...0x36F).contains(scalar) else { break }
            isASCII = false
            if Letters.standsAlone(scalar) {
                if index == first { index += 1 }
                break
            }
            index += 1
        }
        if !isASCII {
            buffer.removeSubrange(lower...)
            spell(text, first..<index)
        }
        if buffer.count > lower { finish(lower, text, first..<index, []) }
        return max(index, first + 1)
    }

    /// Spells a word that is not all ASCII, with Latin letters for those that only look alike.
    private mutating func spell(_ text: TracedText, _ range: Range<Int>) {
        var latin = 0
        var script = 0
        var alike = 0
        for scalar in text.scalars[range] {
            if scalar < 0x80 || (scalar < 0x250 && scalar >= 0xC0) {
                latin += 1
            } else if Homoglyphs.isScript(scalar) {
                script += 1
                if Homoglyphs.latin(scalar) != nil { alike += 1 }
            }
        }
        let lower = buffer.count
        let original = spell(text, range, turns: script == 0 || latin > 0)
        let mayBeShort = decodings.contains { $0.0 == .homoglyph }
        guard script > 0, latin == 0, alike == script, range.count >= 3 || mayBeShort else {
            if original { decodings.append((.homoglyph, text.origin(range))) }
            return
        }
        // A word all in letters that look Latin is turned only where it comes to a word.
        let kept = Array(buffer[lower...])
        buffer.removeSubrange(lower...)
        if spell(text, range, turns: true), lexicon.contains(buffer[lower...]) {
            decodings.append((.homoglyph, text.origin(range)))
            return
        }
        buffer.removeSubrange(lower...)
        buffer.append(contentsOf: kept)
    }

    /// Adds a word's letters, and tells whether one was turned into a Latin one.
    private mutating func spell(_ text: TracedText, _ range: Range<Int>, turns: Bool) -> Bool {
        var turned = false
        for scalar in text.scalars[range] {
            if scalar == 0x27 || scalar == 0x2019 { continue }
            let folded = Letters.fold(scalar)
            if folded == 0 { continue }
            if folded >= 0x80, turns, let letter = Homoglyphs.latin(scalar) ?? Homoglyphs.latin(folded) {
                turned = true
                UTF8Reader.append(letter, to: &buffer)
            } else {
                UTF8Reader.append(folded, to: &buffer)
            }
        }
        return turned
    }

    // MARK: - Leetspeak

    /// Adds the word that a chunk spells in digits and signs, and gives where the chunk ends; nil where it spells none.
    private mutating func leetspeak(_ text: TracedText, _ first: Int, _ end: Int, spellsAll: Bool) -> Int? {
        var stop = first
        var letters = 0
        var signs = 0
        while stop < end, stop - first <= 40, !Letters.isSpace(text.scalars[stop]),
            !spellsAll || Leetspeak.isPart(text.scalars[stop])
        {
            let scalar = text.scalars[stop]
            if Letters.isASCIILetter(scalar) {
                letters += 1
            } else if Leetspeak.letters(scalar) != nil {
                signs += 1
            }
            stop += 1
        }
        guard signs > 0, letters > 0, stop - first >= (spellsAll ? 2 : 3), stop - first <= 40,
            let (word, range) = Leetspeak.read(text.scalars, first..<stop, lexicon: lexicon)
                ?? (spellsAll ? Leetspeak.likeliest(text.scalars, first..<stop, lexicon: lexicon) : nil)
        else { return nil }
        spelled += 1
        decodings.append((.leetspeak, text.origin(range)))
        add(word, text, range, lexicon.contains(word) ? [.repaired, .known] : .repaired)
        // What follows the word in its chunk may end a sentence.
        return range.upperBound
    }

    // MARK: - Adding

    mutating func add(_ spelled: [UInt8], _ text: TracedText, _ range: Range<Int>, _ traits: WordTraits) {
        let lower = buffer.count
        buffer.append(contentsOf: spelled)
        finish(lower, text, range, traits)
    }

    private mutating func finish(_ lower: Int, _ text: TracedText, _ range: Range<Int>, _ traits: WordTraits) {
        var traits = traits
        if opensSentence { traits.insert(.opensSentence) }
        if opensLine { traits.insert(.opensLine) }
        opensSentence = false
        opensLine = false
        var joint: UInt32 = 0
        if let last = places.last {
            let gap = range.lowerBound - last.upperBound
            if gap <= 1 { traits.insert(.touches) }
            if gap == 1 { joint = text.scalars[last.upperBound] }
        }
        let hash = Lexicon.hash(buffer[lower...])
        if !traits.contains(.marker), lexicon.contains(hash) { traits.insert(.known) }
        let origin = text.origin(range)
        words.append(
            NormalisedText.Word(
                lower: Int32(truncatingIfNeeded: lower),
                upper: Int32(truncatingIfNeeded: buffer.count),
                start: Int32(truncatingIfNeeded: origin.lowerBound),
                end: Int32(truncatingIfNeeded: origin.upperBound),
                traits: traits,
                hash: hash
            )
        )
        places.append(range)
        joints.append(joint)
    }
}
