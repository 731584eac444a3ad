/// The actions on objects and buckets by number, so that which of them a statement is about is one word, made once.
enum KnownActions {
    /// The names in lower case, in the order of their numbers.
    private static let names = S3Actions.every.map { ActionName($0.0) }
    /// The number of each name in lower case: `s3:getobject`.
    private static let numbers = Dictionary(
        uniqueKeysWithValues: S3Actions.every.enumerated().map { ($0.element.0, $0.offset) }
    )
    private static let everything: UInt128 = (1 << UInt128(names.count)) - 1

    /// The bit of an action, as it is written here; nil for one that is not known, or is written in another way.
    static func bit(_ action: String) -> UInt128? { numbers[action].map { 1 << UInt128($0) } }

    /// The bits of the actions that are meant.
    static func bits(_ selection: PolicyStatement.Selection<ActionPattern>) -> UInt128 {
        let named = selection.elements.reduce(UInt128(0)) { $0 | bits($1) }
        return selection.isNegated ? everything & ~named : named
    }

    private static func bits(_ pattern: ActionPattern) -> UInt128 {
        guard let service = pattern.service else { return everything }
        guard service == "s3" else { return 0 }
        if pattern.action.isLiteral {
            return bit("s3:" + String(decoding: pattern.action.head, as: UTF8.self)) ?? 0
        }
        return names.enumerated().reduce(UInt128(0)) { bits, name in
            pattern.matches(name.element) ? bits | 1 << UInt128(name.offset) : bits
        }
    }
}
