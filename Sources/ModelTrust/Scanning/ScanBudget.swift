/// What one scan may cost, whatever the artifact declares of itself.
struct ScanBudget: Hashable, Sendable {
    /// How many findings are kept.
    static let findings = 1_000
    /// How deep containers may lie within one another.
    static let depth = 5

    /// Bytes that may still be expanded from compressed members.
    var expansion: UInt64 = 8 << 30
    /// Bytes of arrays that may still be looked through, where compiled code believes them.
    var contents: UInt64 = 1 << 30
    /// Steps that may still be taken: opcodes, records, nodes.
    var steps = 4_000_000

    /// Takes steps.
    mutating func step(_ count: Int = 1) throws(ScanStop) {
        guard count <= steps else {
            throw ScanStop(rule: "limit-steps", message: "it takes more steps to read than a model's file does")
        }
        steps -= count
    }

    /// Takes bytes of expansion.
    mutating func expand(_ count: UInt64) throws(ScanStop) {
        guard count <= expansion else {
            throw ScanStop(rule: "limit-expansion", message: "it expands to more than can be looked through")
        }
        expansion -= count
    }
}
