extension WordLine {
    /// Puts together what was spaced out, broken or written together.
    mutating func mend() {
        guard !words.isEmpty else { return }
        if words.contains(where: { $0.upper - $0.lower == 1 && !$0.traits.contains(.marker) }) { joinLetters() }
        if words.contains(where: { !$0.traits.contains(.known) }) { mendUnknown() }
        if decodings.contains(where: { $0.0 == .leetspeak }) { spellNumbers() }
    }

    private func isLetter(_ index: Int) -> Bool {
        let word = words[index]
        guard word.upper - word.lower == 1 else { return false }
        let byte = buffer[Int(word.lower)]
        return byte &- 0x61 < 26 || byte &- 0x30 < 10
    }

    // MARK: - Letters apart

    /// `i g n o r e   a l l`, `i-g-n-o-r-e a-l-l`, `i.g.n.o.r.e.a.l.l`.
    private mutating func joinLetters() {
        var index = 0
        var rebuilt: WordLine?
        var copied = 0
        while index < words.count {
            guard isLetter(index) else {
                index += 1
                continue
            }
            var end = index + 1
            while end < words.count, isLetter(end), places[end].lowerBound - places[end - 1].upperBound <= 6 {
                end += 1
            }
            if end - index >= 4, let joined = groups(index..<end) {
                var target = rebuilt ?? emptied()
                target.copy(self, copied..<index)
                for (range, spelled) in joined { target.merge(self, range, spelled, .repaired) }
                target.decodings.append((.spacing, originRange(index..<end)))
                copied = end
                rebuilt = target
            }
            index = end
        }
        guard var target = rebuilt else { return }
        target.copy(self, copied..<words.count)
        target.decodings = decodings + target.decodings
        self = target
    }

    private func groups(_ run: Range<Int>) -> [(Range<Int>, [UInt8])]? {
        let gaps = run.dropFirst().map { places[$0].lowerBound - places[$0 - 1].upperBound }
        guard let least = gaps.min() else { return nil }
        let signs = run.dropFirst().map { joints[$0] }
        let hasSigns = signs.contains { $0 != 0 && !Letters.isSpace($0) }
        var parts: [Range<Int>] = []
        var first = run.lowerBound
        for (offset, index) in run.dropFirst().enumerated() {
            let isSpace = signs[offset] != 0 && Letters.isSpace(signs[offset])
            if gaps[offset] > least || (hasSigns && isSpace) {
                parts.append(first..<index)
                first = index
            }
        }
        parts.append(first..<run.upperBound)
        var result: [(Range<Int>, [UInt8])] = []
        var known = 0
        for part in parts {
            let spelled = part.map { buffer[Int(words[$0].lower)] }
            if spelled.count == 1 || lexicon.contains(spelled) {
                result.append((part, spelled))
                known += spelled.count > 1 ? spelled.count : 0
                continue
            }
            let scalars = spelled.map { UInt32($0) }
            if let (word, range) = Leetspeak.read(scalars, 0..<scalars.count, lexicon: lexicon),
                range.count == scalars.count
            {
                result.append((part, word))
                known += word.count
            } else if spelled.count <= 2000, let pieces = lexicon.pieces(of: spelled, mostUnknown: 20) {
                for piece in pieces {
                    result.append(
                        (part.lowerBound + piece.lowerBound..<part.lowerBound + piece.upperBound, Array(spelled[piece]))
                    )
                }
                known += spelled.count
            } else {
                result.append((part, spelled))
            }
        }
        return known * 2 >= run.count ? result : nil
    }

    // MARK: - Words together and broken

    private mutating func mendUnknown() {
        var target: WordLine?
        var copied = 0
        var index = 0
        var isParted = false
        while index < words.count {
            if let (count, spelled) = joined(at: index) {
                var changed = target ?? emptied()
                changed.copy(self, copied..<index)
                changed.merge(self, index..<index + count, spelled, .repaired)
                changed.decodings.append((.joining, originRange(index..<index + count)))
                index += count
                copied = index
                target = changed
                isParted = false
                continue
            }
            let word = words[index]
            // Beside words that were run together shorter ones are believed.
            let isBeside = isParted
            isParted = false
            if !word.traits.contains(.known), let pieces = taken(apart: bytes(of: word), isBeside: isBeside) {
                isParted = true
                var changed = target ?? emptied()
                changed.copy(self, copied..<index)
                for (place, piece) in pieces.enumerated() {
                    changed.merge(self, index..<index + 1, piece, .repaired)
                    // Only the first of them can open a sentence.
                    if place > 0 { changed.words[changed.words.count - 1].traits.subtract(.opening) }
                }
                changed.decodings.append((.joining, originRange(index..<index + 1)))
                copied = index + 1
                target = changed
            }
            index += 1
        }
        guard var changed = target else { return }
        changed.copy(self, copied..<words.count)
        changed.decodings = decodings + changed.decodings
        self = changed
    }

