import Synchronization

/// A set of strings, kept in ``Languages``; equal sets have equal handles.
struct Language: Hashable, Comparable, Sendable {
    fileprivate let index: Int

    static func < (left: Language, right: Language) -> Bool { left.index < right.index }
}

/// The sets of strings of one analysis, each kept once, and what was computed of them.
final class Languages {
    private struct Operation: Hashable {
        enum Kind { case intersection, union, difference }
        let kind: Kind
        let left, right: Language
    }

    /// How a set is written for people.
    struct Name {
        /// What is in it.
        var included: String
        /// What is taken out again.
        var excluded: [String] = []

        var text: String { excluded.isEmpty ? included : "\(included) except \(excluded.joined(separator: ", "))" }
    }

    private let limit: Int
    private var automata: [Automaton] = []
    private var names: [Name] = []
    private var indices: [Automaton: Int] = [:]
    private var results: [Operation: Language] = [:]

    /// An empty collection of automata of at most so many states each.
    init(limit: Int) {
        self.limit = limit
    }

    /// The set that a regular expression stands for, with a name.
    func language(_ expression: RegularExpression, name: String) throws(ReachError) -> Language {
        keep(try Automaton(expression, limit: limit), name: Name(included: name))
    }

    /// The paths that a regular expression stands for, each with any query, with a name.
    func paths(_ expression: RegularExpression, name: String) throws(ReachError) -> Language {
        let automaton = try Automaton(expression, limit: limit).acceptingBefore(UInt8(ascii: "?"))
        return keep(automaton, name: Name(included: name))
    }

    /// What sets of paths there are that every analysis needs, and that cost more than the rest of it.
    struct CommonPaths: Hashable {
        let normalization: PathNormalization
        let isStrict: Bool
        /// Whether only those that every server reads alike.
        let isPlain: Bool
    }

    private struct Known: Hashable {
        let paths: CommonPaths
        let limit: Int
    }

    /// Guards the sets of paths that an earlier analysis of this process has made.
    private static let known = Mutex<[Known: Automaton]>([:])

    /// A set that every analysis needs: made once in a process.
    func common(
        _ paths: CommonPaths,
        _ make: () throws(ReachError) -> Language
    ) throws(ReachError) -> Language {
        let key = Known(paths: paths, limit: limit)
        if let automaton = Self.known.withLock({ $0[key] }) { return keep(automaton, name: Name(included: Self.any)) }
        let language = try make()
        rename(language, Self.any)
        let automaton = automata[language.index]
        Self.known.withLock { $0[key] = automaton }
        return language
    }

    private func keep(_ automaton: Automaton, name: @autoclosure () -> Name) -> Language {
        if let index = indices[automaton] { return Language(index: index) }
        indices[automaton] = automata.count
        automata.append(automaton)
        names.append(name())
        return Language(index: automata.count - 1)
    }

    /// The strings of both.
    func intersection(_ left: Language, _ right: Language) throws(ReachError) -> Language {
        // Either order has one entry.
        try result(.intersection, min(left, right), max(left, right)) { $0 && $1 }
    }

    /// The strings of either.
    func union(_ left: Language, _ right: Language) throws(ReachError) -> Language {
        try result(.union, min(left, right), max(left, right)) { $0 || $1 }
    }

    /// The strings of the first that are not in the second.
    func difference(_ left: Language, _ right: Language) throws(ReachError) -> Language {
        try result(.difference, left, right) { $0 && !$1 }
    }

    /// Whether every string of the first is in the second; what the difference would be is not made.
    func isSubset(_ left: Language, of right: Language) throws(ReachError) -> Bool {
        if left == right { return true }
        if let difference = results[Operation(kind: .difference, left: left, right: right)] {
            return isEmpty(difference)
        }
        return try automata[left.index].isSubset(of: automata[right.index], limit: limit)
    }

    private func result(
        _ kind: Operation.Kind,
        _ left: Language,
        _ right: Language,
        _ isMember: (Bool, Bool) -> Bool
    ) throws(ReachError) -> Language {
        let operation = Operation(kind: kind, left: left, right: right)
        if let known = results[operation] { return known }
        let automaton = try Automaton(automata[left.index], automata[right.index], limit: limit, accepting: isMember)
        let result = keep(automaton, name: name(kind, left, right))
        results[operation] = result
        return result
    }

    /// The automaton of a set.
    func automaton(_ language: Language) -> Automaton { automata[language.index] }

    /// Gives a set another name.
    func rename(_ language: Language, _ name: String) {
        names[language.index] = Name(included: name)
    }

    /// Whether no string is in a set.
    func isEmpty(_ language: Language) -> Bool { automata[language.index].isEmpty }

    /// Whether a string is in a set.
    func contains(_ language: Language, _ text: String) -> Bool { automata[language.index].accepts(text.utf8) }

    /// A shortest string of a set, or nil where it is empty; the given one where it is in the set.
    func member(_ language: Language, preferring text: String? = nil) -> String? {
        if let text, contains(language, text) { return text }
        return automata[language.index].shortest().map { String(decoding: $0, as: UTF8.self) }
    }

    /// Every string of a set that has at most so many.
    func strings(_ language: Language, atMost limit: Int) -> [String]? {
        automata[language.index].strings(atMost: limit)?.map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    /// A set in words: its strings where they are few, else how it came about.
    func describe(_ language: Language) -> String {
        if let strings = strings(language, atMost: 6) {
            return strings.map(Self.word).joined(separator: ", ")
        }
        return names[language.index].text
    }

    /// A string as people read it: without the byte that tells the elements of claims apart.
    private static func word(_ text: String) -> String {
        if text == TokenSpace.mark { return "present" }
        let isElement = text.hasPrefix(TokenSpace.text) || text.hasPrefix(TokenSpace.other)
        let word = isElement ? String(text.dropFirst()) : text
        return word.isEmpty ? "none" : word
    }

    private func name(_ kind: Operation.Kind, _ left: Language, _ right: Language) -> Name {
        switch kind {
        case .intersection: intersectionName(left, right)
        case .difference: differenceName(left, right)
        case .union: Name(included: "\(names[left.index].text), \(names[right.index].text)")
        }
    }

    private func intersectionName(_ left: Language, _ right: Language) -> Name {
        var (first, second) = (names[left.index], names[right.index])
        if first.included == Self.any { swap(&first, &second) }
        let excluded = first.excluded + second.excluded.filter { !first.excluded.contains($0) }
        guard second.included != Self.any, second.included != first.included else {
            return Name(included: first.included, excluded: excluded)
        }
        return Name(included: "\(first.included) and \(second.included)", excluded: excluded)
    }

    private func differenceName(_ left: Language, _ right: Language) -> Name {
        var name = names[left.index]
        let other = names[right.index]
        name.excluded.append(other.excluded.isEmpty ? other.included : "(\(other.text))")
        return name
    }

    /// How a set is named that holds whatever there can be.
    static let any = "any"
}
