/// A regular set of byte strings, as it is written down before an ``Automaton`` is made of it.
indirect enum RegularExpression: Sendable {
    /// One byte of a set.
    case byte(ByteSet)
    /// These bytes, in this order.
    case literal([UInt8])
    /// One after the other; of nothing, the empty string.
    case sequence([RegularExpression])
    /// Any one of them; of nothing, no string at all.
    case choice([RegularExpression])
    /// Any number of times, also none.
    case many(RegularExpression)
    /// Any string that an automaton accepts.
    case automaton(Automaton)

    /// Every string.
    static let anything = RegularExpression.many(.byte(.all))
    /// The empty string alone.
    static let nothing = RegularExpression.sequence([])

    /// The bytes of a text.
    static func text(_ text: String) -> RegularExpression { .literal(Array(text.utf8)) }

    /// At least once.
    static func repeated(_ expression: RegularExpression) -> RegularExpression {
        .sequence([expression, .many(expression)])
    }

    /// Once or not at all.
    static func optional(_ expression: RegularExpression) -> RegularExpression { .choice([.nothing, expression]) }

    /// These bytes, whatever the case of their letters.
    static func ignoringCase(_ bytes: [UInt8]) -> RegularExpression {
        .sequence(
            bytes.map { byte in
                let small = byte.lowercasedASCII
                let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(small)
                return .byte(ByteSet(isLetter ? [small...small, small & 0xdf...small & 0xdf] : [byte...byte]))
            }
        )
    }
}