    /// Fragments that make a known word: `ig-nore`, `ins truc tions`.
    private func joined(at index: Int) -> (Int, [UInt8])? {
        guard index + 1 < words.count else { return nil }
        let firstKnown = words[index].traits.contains(.known)
        if firstKnown, words[index + 1].traits.contains(.known) { return nil }
        var spelled = Array(bytes(of: words[index]))
        guard spelled.count <= 12, spelled.allSatisfy({ $0 &- 0x61 < 26 }) else { return nil }
        var best: (Int, [UInt8])?
        var unknown = firstKnown ? 0 : 1
        for count in 2...4 where index + count <= words.count {
            let place = index + count - 1
            let joint = joints[place]
            guard joint != 0, joint != 0x2F, joint != 0x40, !words[place].traits.contains(.marker) else { break }
            let part = bytes(of: words[place])
            guard part.count <= 12, part.allSatisfy({ $0 &- 0x61 < 26 }) else { break }
            if !words[place].traits.contains(.known) { unknown += 1 }
            spelled.append(contentsOf: part)
            // Over a space both have to be no words; over a sign one is enough.
            let needed = Letters.isSpace(joint) ? count : 1
            if unknown >= needed, spelled.count >= 5, lexicon.contains(spelled) { best = (count, spelled) }
        }
        return best
    }

    private func taken(apart word: ArraySlice<UInt8>, isBeside: Bool = false) -> [[UInt8]]? {
        guard word.count >= 4, word.count <= 4000 else { return nil }
        guard word.allSatisfy({ $0 &- 0x61 < 26 }) else { return partedAtNumbers(word) }
        if let short = unstretched(word) { return [short] }
        // A run of many words may hold a name.
        guard word.count >= (isBeside ? 6 : 9),
            let pieces = lexicon.pieces(of: Array(word), mostUnknown: word.count < 20 ? 0 : word.count < 40 ? 15 : 25),
            pieces.count > 1, word.count * 2 >= pieces.count * (isBeside ? 6 : 7)
        else { return nil }
        let all = Array(word)
        return pieces.map { Array(all[$0]) }
    }

    /// `pleasesend500dollarsto`: letters and digits by turns, where letters among them are words run together.
    private func partedAtNumbers(_ word: ArraySlice<UInt8>) -> [[UInt8]]? {
        guard word.count >= 12, word.allSatisfy({ $0 &- 0x61 < 26 || $0 &- 0x30 < 10 }) else { return nil }
        var pieces: [[UInt8]] = []
        var isParted = false
        var start = word.startIndex
        while start < word.endIndex {
            let isNumber = word[start] < 0x61
            let end = word[start...].firstIndex { ($0 < 0x61) != isNumber } ?? word.endIndex
            if !isNumber, let words = taken(apart: word[start..<end]), words.count > 1 {
                pieces.append(contentsOf: words)
                isParted = true
            } else {
                pieces.append(Array(word[start..<end]))
            }
            start = end
        }
        return isParted ? pieces : nil
    }

    /// `ignooore`, `iiggnnoorree`.
    private func unstretched(_ word: ArraySlice<UInt8>) -> [UInt8]? {
        func squeezed(_ most: Int) -> [UInt8] {
            var result: [UInt8] = []
            var run = 0
            for byte in word {
                run = byte == result.last ? run + 1 : 1
                if run <= most { result.append(byte) }
            }
            return result
        }
        var halved: [UInt8] = []
        if word.count.isMultiple(of: 2) {
            var index = word.startIndex
            while index < word.endIndex, word[index] == word[index + 1] {
                halved.append(word[index])
                index += 2
            }
            if index < word.endIndex { halved = [] }
        }
        for form in [halved, squeezed(2), squeezed(1)]
        where form.count >= 3 && form.count * 4 <= word.count * 3 && lexicon.contains(form) {
            return form
        }
        return nil
    }

