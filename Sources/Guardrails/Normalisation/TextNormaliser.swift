/// Reads texts for what they say, however they are written.
///
/// Time and memory are linear in the text: decoding goes three levels deep and gives at most four times what it read.
public struct TextNormaliser: Sendable {
    /// How deep codes within codes are read.
    public var mostDepth = 3
    /// How many scalars decoding may give for each of the text.
    public var mostGrowth = 4
    let lexicon: Lexicon

    /// A normaliser with the lexicon of this build.
    public init() {
        lexicon = .shared
    }

    package init(lexicon: Lexicon) {
        self.lexicon = lexicon
    }

    /// Reads a text.
    public func normalise(_ text: String) -> NormalisedText {
        normalise(Array(text.utf8))
    }

    /// Reads bytes of UTF-8; what is none stands for a character that is not known.
    public func normalise(_ bytes: [UInt8]) -> NormalisedText {
        var reader = TextReader(normaliser: self, originalCount: bytes.count)
        reader.read(TracedText(bytes), depth: 0)
        return reader.finish()
    }
}

/// One reading of a text: takes the layers off and hands the words over to be mended.
struct TextReader {
    let normaliser: TextNormaliser
    private(set) var result = NormalisedText()
    private var seen = Invisible.Seen()
    /// How many ciphers of letters the text that is being read stands in.
    private var ciphers = 0
    /// How many scalars may still come out of codes.
    private var budget: Int

    init(normaliser: TextNormaliser, originalCount: Int) {
        self.normaliser = normaliser
        result.originalCount = originalCount
        budget = max(originalCount * normaliser.mostGrowth, 256)
    }

    mutating func finish() -> NormalisedText {
        result.invisibleCharacters = seen.invisible
        result.hiddenLetters = seen.hiddenLetters
        result.directionControls = seen.bidirectional
        if let range = seen.range { result.note(.invisible, range) }
        return result
    }

    /// Reads a text at a depth and adds its words.
    mutating func read(_ original: TracedText, depth: Int) {
        result.depth = max(result.depth, depth)
        var text = original
        var escapes: Set<Decoding> = []
        for round in 0...normaliser.mostDepth {
            text = Invisible.reveal(text, seen: &seen)
            text = CompatibilityForm.shared.normalise(text)
            if depth < normaliser.mostDepth, readBase85(text, depth: depth) { return }
            guard let decoded = Escapes.decode(text, seen: &escapes) else { break }
            result.depth = max(result.depth, depth + round + 1)
            if round == normaliser.mostDepth {
                result.isTruncated = true
                break
            }
            text = decoded
        }
        for decoding in escapes { result.note(decoding, text.origin(0..<text.count)) }
        let codes = EncodedParts(lexicon: normaliser.lexicon)
        if depth < normaliser.mostDepth, let moved = rot47(text), spend(moved.count) {
            result.note(.rot47, text.origin(0..<text.count))
            readCiphered(moved, depth: depth + 1)
            // An order may stand beside what is enciphered.
            guard let rest = codes.rest(of: text, read: { $0.map(Ciphers.rot47) }) else { return }
            text = rest
        }
        if depth < normaliser.mostDepth, let upright = TurnedLetters.upright(text), codes.knownShare(upright) >= 60,
            spend(upright.count)
        {
            result.note(.reversed, text.origin(0..<text.count))
            readCiphered(upright, depth: depth + 1)
            // Or among letters that are turned.
            guard let rest = codes.rest(of: text, read: TurnedLetters.upright) else { return }
            text = rest
        }
        let parts = depth < normaliser.mostDepth ? codes.find(in: text) : []
        var place = 0
        var line = WordLine(lexicon: normaliser.lexicon)
        for part in parts {
            guard spend(part.text.count) else { continue }
            line.tokenise(text, place..<part.range.lowerBound)
            add(&line, of: text, depth: depth)
            result.note(part.decoding, text.origin(part.range))
            if part.isCut { result.isTruncated = true }
            if part.decoding == .rot47 {
                readCiphered(part.text, depth: depth + 1)
            } else {
                read(part.text, depth: depth + 1)
            }
            place = part.range.upperBound
        }
        line.tokenise(text, place..<text.count)
        add(&line, of: text, depth: depth)
    }

    private mutating func readCiphered(_ text: TracedText, depth: Int) {
        ciphers += 1
        read(text, depth: depth)
        ciphers -= 1
    }

