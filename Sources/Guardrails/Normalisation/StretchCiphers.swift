/// How the letters of a stretch were changed.
enum Cipher {
    /// The whole stretch is written last character first.
    case reversed
    /// That, or each word is: nothing tells which, and it is read in both ways.
    case reversedEitherWay
    /// Each letter stands for another.
    case letters(Decoding, (UInt32) -> UInt32)
    /// Each word was changed by itself.
    case words(Decoding, (ArraySlice<UInt8>) -> [UInt8]?)
}

extension WordLine {
    private static let sample = 24
    private static let pairs: Set<String> = [
        "of the", "to the", "in the", "on the", "for the", "and the", "is the", "with the", "from the", "at the",
        "of a",
        "in a", "is a", "as a", "with a", "for a", "do not", "you are", "you will", "will be", "to be", "such as",
        "how to", "you can", "it is", "i am", "and the", "all the", "should be", "must be", "have to", "want to",
        "the system", "system prompt", "previous instructions", "ignore all", "all previous", "and print",
    ]

    /// Stretches of words that are mostly unknown and written in Latin letters.
    func strangeStretches() -> [Range<Int>] {
        var known = 0
        var unknown = 0
        for word in words where isLatin(word) {
            let length = Int(word.upper - word.lower)
            if length < 2 { continue }
            if word.traits.contains(.known) { known += length } else { unknown += length }
        }
        guard unknown >= 6 else { return [] }
        if unknown >= known { return [words.startIndex..<words.endIndex] }
        var stretches: [Range<Int>] = []
        var index = 0
        while index < words.count {
            guard isStrange(words[index]) else {
                index += 1
                continue
            }
            var end = index + 1
            var last = end
            var strange = 1
            var letters = Int(words[index].upper - words[index].lower)
            // One known word, or two short ones, may stand within.
            while end < words.count, end - last <= 1 || (end - last == 2 && words[end].upper - words[end].lower <= 3) {
                if isStrange(words[end]) {
                    strange += 1
                    letters += Int(words[end].upper - words[end].lower)
                    last = end + 1
                }
                end += 1
            }
            // Numbers and the like at its end belong to it.
            while last < words.count, !isLatin(words[last]), !words[last].traits.contains(.marker) { last += 1 }
            if strange >= 3, letters >= 12, strange * 2 >= last - index { stretches.append(index..<last) }
            index = last
        }
        return stretches
    }

    private func isLatin(_ word: NormalisedText.Word) -> Bool {
        guard !word.traits.contains(.marker), word.upper > word.lower else { return false }
        return bytes(of: word).allSatisfy { $0 &- 0x61 < 26 }
    }

    private func isStrange(_ word: NormalisedText.Word) -> Bool {
        !word.traits.contains(.known) && word.upper - word.lower >= 2 && isLatin(word)
    }

    /// The cipher that makes a stretch read; nil where none does.
    func cipher(of stretch: Range<Int>, in text: TracedText) -> Cipher? {
        let samples = stretch.lazy.filter { isLatin(words[$0]) && words[$0].upper - words[$0].lower >= 2 }
            .prefix(Self.sample).map { bytes(of: words[$0]) }
        let sample = Array(samples)
        let letters = sample.reduce(0) { $0 + $1.count }
        guard letters >= 6 else { return nil }
        func share(_ change: (ArraySlice<UInt8>) -> [UInt8]?) -> Int {
            var known = 0
            for word in sample {
                if let changed = change(word), lexicon.contains(changed) { known += word.count }
            }
            return known * 100 / letters
        }
        let needed = max(share { Array($0) } + 25, letters < 16 ? 80 : 60)
        if share({ $0.reversed() }) >= needed {
            switch isWordwise(stretch) {
            case true?: return .words(.reversedWords) { $0.reversed() }
            case false?: return .reversed
            case nil: return stretch.count > 1 ? .reversedEitherWay : .reversed
            }
        }
        for places in [UInt32(13)] + Array(1...25) {
            let change = { (word: ArraySlice<UInt8>) -> [UInt8]? in
                word.map { UInt8(truncatingIfNeeded: Ciphers.shift(UInt32($0), by: places)) }
            }
            if share(change) >= needed {
                return .letters(places == 13 ? .rot13 : .caesar) { Ciphers.shift($0, by: places) }
            }
            // What is both turned round and moved shows its words only when both are undone.
            if places == 13, share({ change($0)?.reversed() }) >= needed { return .reversed }
        }
        if share({ $0.map { UInt8(truncatingIfNeeded: Ciphers.atbash(UInt32($0))) } }) >= needed {
            return .letters(.atbash) { Ciphers.atbash($0) }
        }
        let pig = { (word: ArraySlice<UInt8>) -> [UInt8]? in lexicon.pigLatin(word) }
        return share(pig) >= needed ? .words(.pigLatin, pig) : nil
    }

    /// Whether each word was turned round and the words kept their order; nil where nothing tells.
    private func isWordwise(_ stretch: Range<Int>) -> Bool? {
        // Pairs such as `of the` tell in which order the words stand.
        var forward = 0
        var backward = 0
        var previous = ""
        for index in stretch.prefix(400) {
            let word = String(decoding: bytes(of: words[index]).reversed(), as: UTF8.self)
            if Self.pairs.contains(previous + " " + word) { forward += 1 }
            if Self.pairs.contains(word + " " + previous) { backward += 1 }
            previous = word
        }
        return forward == backward ? nil : forward > backward
    }
}

extension Lexicon {
    /// The word before Pig Latin.
    func pigLatin(_ word: ArraySlice<UInt8>) -> [UInt8]? {
        guard word.count > 3, word.suffix(2) == Array("ay".utf8)[...] else { return nil }
        let stem = Array(word.dropLast(2))
        if let last = stem.last, last == 0x77 || last == 0x79 || last == 0x68, contains(stem.dropLast()) {
            return stem.dropLast()
        }
        for count in 1...min(4, stem.count - 1) {
            let form = Array(stem.suffix(count) + stem.dropLast(count))
            if contains(form) { return form }
        }
        return nil
    }
}
