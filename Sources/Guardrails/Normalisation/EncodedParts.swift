/// Finds the parts of a text that are written in a code, and what they say.
///
/// A part counts only where what comes out of it reads like text, so that digests, paths and long names are left
/// alone. Each scalar is tried by a fixed number of codes: the cost is linear.
struct EncodedParts {
    /// A part, what it says, and in what it was written.
    struct Part {
        var range: Range<Int>
        var text: TracedText
        var decoding: Decoding
        /// Whether there is more in it than was read.
        var isCut = false
    }

    let lexicon: Lexicon
    /// The least that is tried.
    private static let least = 12

    /// The parts in order; none overlaps another.
    func find(in text: TracedText) -> [Part] {
        var parts: [Part] = []
        var index = 0
        // How far a run has been looked at in vain: it is not looked at again from its next chunk on.
        var triedWrapped = 0
        var triedGroups = 0
        var triedMoved = 0
        let scalars = text.scalars
        while index < scalars.count {
            if Letters.isSpace(scalars[index]) {
                index += 1
                continue
            }
            var end = index
            var digits = 0
            var capitals = 0
            var signs = 0
            while end < scalars.count, !Letters.isSpace(scalars[end]) {
                let scalar = scalars[end]
                if Letters.isDigit(scalar) { digits += 1 }
                if scalar &- 0x41 < 26 { capitals += 1 }
                if scalar < 0x80, !Letters.isDigit(scalar), !Letters.isASCIILetter(scalar) { signs += 1 }
                end += 1
            }
            // Groups of digits or of dots and dashes go over spaces.
            if index >= triedGroups, let part = grouped(text, from: index, tried: &triedGroups) {
                parts.append(part)
                index = part.range.upperBound
                continue
            }
            if index >= triedMoved, (digits + signs) * 3 >= end - index,
                let part = moved(text, from: index, tried: &triedMoved)
            {
                parts.append(part)
                index = part.range.upperBound
                continue
            }
            // An ordinary word has no digits, no signs but one at its end, and a capital at most at its start.
            if end - index >= 4, index >= triedWrapped, digits + signs > 0 || capitals > 1 || end - index > 20,
                let part = wrapped(text, from: index, to: end, tried: &triedWrapped)
            {
                parts.append(part)
                index = part.range.upperBound
                continue
            }
            if end - index >= Self.least, digits + signs > 0 || capitals > 1 || end - index > 20 {
                parts.append(contentsOf: chunk(text, index..<end))
            }
            index = end
        }
        return parts
    }

    // MARK: - Parts over several chunks

    /// Base 64 or 32 or hexadecimal in lines or groups of one length.
    private func wrapped(_ text: TracedText, from index: Int, to end: Int, tried: inout Int) -> Part? {
        let scalars = text.scalars
        guard isCode(scalars, index..<end) else { return nil }
        let length = end - index
        var places = Array(index..<end)
        var last = end
        var count = 1
        while true {
            var next = last
            var gap = 0
            while next < scalars.count, gap < 3, Letters.isSpace(scalars[next]) {
                next += 1
                gap += 1
            }
            var stop = next
            while stop < scalars.count, !Letters.isSpace(scalars[stop]), stop - next <= length { stop += 1 }
            guard gap > 0, stop > next, stop - next <= length, isCode(scalars, next..<stop) else { break }
            places.append(contentsOf: next..<stop)
            last = stop
            count += 1
            if stop - next < length { break }
        }
        tried = last
        guard count >= 2, places.count >= Self.least, length >= 16 || count >= 3 else { return nil }
        return bitCode(text, places, range: index..<last)
    }

    private func isCode(_ scalars: [UInt32], _ range: Range<Int>) -> Bool {
        range.allSatisfy { Codecs.base64Digit(scalars[$0]) != nil || scalars[$0] == 0x3D }
    }

