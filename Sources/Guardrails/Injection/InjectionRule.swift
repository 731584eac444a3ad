/// A rule of our own writing: words in an order, with gaps, that an attack uses.
///
/// Rules read normalised words, so that one rule holds for every way of writing them.
public struct InjectionRule: Sendable, Hashable {
    /// What kind of attack a rule tells of.
    public enum Kind: String, CaseIterable, Sendable, Hashable {
        /// Sets aside what the model was told before.
        case override
        /// Gives the model a person without rules to play.
        case jailbreak
        /// Asks for the system prompt or what it holds.
        case extraction
        /// Forges the delimiters that tell who speaks.
        case forging
        /// Orders data to be sent out.
        case exfiltration
        /// Writes so that a person does not see it.
        case hiding
        /// Gives the assistant orders from within a result or document.
        case order
        /// Asks that a code be read and followed.
        case encoding

        var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// A rule that fired.
    public struct Hit: Sendable, Hashable {
        /// The rule.
        public var rule: InjectionRule
        /// The words that it matched.
        public var words: Range<Int>
        /// Whether they stand in quotation marks within prose, as where somebody writes about attacks.
        ///
        /// Such words are no order by themselves: what the rest of the text makes of them is for the classifier.
        public var isMentioned = false

        /// Whether it is enough by itself.
        public var isDecisive: Bool { rule.weight >= InjectionRule.decisive && !isMentioned }
    }

    /// A short name that stays, such as `override-previous`.
    public let id: String
    /// What it tells of.
    public let kind: Kind
    /// How sure it is, to 100.
    ///
    /// From `decisive` on, it is enough by itself.
    public let weight: Int
    /// What it means, for the report.
    public let explanation: String
    /// Where it counts; where nothing is said, everywhere but in the system prompt.
    public let channels: Set<TextChannel>

    /// The weight from which one rule alone makes a text an attack.
    public static let decisive = 90

    /// Rules with one id are one rule.
    public static func == (left: InjectionRule, right: InjectionRule) -> Bool { left.id == right.id }

    /// Hashes the id.
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// All rules, made ready to be looked for.
///
/// A pattern is words with `|` between those that may stand in one place, `x*` for all that begin so, `~3` for a gap of
/// up to three words, and `^` where it must open a sentence. One pass finds all: at each word only the rules that
/// begin with it are tried, each over a bounded number of words.
package struct InjectionRules: Sendable {
    /// The rules of this build.
    package static let shared = InjectionRules(InjectionRuleBook.rules)

    private struct Element: Sendable {
        var exact: Set<UInt64> = []
        var prefixes: [[UInt8]] = []
        /// How many words may stand before it.
        var gap = 0

        func matches(_ text: NormalisedText, _ index: Int) -> Bool {
            if exact.contains(text.words[index].hash) { return true }
            guard !prefixes.isEmpty else { return false }
            let word = text.wordBytes(index)
            return prefixes.contains { word.starts(with: $0) }
        }
    }

    private struct Pattern: Sendable {
        var rule: Int
        var elements: [Element]
        var opensSentence: Bool
    }

    package let rules: [InjectionRule]
    private var patterns: [Pattern] = []
    /// By the hash of the first word, the patterns that may begin there.
    private var first: [UInt64: [Int]] = [:]

    init(_ book: [(InjectionRule, [String])]) {
        rules = book.map(\.0)
        for (index, (_, lines)) in book.enumerated() {
            for line in lines { add(line, rule: index) }
        }
    }

    private mutating func add(_ line: String, rule: Int) {
        var elements: [Element] = []
        var gap = 0
        var opensSentence = false
        for part in line.split(separator: " ") {
            if part == "^" {
                opensSentence = true
            } else if part.first == "~" {
                gap = Int(part.dropFirst()) ?? 0
            } else {
                let alternatives = part.split(separator: "|").map { Self.words(String($0)) }
                // A word of a script without spaces is several words, each its own element.
                let length = alternatives.map(\.count).max() ?? 0
                if length == 1 {
                    var element = Element(gap: gap)
                    for (alternative, text) in zip(alternatives, part.split(separator: "|")) {
                        guard let word = alternative.first else { continue }
                        if text.last == "*" {
                            element.prefixes.append(word)
                        } else {
                            element.exact.insert(Lexicon.hash(word))
                        }
                    }
                    elements.append(element)
                } else {
                    for (place, word) in (alternatives.first ?? []).enumerated() {
                        elements.append(Element(exact: [Lexicon.hash(word)], gap: place == 0 ? gap : 0))
                    }
                }
                gap = 0
            }
        }
        guard let head = elements.first, head.prefixes.isEmpty, !head.exact.isEmpty else {
            preconditionFailure("the rule pattern `\(line)` does not begin with a whole word")
        }
        for hash in head.exact { first[hash, default: []].append(patterns.count) }
        patterns.append(Pattern(rule: rule, elements: elements, opensSentence: opensSentence))
    }

    /// The words that a piece of a pattern stands for, as a text would have them.
    private static func words(_ text: String) -> [[UInt8]] {
        if text.first == "‹" { return [Array(text.utf8)] }
        var line = WordLine(lexicon: Lexicon(bits: []))
        let traced = CompatibilityForm.shared.normalise(TracedText(Array(text.utf8)))
        line.tokenise(traced, 0..<traced.count)
        return line.words.map { Array(line.bytes(of: $0)) }
    }

    /// Every rule that fires, at its first place and at most eight times each.
    ///
    /// The original tells which of the words are only mentioned.
    package func hits(in text: NormalisedText, of original: String) -> [InjectionRule.Hit] {
        var hits = hits(in: text)
        guard !hits.isEmpty else { return hits }
        let quotations = Quotations(Array(original.utf8))
        for place in hits.indices {
            let words = text.words[hits[place].words]
            guard !words.contains(where: { $0.traits.contains(.decoded) }) else { continue }
            hits[place].isMentioned = quotations.hold(text.origin(of: hits[place].words))
        }
        return hits
    }

    private func hits(in text: NormalisedText) -> [InjectionRule.Hit] {
        var hits: [InjectionRule.Hit] = []
        var counts = [Int](repeating: 0, count: rules.count)
        for index in text.words.indices {
            guard let candidates = first[text.words[index].hash] else { continue }
            for candidate in candidates {
                let pattern = patterns[candidate]
                guard counts[pattern.rule] < 8,
                    !pattern.opensSentence || text.words[index].traits.contains(.opensSentence),
                    let end = match(pattern, text, index)
                else { continue }
                counts[pattern.rule] += 1
                hits.append(InjectionRule.Hit(rule: rules[pattern.rule], words: index..<end))
            }
        }
        return hits
    }

    private func match(_ pattern: Pattern, _ text: NormalisedText, _ start: Int) -> Int? {
        var place = start + 1
        for element in pattern.elements.dropFirst() {
            let limit = min(place + element.gap, text.words.count - 1)
            guard place <= limit, let found = (place...limit).first(where: { element.matches(text, $0) }) else {
                return nil
            }
            place = found + 1
        }
        return place
    }
}
