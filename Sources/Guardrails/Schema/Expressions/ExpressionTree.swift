/// A regular expression as it was read.
indirect enum ExpressionTree: Sendable {
    case empty
    case set(ScalarSet)
    case sequence([ExpressionTree])
    case choice([ExpressionTree])
    case repetition(ExpressionTree, least: Int, most: Int?)
    case assertion(Assertion)
    /// What stands ahead, or behind, must match, or must not.
    case look(ExpressionTree, ahead: Bool, isNegative: Bool)

    /// What is true of a place without anything being read.
    enum Assertion: Sendable {
        case start, end, wordBoundary, noWordBoundary
    }

    /// The expression that matches the same texts read from their ends.
    var reversed: ExpressionTree {
        switch self {
        case .empty, .set, .assertion, .look: self
        case .sequence(let parts): .sequence(parts.reversed().map(\.reversed))
        case .choice(let parts): .choice(parts.map(\.reversed))
        case .repetition(let part, let least, let most): .repetition(part.reversed, least: least, most: most)
        }
    }

    /// Whether it matches at the start of a text alone.
    var isAnchored: Bool {
        switch self {
        case .assertion(.start): true
        case .sequence(let parts): parts.first?.isAnchored ?? false
        case .choice(let parts): parts.allSatisfy(\.isAnchored)
        default: false
        }
    }
}