    /// `01101001 01100111`, `105 103`, `69 67`, `0x69, 0x67`, `.. --.`.
    private func grouped(_ text: TracedText, from index: Int, tried: inout Int) -> Part? {
        let scalars = text.scalars
        let first = scalars[index]
        if first == 0x2E || first == 0x2D || first == 0xB7 || first == 0x2212 || first == 0x2013 {
            var end = index
            while end < scalars.count, isMorse(scalars[end]) { end += 1 }
            tried = end
            guard end - index >= 12, let decoded = Codecs.morse(text, index..<end), decoded.count >= 5,
                reads(decoded, least: 5)
            else { return nil }
            return Part(range: index..<end, text: decoded, decoding: .morse)
        }
        guard Codecs.base64Digit(first) != nil || first == 0x5B, let hex = hexStart(scalars, index) else { return nil }
        var groups: [(Range<Int>)] = []
        var place = hex
        var isHex = false
        var isDecimal = true
        while place < scalars.count {
            var start = place
            // `0x41` and `U+0041`
            if place + 2 < scalars.count,
                scalars[place] == 0x30 && scalars[place + 1] | 0x20 == 0x78
                    || scalars[place] | 0x20 == 0x75 && scalars[place + 1] == 0x2B
            {
                start = place + 2
                isHex = true
            }
            var stop = start
            while stop < scalars.count, stop - start < 9, Escapes.hexDigit(scalars[stop]) != nil { stop += 1 }
            guard stop > start, stop - start <= 8 else { break }
            let length = stop - start
            isDecimal = isDecimal && length <= 3 && scalars[start..<stop].allSatisfy(Letters.isDigit)
            // Groups are of one length, or numbers of two and three digits.
            if let first = groups.first?.count, length != first {
                guard isDecimal, !isHex, (2...3).contains(first), (2...3).contains(length) else { break }
            }
            groups.append(start..<stop)
            place = stop
            while place < scalars.count, place - stop < 3, isGroupGap(scalars[place]) { place += 1 }
            if place == stop { break }
        }
        tried = groups.count > 1 ? place : index
        guard groups.count >= 4, let last = groups.last else { return nil }
        let lengths = Set(groups.map(\.count))
        let range = index..<last.upperBound
        func part(_ base: UInt32, _ decoding: Decoding) -> Part? {
            var decoded = Codecs.Decoded()
            for group in groups {
                var value: UInt32 = 0
                for place in group {
                    guard let digit = Escapes.hexDigit(scalars[place]), digit < base else { return nil }
                    value = value * base + digit
                }
                guard value < 256 else { return nil }
                decoded.append(UInt8(truncatingIfNeeded: value), from: text, group.lowerBound, group.upperBound - 1)
            }
            let result = decoded.text
            return reads(result, least: 4) ? Part(range: range, text: result, decoding: decoding) : nil
        }
        if lengths == [8] || lengths == [7] { return part(2, .binary) }
        if lengths == [4], isHex { return part(16, .hex) }
        if lengths == [2] { return part(16, .hex) ?? part(10, .decimal) }
        if lengths.isSubset(of: [2, 3]), !isHex { return part(10, .decimal) ?? part(8, .decimal) }
        return nil
    }

    /// Three words or more after one another that are words only where each is moved by forty-seven.
    private func moved(_ text: TracedText, from index: Int, tried: inout Int) -> Part? {
        let scalars = text.scalars
        var words = 0
        var signs = 0
        var place = index
        var last = index
        while place < scalars.count {
            var end = place
            while end < scalars.count, !Letters.isSpace(scalars[end]) { end += 1 }
            let chunk = scalars[place..<end]
            // One letter tells nothing.
            if chunk.count > 1 {
                guard isWord(chunk, read: { $0.map(Ciphers.rot47) }) else { break }
                words += 1
                signs += chunk.count { $0 < 0x80 && !Letters.isDigit($0) && !Letters.isASCIILetter($0) }
                last = end
            } else if words == 0 {
                break
            }
            place = end
            while place < scalars.count, place - end < 3, Letters.isSpace(scalars[place]) { place += 1 }
            if place == end { break }
        }
        tried = last
        guard words >= 3, last - index >= Self.least, signs * 6 >= last - index else { return nil }
        var decoded = TracedText()
        for place in index..<last { decoded.append(Ciphers.rot47(scalars[place]), from: text, place, place) }
        return Part(range: index..<last, text: decoded, decoding: .rot47)
    }

    /// Whether a chunk is a word in another reading and far less of one as it stands; what is longer than a word may be
    /// several.
    private func isWord(_ chunk: ArraySlice<UInt32>, read: (ArraySlice<UInt32>) -> [UInt32]) -> Bool {
        guard chunk.count <= 40 else { return false }
        let (known, all) = letters(in: read(chunk))
        return known * 10 >= all * 6 && known > letters(in: chunk).known * 2
    }

    private func hexStart(_ scalars: [UInt32], _ index: Int) -> Int? {
        scalars[index] == 0x5B ? index + 1 : index
    }