    /// Reads a text in base 85 before its escapes are: what is written so is full of signs that look like them.
    private mutating func readBase85(_ text: TracedText, depth: Int) -> Bool {
        guard Escapes.mayHave(text.scalars) else { return false }
        let parts = EncodedParts(lexicon: normaliser.lexicon).find(in: text).filter { $0.decoding == .base85 }
        guard !parts.isEmpty, spend(parts.reduce(0) { $0 + $1.text.count }) else { return false }
        var place = 0
        for part in parts {
            if place < part.range.lowerBound { read(text.part(place..<part.range.lowerBound), depth: depth) }
            result.note(.base85, text.origin(part.range))
            read(part.text, depth: depth + 1)
            place = part.range.upperBound
        }
        if place < text.count { read(text.part(place..<text.count), depth: depth) }
        return true
    }

    /// The text moved by forty-seven, where it is full of signs and reads only then.
    private func rot47(_ text: TracedText) -> TracedText? {
        guard text.count >= 12 else { return nil }
        let signs = text.scalars.count { $0 > 0x20 && $0 < 0x7F && !Letters.isASCIILetter($0) && !Letters.isDigit($0) }
        guard signs * 6 >= text.count else { return nil }
        var moved = TracedText()
        moved.reserve(text.count)
        for index in 0..<text.count {
            moved.append(Ciphers.rot47(text.scalars[index]), text.starts[index], text.ends[index])
        }
        let parts = EncodedParts(lexicon: normaliser.lexicon)
        return parts.knownShare(moved) >= 60 && parts.knownShare(text) < 30 ? moved : nil
    }

    private mutating func spend(_ count: Int) -> Bool {
        guard count <= budget else {
            result.isTruncated = true
            return false
        }
        budget -= count
        return true
    }

    /// Mends a stretch of words, reads what is enciphered in it, and adds it to the result.
    private mutating func add(_ line: inout WordLine, of text: TracedText, depth: Int) {
        line.mend()
        for (decoding, range) in line.decodings { result.note(decoding, range) }
        var index = 0
        let limit = line.words.count
        // Known words are read as they are: only a stretch that is mostly unknown is tried.
        let stretches = depth < normaliser.mostDepth ? line.strangeStretches() : []
        for stretch in stretches {
            guard let cipher = line.cipher(of: stretch, in: text) else { continue }
            let range = line.scalarRange(stretch)
            guard spend(range.count) else { continue }
            copy(line, index..<stretch.lowerBound, depth: depth)
            index = stretch.upperBound
            switch cipher {
            case .reversed, .reversedEitherWay:
                result.note(.reversed, text.origin(range))
                readCiphered(text.reversed(range), depth: depth + 1)
                guard case .reversedEitherWay = cipher, spend(range.count) else { continue }
                result.note(.reversedWords, text.origin(range))
                change(line, stretch) { $0.reversed() }
            case .letters(let decoding, let change):
                result.note(decoding, text.origin(range))
                var changed = TracedText()
                changed.reserve(range.count)
                for place in range {
                    changed.append(change(text.scalars[place]), text.starts[place], text.ends[place])
                }
                readCiphered(changed, depth: depth + 1)
            case .words(let decoding, let change):
                result.note(decoding, text.origin(range))
                self.change(line, stretch, change)
                result.depth = max(result.depth, depth + 1)
            }
        }
        copy(line, index..<limit, depth: depth)
        line.clear()
    }

    /// Adds some words, each changed.
    private mutating func change(_ line: WordLine, _ range: Range<Int>, _ change: (ArraySlice<UInt8>) -> [UInt8]?) {
        for place in range {
            var word = line.words[place]
            let spelled = change(line.bytes(of: word)) ?? Array(line.bytes(of: word))
            word.traits.insert([.decoded, .ciphered])
            append(spelled, like: word)
        }
    }

    private mutating func copy(_ line: WordLine, _ range: Range<Int>, depth: Int) {
        guard !range.isEmpty else { return }
        for index in range {
            var word = line.words[index]
            if depth > 0 { word.traits.insert(ciphers > 0 ? [.decoded, .ciphered] : .decoded) }
            append(line.bytes(of: word), like: word)
        }
    }

    private mutating func append(_ spelled: some Collection<UInt8>, like word: NormalisedText.Word) {
        var copy = word
        copy.lower = Int32(truncatingIfNeeded: result.bytes.count)
        result.bytes.append(contentsOf: spelled)
        copy.upper = Int32(truncatingIfNeeded: result.bytes.count)
        if word.traits.contains(.decoded) || copy.hash == 0 { copy.hash = Lexicon.hash(spelled) }
        result.words.append(copy)
    }
}
