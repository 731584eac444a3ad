/// Finds a text that fits some patterns and none of some others: intersection, containment and emptiness in one.
///
/// The patterns are run side by side over one representative of each class of bytes; every state that they can be in
/// together is visited once, the nearest first, so that what is found is as short as can be.
struct GlobSearch {
    /// What a search ends with.
    enum Outcome: Hashable {
        /// A text.
        case found([UInt8])
        /// There is none.
        case none
        /// More states were needed than are allowed.
        case unknown
    }

    /// The most states that are visited.
    static let maximumStates = 20_000

    /// The most memory that the states take, in words of eight bytes.
    static let maximumWords = 4 << 20

    /// Patterns that have to fit.
    let all: [Glob]
    /// Patterns that must not fit.
    let none: [Glob]
    private let alphabet: [UInt8]

    init(all: [Glob], none: [Glob]) {
        self.all = all
        self.none = none
        self.alphabet = Self.alphabet(all + none)
    }

    /// One byte of each class that the patterns tell apart, pleasant ones first.
    private static func alphabet(_ globs: [Glob]) -> [UInt8] {
        var used: Set<UInt8> = []
        for glob in globs {
            for token in glob.tokens {
                if token < 256 { used.insert(UInt8(token)) }
                if token == Glob.anyInPart || token == Glob.starInPart { used.insert(UInt8(ascii: ":")) }
            }
        }
        let other =
            "x0abcdefghijklmnopqrstuvwyz123456789-_.ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8.first { !used.contains($0) }
            ?? (33...126).first { !used.contains($0) }
        return (other.map { [$0] } ?? []) + used.sorted()
    }

    private struct State: Hashable {
        var all: [GlobRun]
        var none: [GlobRun]
    }

    /// Searches.
    func run() -> Outcome {
        if let text = samples.first(where: isSolution) { return .found(text) }
        // What fits one text only was among the samples.
        if isPlainlyEmpty || all.contains(where: \.isLiteral) { return .none }
        return searchAll()
    }

    private func isSolution(_ text: [UInt8]) -> Bool {
        all.allSatisfy { $0.matches(text) } && !none.contains { $0.matches(text) }
    }

    /// The shortest texts of each pattern, and some that are little longer: most questions end here.
    private var samples: [[UInt8]] {
        let filler = alphabet.first ?? UInt8(ascii: "x")
        return all.flatMap { glob -> [[UInt8]] in
            let short = glob.tokens.compactMap { Glob.isStar($0) ? nil : $0 < 256 ? UInt8($0) : filler }
            guard short.count < glob.tokens.count else { return [short] }
            let long = glob.tokens.compactMap { $0 < 256 ? UInt8($0) : $0 == Glob.continuation ? nil : filler }
            return [short, long]
        }
    }

    /// Whether two patterns begin differently, or one that must not fit takes in all of one that has to.
    private var isPlainlyEmpty: Bool {
        let heads = all.map(\.head)
        for (index, head) in heads.enumerated() {
            for other in heads[..<index] where !zip(head, other).allSatisfy({ $0 == $1 }) { return true }
        }
        return none.contains { excluded in
            excluded.isPrefix && heads.contains { $0.starts(with: excluded.head) }
        }
    }

    private func searchAll() -> Outcome {
        // Long patterns have large states: fewer of them are visited.
        let words = (all + none).reduce(16) { $0 + $1.tokens.count / 64 + 8 }
        let limit = min(Self.maximumStates, Self.maximumWords / words)
        let start = State(all: all.map { GlobRun($0) }, none: none.map { GlobRun($0) })
        var states = [start]
        var reachedFrom: [(state: Int, byte: UInt8)] = [(-1, 0)]
        var seen: Set<State> = [start]
        var next = 0
        while next < states.count {
            let state = states[next]
            if state.all.allSatisfy(\.isAccepting), !state.none.contains(where: \.isAccepting) {
                return .found(path(to: next, reachedFrom))
            }
            for byte in alphabet {
                var following = state
                for index in following.all.indices { following.all[index].step(byte) }
                guard !following.all.contains(where: \.isDead) else { continue }
                for index in following.none.indices { following.none[index].step(byte) }
                guard seen.insert(following).inserted else { continue }
                guard states.count < limit else { return .unknown }
                states.append(following)
                reachedFrom.append((next, byte))
            }
            next += 1
        }
        return .none
    }

    private func path(to state: Int, _ reachedFrom: [(state: Int, byte: UInt8)]) -> [UInt8] {
        var bytes: [UInt8] = []
        var at = state
        while at > 0 {
            bytes.append(reachedFrom[at].byte)
            at = reachedFrom[at].state
        }
        return bytes.reversed()
    }

    /// Whether a text fits both; true where it could not be decided.
    static func overlap(_ one: Glob, _ other: Glob) -> Bool {
        if one.isLiteral { return other.matches(one.tokens.map { UInt8(truncatingIfNeeded: $0) }) }
        if other.isLiteral { return one.matches(other.tokens.map { UInt8(truncatingIfNeeded: $0) }) }
        return GlobSearch(all: [one, other], none: []).run() != .none
    }

    /// Whether whatever fits one fits one of the others; false where it could not be decided.
    static func isCovered(_ one: Glob, by others: [Glob]) -> Bool {
        if one.isLiteral {
            let bytes = one.tokens.map { UInt8(truncatingIfNeeded: $0) }
            return others.contains { $0.matches(bytes) }
        }
        return GlobSearch(all: [one], none: others).run() == .none
    }
}