    private func isMorse(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x2E, 0x2D, 0xB7, 0x2212, 0x2013, 0x2F, 0x7C, 0x20, 10: true
        default: false
        }
    }

    private func isGroupGap(_ scalar: UInt32) -> Bool {
        Letters.isSpace(scalar) || scalar == 0x2C || scalar == 0x3A || scalar == 0x2D || scalar == 0x3B
    }

    // MARK: - Parts within one chunk

    private func chunk(_ text: TracedText, _ range: Range<Int>) -> [Part] {
        let scalars = text.scalars
        var parts: [Part] = []
        var index = range.lowerBound
        while index < range.upperBound {
            guard Codecs.base64Digit(scalars[index]) != nil else {
                index += 1
                continue
            }
            var end = index
            while end < range.upperBound, Codecs.base64Digit(scalars[end]) != nil { end += 1 }
            let digits = end
            while end < range.upperBound, scalars[end] == 0x3D { end += 1 }
            if digits - index >= Self.least, let part = bitCode(text, Array(index..<digits), range: index..<end) {
                parts.append(part)
            }
            index = end
        }
        if !parts.isEmpty { return parts }
        var low = range.lowerBound
        var high = range.upperBound
        if high - low > 4, scalars[low] == 0x3C, scalars[low + 1] == 0x7E { low += 2 }
        if high - low > 4, scalars[high - 1] == 0x3E, scalars[high - 2] == 0x7E { high -= 2 }
        let inner = low..<high
        for digit in [Codecs.rfc1924Digit, Codecs.ascii85Digit, Codecs.z85Digit] {
            guard let decoded = Codecs.base85(text, inner, digit: digit) else { continue }
            if let part = expanded(decoded, range: range) { return [part] }
            if reads(decoded.text, least: 8) {
                return [Part(range: range, text: decoded.text, decoding: .base85)]
            }
        }
        if let decoded = Codecs.base58(text, inner)?.text, reads(decoded, least: 8) {
            return [Part(range: range, text: decoded, decoding: .base58)]
        }
        return []
    }

    private func bitCode(_ text: TracedText, _ places: [Int], range: Range<Int>) -> Part? {
        let scalars = text.scalars
        func attempt(_ width: UInt32, _ decoding: Decoding, _ digit: (UInt32) -> UInt32?) -> Part? {
            let bits = Codecs.bits(text, places, width: width, digit: digit)
            if let part = expanded(bits, range: range) { return part }
            let decoded = bits.narrowed.text
            return reads(decoded, least: 6) ? Part(range: range, text: decoded, decoding: decoding) : nil
        }
        let isHex = places.allSatisfy { Escapes.hexDigit(scalars[$0]) != nil }
        if isHex {
            if places.allSatisfy({ scalars[$0] == 0x30 || scalars[$0] == 0x31 }),
                let part = attempt(1, .binary, { $0 - 0x30 })
            {
                return part
            }
            if let part = attempt(4, .hex, Escapes.hexDigit) { return part }
        }
        let codes = places.filter { scalars[$0] != 0x3D }
        if codes.allSatisfy({ Codecs.base32Digit(scalars[$0]) != nil }),
            codes.allSatisfy({ scalars[$0] < 0x61 }) || codes.allSatisfy({ scalars[$0] >= 0x61 || scalars[$0] < 0x41 }),
            let part = attempt(5, .base32, Codecs.base32Digit)
        {
            return part
        }
        if let part = attempt(6, .base64, Codecs.base64Digit) { return part }
        // A code that was itself turned round or moved by thirteen.
        if let part = attempt(6, .base64, { rot13($0).flatMap(Codecs.base64Digit) }) { return part }
        let turned = Codecs.bits(reversedText(text, codes), Array(0..<codes.count), width: 6, digit: Codecs.base64Digit)
        return reads(turned.text, least: 6) ? Part(range: range, text: turned.text, decoding: .base64) : nil
    }

    /// What bytes say that are compressed by gzip or zlib; four times as much as its code at most.
    private func expanded(_ decoded: Codecs.Decoded, range: Range<Int>) -> Part? {
        guard let first = decoded.starts.min(), let last = decoded.ends.max(),
            let (bytes, isWhole) = Inflation.expand(decoded.bytes, most: range.count * 4)
        else { return nil }
        let text = Codecs.Decoded(
            bytes: bytes,
            starts: [Int32](repeating: first, count: bytes.count),
            ends: [Int32](repeating: last, count: bytes.count)
        ).narrowed.text
        return reads(text, least: 6)
            ? Part(range: range, text: text, decoding: .compressed, isCut: !isWhole) : nil
    }

    private func reversedText(_ text: TracedText, _ places: [Int]) -> TracedText {
        var result = TracedText()
        for place in places.reversed() { result.append(text, at: place) }
        return result
    }

    private func rot13(_ scalar: UInt32) -> UInt32? { Ciphers.shift(scalar, by: 13) }

    // MARK: - Whether it reads

    /// Whether a decoded text reads like one: no broken character, no control, and letters for the most part; or a
    /// code in its turn.
    func reads(_ text: TracedText, least: Int) -> Bool {
        guard text.count >= least else { return false }
        var letters = 0
        var foreign = 0
        var codes = 0
        for scalar in text.scalars {
            if scalar == 0xFFFD || (scalar < 0x20 && scalar != 9 && scalar != 10 && scalar != 13) || scalar == 0x7F {
                return false
            }
            if (0x80..<0xA0).contains(scalar) || (0xE000...0xF8FF).contains(scalar) { return false }
            if scalar < 0x80 {
                if Letters.isASCIILetter(scalar) || scalar == 0x20 { letters += 1 }
                if Codecs.base64Digit(scalar) != nil || scalar == 0x3D { codes += 1 }
            } else {
                foreign += 1
            }
        }
        if text.count < Self.least, foreign == 0 { return letters * 10 >= text.count * 9 && knowsMost(text) }
        if codes == text.count, text.count >= 16 { return true }
        return (letters + foreign) * 10 >= text.count * 6 || isCoded(text)
    }

    /// Whether all that is in it are percent signs, digits and the like: an escape in a code.
    private func isCoded(_ text: TracedText) -> Bool {
        let signs = text.scalars.count { $0 == 0x25 || $0 == 0x26 || $0 == 0x5C || $0 == 0x3B || $0 == 0x23 }
        return text.count >= 16 && (signs * 5 >= text.count || text.scalars.allSatisfy { $0 < 0x7F && $0 >= 0x20 })
    }

    private func knowsMost(_ text: TracedText) -> Bool { knownShare(text) >= 60 }

    /// How many of a hundred letters stand in words that the lexicon has; the first thousand letters tell.
    func knownShare(_ text: TracedText) -> Int {
        let (known, all) = letters(in: text.scalars.prefix(1000))
        return all == 0 ? 0 : known * 100 / all
    }

    /// How many letters stand in words that the lexicon has, and how many there are.
    private func letters(in scalars: some Sequence<UInt32>) -> (known: Int, all: Int) {
        var known = 0
        var all = 0
        var word: [UInt8] = []
        func close() {
            guard !word.isEmpty else { return }
            all += word.count
            if word.count > 1, lexicon.contains(word) { known += word.count }
            word.removeAll(keepingCapacity: true)
        }
        for scalar in scalars {
            if Letters.isASCIILetter(scalar) {
                word.append(UInt8(truncatingIfNeeded: scalar | 0x20))
            } else {
                close()
            }
        }
        close()
        return (known, all)
    }

    /// What another reading of a whole text leaves of it: all but those words that are none as they stand and are some
    /// there, so that nothing stands unread beside what was written in a code.
    ///
    /// - Parameters:
    ///   - text: the text as it stands.
    ///   - read: the other reading of a chunk between spaces.
    /// - Returns: the rest; nil where it has no letter and no digit.
    func rest(of text: TracedText, read: (ArraySlice<UInt32>) -> [UInt32]) -> TracedText? {
        var rest = TracedText()
        rest.reserve(text.count)
        var says = false
        var index = 0
        while index < text.count {
            let isSpace = Letters.isSpace(text.scalars[index])
            var end = index + 1
            while end < text.count, Letters.isSpace(text.scalars[end]) == isSpace { end += 1 }
            let chunk = text.scalars[index..<end]
            if !isSpace {
                if isWord(chunk, read: read) {
                    index = end
                    continue
                }
                says = says || chunk.contains(where: Letters.isWord)
            }
            rest.append(contentsOf: text, index..<end)
            index = end
        }
        return says ? rest : nil
    }
}

/// Ciphers that move letters.
enum Ciphers {
    /// A letter moved along the alphabet; what is no letter stays.
    static func shift(_ scalar: UInt32, by places: UInt32) -> UInt32 {
        switch scalar {
        case 0x61...0x7A: (scalar - 0x61 + places) % 26 + 0x61
        case 0x41...0x5A: (scalar - 0x41 + places) % 26 + 0x41
        default: scalar
        }
    }

    static func atbash(_ scalar: UInt32) -> UInt32 {
        switch scalar {
        case 0x61...0x7A: 0xDB - scalar
        case 0x41...0x5A: 0x9B - scalar
        default: scalar
        }
    }

    static func rot47(_ scalar: UInt32) -> UInt32 {
        scalar > 0x20 && scalar < 0x7F ? (scalar - 0x21 + 47) % 94 + 0x21 : scalar
    }
}
