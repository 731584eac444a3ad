import RegularExpressions

/// What a recogniser found.
struct Match: Sendable, Equatable {
    /// How what has no end of its own goes on.
    enum Tail: Sendable, Equatable {
        /// For as long as the units are of a set.
        case units(UnitSet)
        /// Up to the line that ends an armoured key, or to what cannot be part of one.
        case armour
    }

    /// The rule, by its index in ``OutputRules``.
    var rule: Int
    /// The first unit of what was found; it may come after where the candidate started.
    var start: Int
    /// The unit after the last.
    var end: Int
    /// Whether it goes on from there.
    var tail: Tail?

    init(_ rule: Int, _ start: Int, _ end: Int, tail: Tail? = nil) {
        self.rule = rule
        self.start = start
        self.end = end
        self.tail = tail
    }

    init(_ type: EntityType, _ start: Int, _ end: Int, tail: Tail? = nil) {
        self.init(type.index, start, end, tail: tail)
    }
}
