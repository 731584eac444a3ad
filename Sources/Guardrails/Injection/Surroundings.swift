/// What a document says, for comparing a stretch of it with the rest.
///
/// An order that was put into a document does things that the rest of it does not, and is about something else: its
/// classes of words stand nowhere else in it, and few of its words do.
package struct Surroundings: Sendable {
    /// The class of each word.
    package let kinds: [WordClasses.Kind?]
    /// Where each class stands first and last.
    private var classSpans = [(first: Int32, last: Int32)](
        repeating: (.max, -1),
        count: WordClasses.Kind.allCases.count
    )
    /// The number of each word that tells what the text is about; words that are the same have the same.
    private var subjects: [Int32]
    /// Where the same word stood before; -1 where it is the first.
    private var before: [Int32]
    /// Where each such word stands first and last.
    private var spans: [(first: Int32, last: Int32)] = []

    package init(_ text: NormalisedText, kinds: [WordClasses.Kind?]) {
        self.kinds = kinds
        subjects = [Int32](repeating: -1, count: kinds.count)
        before = subjects
        var numbers: [UInt64: Int32] = [:]
        numbers.reserveCapacity(kinds.count / 2)
        for (index, kind) in kinds.enumerated() {
            let place = Int32(index)
            if let kind = kind.map({ Int($0.rawValue) }) {
                classSpans[kind] = (min(classSpans[kind].first, place), place)
                continue
            }
            let word = text.words[index]
            guard word.upper - word.lower >= Self.shortestSubject else { continue }
            if let number = numbers[word.hash] {
                subjects[index] = number
                before[index] = spans[Int(number)].last
                spans[Int(number)].last = place
            } else {
                subjects[index] = Int32(spans.count)
                numbers[word.hash] = Int32(spans.count)
                spans.append((place, place))
            }
        }
    }

    /// Shorter words stand in every text.
    private static let shortestSubject = 4

    /// How many words there are beside some: next to none, a few sentences, a page or more.
    package func size(beside words: Range<Int>) -> UInt64 {
        switch kinds.count - words.count {
        case ..<8: 0
        case ..<30: 1
        case ..<120: 2
        default: 3
        }
    }

    /// The classes that some words have, and those of them that no other word of the text has: a bit each.
    package func classes(of words: Range<Int>) -> (all: UInt64, new: UInt64) {
        var all: UInt64 = 0
        var new: UInt64 = 0
        for index in words {
            guard let kind = kinds[index].map({ Int($0.rawValue) }), all & 1 << kind == 0 else { continue }
            all |= 1 << kind
            let span = classSpans[kind]
            if span.first >= words.lowerBound, span.last < words.upperBound { new |= 1 << kind }
        }
        return (all, new)
    }

    /// How much of what some words are about the rest is about, too: nothing, little, some or much of it; 9 where they are
    /// about nothing.
    package func kinship(of words: Range<Int>) -> UInt64 {
        var all = 0
        var shared = 0
        for index in words where subjects[index] >= 0 && before[index] < words.lowerBound {
            all += 1
            let span = spans[Int(subjects[index])]
            if span.first < words.lowerBound || span.last >= words.upperBound { shared += 1 }
        }
        guard all > 0 else { return 9 }
        return shared == 0 ? 0 : shared * 4 < all ? 1 : shared * 2 < all ? 2 : 3
    }
}