    /// Numbers beside words in leetspeak: `4 11` beside `1gn0r3`.
    private mutating func spellNumbers() {
        for index in words.indices {
            let near = max(0, index - 2)..<min(words.count, index + 3)
            guard near.contains(where: { words[$0].traits.contains(.repaired) }),
                let spelled = Leetspeak.loose(bytes(of: words[index]), lexicon: lexicon)
            else { continue }
            words[index].lower = Int32(truncatingIfNeeded: buffer.count)
            buffer.append(contentsOf: spelled)
            words[index].upper = Int32(truncatingIfNeeded: buffer.count)
            words[index].hash = Lexicon.hash(spelled)
            words[index].traits.formUnion([.repaired, .known])
        }
    }

    // MARK: - Rebuilding

    private func emptied() -> WordLine {
        var copy = WordLine(lexicon: lexicon)
        copy.words.reserveCapacity(words.count)
        return copy
    }

    func originRange(_ range: Range<Int>) -> Range<Int> {
        var low = Int32.max
        var high: Int32 = 0
        for word in words[range] {
            low = min(low, word.start)
            high = max(high, word.end)
        }
        return Int(min(low, high))..<Int(high)
    }

    fileprivate mutating func copy(_ other: WordLine, _ range: Range<Int>) {
        for index in range {
            var word = other.words[index]
            let spelled = other.bytes(of: word)
            word.lower = Int32(truncatingIfNeeded: buffer.count)
            buffer.append(contentsOf: spelled)
            word.upper = Int32(truncatingIfNeeded: buffer.count)
            words.append(word)
            places.append(other.places[index])
            joints.append(other.joints[index])
        }
    }

    fileprivate mutating func merge(
        _ other: WordLine,
        _ range: Range<Int>,
        _ spelled: [UInt8],
        _ trait: WordTraits
    ) {
        var word = other.words[range.lowerBound]
        let origin = other.originRange(range)
        word.start = Int32(truncatingIfNeeded: origin.lowerBound)
        word.end = Int32(truncatingIfNeeded: origin.upperBound)
        word.lower = Int32(truncatingIfNeeded: buffer.count)
        buffer.append(contentsOf: spelled)
        word.upper = Int32(truncatingIfNeeded: buffer.count)
        word.hash = Lexicon.hash(spelled)
        word.traits.insert(trait)
        word.traits.remove(.known)
        if lexicon.contains(word.hash) { word.traits.insert(.known) }
        words.append(word)
        places.append(other.scalarRange(range))
        joints.append(other.joints[range.lowerBound])
    }
}

extension Lexicon {
    private func isUnknown(_ piece: Range<Int>, in unknown: [Int]) -> Bool {
        unknown[piece.upperBound] - unknown[piece.lowerBound] == piece.count
    }

    /// A word as known words one after another, with the least cost; nil where more letters than that are in none.
    ///
    /// - Parameters:
    ///   - word: the letters.
    ///   - mostUnknown: of a hundred letters, how many may be in no word.
    /// - Returns: the ranges of the words.
    func pieces(of word: [UInt8], mostUnknown: Int) -> [Range<Int>]? {
        let longest = 18
        var cost = [Int](repeating: .max, count: word.count + 1)
        var from = [Int](repeating: 0, count: word.count + 1)
        var unknown = [Int](repeating: 0, count: word.count + 1)
        cost[0] = 0
        for start in 0..<word.count where cost[start] < .max {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for end in start + 1...min(word.count, start + longest) {
                hash = (hash ^ UInt64(word[end - 1])) &* 0x0000_0100_0000_01B3
                let length = end - start
                let isKnown = length == 1 ? word[start] == 0x61 || word[start] == 0x69 : contains(Self.stir(hash))
                guard isKnown || length == 1 else { continue }
                var step = !isKnown ? 40 : length == 1 ? 18 : length == 2 ? 16 : length == 3 ? 14 : 11
                if isKnown, length > 1, isCommon(Self.stir(hash)) { step -= length == 2 ? 5 : length == 3 ? 7 : 3 }
                if cost[start] + step < cost[end] {
                    cost[end] = cost[start] + step
                    from[end] = start
                    unknown[end] = unknown[start] + (isKnown ? 0 : 1)
                }
            }
        }
        guard cost[word.count] < .max, unknown[word.count] * 100 <= word.count * mostUnknown else { return nil }
        var pieces: [Range<Int>] = []
        var end = word.count
        while end > 0 {
            // Letters of no word beside one another are a word that is not known.
            if let last = pieces.last, isUnknown(from[end]..<end, in: unknown), isUnknown(last, in: unknown) {
                pieces[pieces.count - 1] = from[end]..<last.upperBound
            } else {
                pieces.append(from[end]..<end)
            }
            end = from[end]
        }
        return pieces.reversed()
    }
}
