import RegularExpressions

/// A set of the lists of words of a ``ContextIndex``.
struct ContextSet: Sendable, Equatable {
    private var bits = SIMD2<UInt64>()

    init() {}

    /// The set of one list.
    init(_ list: Int) { bits[list >> 6] = 1 << UInt64(list & 63) }

    var isEmpty: Bool { bits == .zero }

    @inline(__always)
    func isDisjoint(with other: ContextSet) -> Bool { bits & other.bits == .zero }

    @inline(__always)
    mutating func formUnion(_ other: ContextSet) { bits |= other.bits }
}

/// The lists of words of a ``ContextIndex``, while they are gathered.
struct ContextWordLists {
    fileprivate var words: [(units: [UInt8], lists: ContextSet)] = []
    private var numbers: [String: Int] = [:]

    /// Adds a list of words that are parted by commas; an equal list is the same.
    mutating func add(_ list: String) throws -> ContextSet {
        if let number = numbers[list] { return ContextSet(number) }
        let number = numbers.count
        guard number < 128 else { throw PatternError(.tooLarge, "more than 128 lists of words stand before numbers") }
        numbers[list] = number
        for part in list.split(separator: ",") {
            let units = ContextWords.units(part)
            guard units.count > 1 else { throw PatternError(.file, "`\(part)` is too short to stand before a number") }
            if let place = words.firstIndex(where: { $0.units == units }) {
                words[place].lists.formUnion(ContextSet(number))
            } else {
                words.append((units, ContextSet(number)))
            }
        }
        return ContextSet(number)
    }
}

/// Lists of words, one of which has to stand in the text before a number: all of them are looked for at once.
struct ContextIndex: Sendable {
    private struct Word: Sendable {
        /// Where its units end in `units`.
        let end: Int
        let count: Int
        let lists: ContextSet
    }

    /// What was found within reach of the last place that was asked for.
    struct Memory {
        fileprivate var end = 0
        fileprivate var found: [(start: Int, lists: ContextSet)] = []
    }

    /// The list that was added first.
    static let first = ContextSet(0)

    private let words: PlainTable<Word>
    private let units: PlainTable<UInt8>
    /// The words by their last three units, from `buckets[n]` to `buckets[n + 1]` in `numbers`.
    private let buckets: PlainTable<UInt16>
    /// Their places in `words`.
    private let numbers: PlainTable<UInt16>
    /// The last units of words, in both cases.
    private let lasts: UnitBits

    init(_ lists: ContextWordLists) {
        var words: [Word] = []
        var units: [UInt8] = []
        var lasts = UnitSet()
        var members = [[UInt16]](repeating: [], count: Self.bucketCount)
        for word in lists.words {
            let (last, second) = (word.units[word.units.count - 1], word.units[word.units.count - 2])
            // A word of two units ends as it does whatever stands before it.
            let thirds = word.units.count > 2 ? [word.units[word.units.count - 3]] : Array(0..<32)
            for third in thirds { members[Self.bucket(third, second, last)].append(UInt16(words.count)) }
            units += word.units
            words.append(Word(end: units.count, count: word.units.count, lists: word.lists))
            lasts.insert(last...last)
        }
        lasts.foldCase()
        self.lasts = UnitBits(lasts)
        self.words = PlainTable(words)
        self.units = PlainTable(units)
        buckets = PlainTable(members.reduce(into: [0]) { $0.append($0[$0.count - 1] + UInt16($1.count)) })
        numbers = PlainTable(members.flatMap(\.self))
    }

    func deallocate() {
        words.deallocate()
        units.deallocate()
        buckets.deallocate()
        numbers.deallocate()
    }

    private static let bucketCount = 4096

    /// The same for both cases of a letter.
    @inline(__always)
    private static func bucket(_ third: UInt8, _ second: UInt8, _ last: UInt8) -> Int {
        Int(third & 31) << 7 ^ Int(second & 31) << 4 ^ Int(last & 31)
    }

    /// A unit in lower case; names of settings part words with `_`, as texts do with spaces.
    @inline(__always)
    private static func plain(_ unit: UInt8) -> UInt8 {
        unit == UInt8(ascii: "_") ? 0x20 : UnitClass.lowercased(unit)
    }

    /// The lists of which a word ends within reach before a place, and begins where a word begins.
    func standing(before place: Int, in reader: inout UnitReader) -> ContextSet {
        let lowest = max(0, place - ContextWords.reach)
        var memory = Memory()
        let notes = reader.notes
        swap(&memory, &notes.memory)
        defer { swap(&memory, &notes.memory) }
        // Places come in their order, so that each unit is looked at once; but names look ahead, and what stands behind a
        // place says nothing of it.
        if place < memory.end { memory = Memory() }
        var end = max(memory.end, lowest)
        while end < place {
            end += 1
            let last = reader.before(end)
            guard lasts.contains(last) else { continue }
            let bucket = Self.bucket(Self.plain(reader.before(end - 2)), reader.before(end - 1), last)
            for place in Int(buckets[bucket])..<Int(buckets[bucket + 1]) {
                let word = words[Int(numbers[place])]
                let start = end - word.count
                guard start >= lowest else { continue }
                var back = 0
                while back < word.count, Self.plain(reader.before(end - back)) == units[word.end - 1 - back] {
                    back += 1
                }
                if back == word.count, !UnitClass.isLetter(reader.before(start)) {
                    memory.found.append((start, word.lists))
                }
            }
        }
        memory.end = end
        guard !memory.found.isEmpty else { return ContextSet() }
        memory.found.removeAll { $0.start < lowest }
        var standing = ContextSet()
        for found in memory.found { standing.formUnion(found.lists) }
        return standing
    }
}
