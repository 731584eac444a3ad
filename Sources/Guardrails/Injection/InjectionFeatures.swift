/// What a stretch of words looks like to the classifier: hashed words, pairs, triples and pieces of words, each once,
/// and a few counts.
///
/// All is integer arithmetic, so that a text has the same score on every machine.
package struct InjectionFeatures: Sendable {
    /// Features, each a hash of 32 bits.
    package private(set) var hashes: [UInt32] = []
    /// Counts of what is not a word: rules by kind, address, commands; each at most 4.
    package private(set) var dense = [Int32](repeating: 0, count: InjectionFeatures.denseCount)

    /// Classes of words that stand near one another, each a hash of 32 bits.
    package private(set) var classes: [UInt32] = []
    /// As `leastCount`, for classes.
    package static let leastClasses = 12
    /// The number of classes that the sum of their weights is weighed by.
    package var classCount: Int { max(classes.count, Self.leastClasses) }

    /// The number of features that a sum is weighed by at least: few words say little, whatever they are.
    package static let leastCount = 16

    /// The number of features that the sum of their weights is weighed by.
    package var count: Int { max(hashes.count, Self.leastCount) }

    /// How many counts there are.
    package static let denseCount = InjectionRule.Kind.allCases.count + 7

    private static let secondPerson = hashes("you your yours yourself u")
    private static let assistants = hashes(
        "ai assistant chatbot bot chatgpt gpt llm model claude gemini llama copilot agent machine system dan"
    )
    private static let refusals = hashes(
        "refuse refuses refusing cannot cant wont warning warnings disclaimer disclaimers apologize apologise ethical "
            + "ethics moral morals illegal harmful safety unethical immoral unfiltered uncensored unrestricted filters"
    )
    private static let secrets = hashes(
        "prompt prompts instruction instructions password secret secrets key credentials token config guidelines rules"
    )
    private static let fiction = hashes(
        "character story fictional fiction hypothetical hypothetically imagine pretend roleplay role novel scene script "
            + "screenplay scenario simulate simulation game act villain protagonist"
    )
    private static let imperatives = hashes(
        "send delete transfer forward email share grant retrieve fetch access download upload post create add remove "
            + "schedule buy pay book unlock disable enable execute run print output include write say reply respond reveal "
            + "show list find search change update provide give tell ignore call visit open click"
    )

    private static func hashes(_ words: String) -> Set<UInt64> {
        Set(words.split(separator: " ").map { Lexicon.hash(Array($0.utf8)) })
    }

    /// The features of some words of a text, and of the rules that fired within them; of a document also what sets the words
    /// apart from it.
    package init(
        _ text: NormalisedText,
        _ range: Range<Int>,
        rules: [InjectionRule.Hit],
        kinds: [WordClasses.Kind?]? = nil,
        around: Surroundings? = nil
    ) {
        collect(text, range)
        collectClasses(text, range, kinds ?? WordClasses.shared.kinds(of: text))
        if let around { collectContrast(range, around) }
        for hit in rules where hit.words.lowerBound >= range.lowerBound && hit.words.upperBound <= range.upperBound {
            count(hit.isMentioned ? Self.denseCount - 1 : hit.rule.kind.index, 4)
        }
        let base = InjectionRule.Kind.allCases.count
        for word in text.words[range] {
            if Self.secondPerson.contains(word.hash) { count(base, 8) }
            if Self.assistants.contains(word.hash) { count(base + 1, 8) }
            if Self.refusals.contains(word.hash) { count(base + 2, 8) }
            if Self.secrets.contains(word.hash) { count(base + 3, 8) }
            if Self.fiction.contains(word.hash) { count(base + 4, 8) }
            if word.traits.contains(.opensSentence), Self.imperatives.contains(word.hash) { count(base + 5, 8) }
        }
    }

    private mutating func count(_ index: Int, _ most: Int32) {
        dense[index] = min(dense[index] + 1, most)
    }

    private mutating func collect(_ text: NormalisedText, _ range: Range<Int>) {
        var seen = SeenHashes(expected: range.count * 8)
        hashes.reserveCapacity(range.count * 6)
        var previous: UInt64 = 0x5354_4152
        var before: UInt64 = 0
        for index in range {
            let word = text.words[index]
            let hash = shape(text, index)
            add(hash, &seen)
            add(Lexicon.stir(hash &* 0x9E37_79B9_7F4A_7C15 ^ previous), &seen)
            if before != 0 {
                add(Lexicon.stir(hash &* 0x9E37_79B9_7F4A_7C15 ^ previous &* 0xC2B2_AE3D_27D4_EB4F ^ before), &seen)
                add(Lexicon.stir(hash &* 0x1656_67B1_9E37_79F9 ^ before ^ 0x534B_4950), &seen)
            }
            before = previous
            previous = hash
            let length = Int(word.upper - word.lower)
            if length >= 5, length <= 24, !word.traits.contains(.marker) { pieces(text, word, &seen) }
        }
    }

    /// How many words from one to another they are beside one another.
    private static let near = 3
    private static let reach = 8

    /// Which classes there are, and which stand before which: near, further off, three in a row, and at the beginning of a
    /// sentence.
    private mutating func collectClasses(_ text: NormalisedText, _ range: Range<Int>, _ kinds: [WordClasses.Kind?]) {
        var seen = SeenHashes(expected: range.count * 4)
        // The last words that have a class, the latest first.
        var last: [(kind: UInt64, place: Int)] = []
        func put(_ value: UInt64, _ salt: UInt64) {
            let hash = Lexicon.stir((value &+ 1) &* 0x9E37_79B9_7F4A_7C15 ^ salt)
            let short = UInt32(truncatingIfNeeded: hash ^ hash >> 32)
            if seen.insert(short) { classes.append(short) }
        }
        for index in range {
            if text.words[index].traits.contains(.opensSentence) {
                put(kinds[index].map { UInt64($0.rawValue) } ?? 0xFF, 0x4F50)
                if let first = last.first, index - first.place <= Self.reach {
                    put(first.kind << 8 | (kinds[index].map { UInt64($0.rawValue) } ?? 0xFF), 0x454E)
                }
            }
            guard let kind = kinds[index].map({ UInt64($0.rawValue) }) else { continue }
            put(kind, 0x4B31)
            for (place, other) in last.enumerated() {
                let distance = index - other.place
                guard distance <= Self.reach else { break }
                put(other.kind << 8 | kind, distance <= Self.near ? 0x4B32 : 0x4B46)
                if place + 1 < last.count, last[place + 1].place >= other.place - Self.near, distance <= Self.near {
                    put(last[place + 1].kind << 16 | other.kind << 8 | kind, 0x4B33)
                }
            }
            last.insert((kind, index), at: 0)
            if last.count > 6 { last.removeLast() }
        }
    }

    /// Which classes stand nowhere else in the document, and which stand where the rest is about something else.
    private mutating func collectContrast(_ range: Range<Int>, _ around: Surroundings) {
        func put(_ value: UInt64, _ salt: UInt64) {
            let hash = Lexicon.stir((value &+ 1) &* 0x9E37_79B9_7F4A_7C15 ^ salt)
            classes.append(UInt32(truncatingIfNeeded: hash ^ hash >> 32))
        }
        let size = around.size(beside: range)
        let own = around.classes(of: range)
        let all = UInt64(WordClasses.Kind.allCases.count)
        if size > 0 {
            for kind in 0..<all where own.new >> kind & 1 == 1 { put(kind, 0x4E4F) }
        }
        let kinship = around.kinship(of: range) << 8
        put(kinship | size, 0x4F56)
        for kind in 0..<all where own.all >> kind & 1 == 1 { put(kind << 16 | kinship | min(size, 1), 0x4F57) }
        put(size, 0x5351)
    }

    /// The hash of a word; all numbers of a length are one.
    private func shape(_ text: NormalisedText, _ index: Int) -> UInt64 {
        let word = text.words[index]
        let first = text.bytes[Int(word.lower)]
        guard first &- 0x30 < 10 else { return word.hash }
        return 0x4E55_4D00 &+ UInt64(min(word.upper - word.lower, 6))
    }

    private mutating func pieces(_ text: NormalisedText, _ word: NormalisedText.Word, _ seen: inout SeenHashes) {
        let low = Int(word.lower)
        let high = Int(word.upper)
        var window: UInt64 = 0x5E
        for place in low...high {
            window = (window << 8 | (place < high ? UInt64(text.bytes[place]) : 0x24)) & 0xFF_FFFF_FFFF
            if place >= low + 3 { add(Lexicon.stir(window ^ 0x5049_4543_4500_0000), &seen) }
        }
    }

    private mutating func add(_ hash: UInt64, _ seen: inout SeenHashes) {
        let short = UInt32(truncatingIfNeeded: hash ^ hash >> 32)
        if seen.insert(short) { hashes.append(short) }
    }
}

/// A set of hashes with open places, for counting each once.
private struct SeenHashes {
    private var places: [UInt32]
    private var count = 0
    private var holdsZero = false

    init(expected: Int) {
        var size = 64
        while size < expected * 2 { size *= 2 }
        places = [UInt32](repeating: 0, count: size)
    }

    mutating func insert(_ hash: UInt32) -> Bool {
        if hash == 0 {
            defer { holdsZero = true }
            return !holdsZero
        }
        var place = Int(hash) & (places.count - 1)
        while places[place] != 0 {
            if places[place] == hash { return false }
            place = (place + 1) & (places.count - 1)
        }
        places[place] = hash
        count += 1
        if count * 2 > places.count { grow() }
        return true
    }

    private mutating func grow() {
        let old = places
        places = [UInt32](repeating: 0, count: old.count * 2)
        for hash in old where hash != 0 {
            var place = Int(hash) & (places.count - 1)
            while places[place] != 0 { place = (place + 1) & (places.count - 1) }
            places[place] = hash
        }
    }
}
