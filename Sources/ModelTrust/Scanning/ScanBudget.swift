/// What one scan may cost, whatever the artifact declares of itself.
struct ScanBudget: Hashable, Sendable {
    /// How many findings are kept.
    static let findings = 256
    /// How many findings say that a limit was met.
    static let limitFindings = 16
    /// How deep containers may lie within one another.
    static let depth = 5

    /// Bytes that may still be expanded from compressed members.
    var expansion: UInt64 = 8 << 30
    /// Bytes of arrays that may still be looked through, where compiled code believes them.
    var contents: UInt64 = 1 << 30
    /// Steps that may still be taken: opcodes, records, nodes.
    var steps = 4_000_000
    /// Bytes of text that may still be looked through.
    var texts = UInt64.max
    /// Values that pickles may still make, in units of some 64 bytes.
    var values = Int.max
    /// How many members an archive may have: as many as a zip could count before its 64-bit records, and more where it is
    /// large, as that of a model with a hundred thousand experts.
    var members = 65_536

    /// Limits what a file of few bytes may cost, however much they expand to.
    mutating func limit(toFileOf size: UInt64) {
        let size = Int(min(size, 1 << 40))
        steps = min(min(steps, 1 << 40) + size / 8, 1 << 20 + 2 * size)
        values = min(values, 1 << 16 + 2 * size)
        texts = min(texts, 4 << 20 + 16 * UInt64(size))
        members += size / 256
    }

    /// Holds the number of an archive's members against what is looked at.
    func check(members count: Int) throws(ScanStop) {
        guard count > members else { return }
        throw ScanStop(rule: "limit-files", message: "the archive has more than \(members) members")
    }

    /// Takes bytes of text; none are left once there were too few.
    mutating func read(text count: Int) throws(ScanStop) {
        guard texts > 0, UInt64(count) <= texts else {
            texts = 0
            throw ScanStop(rule: "limit-expansion", message: "it expands to more text than a file of its size does")
        }
        texts -= UInt64(count)
    }

    /// Takes values.
    mutating func make(_ count: Int) throws(ScanStop) {
        guard count <= values else {
            values = 0
            throw ScanStop(
                rule: "limit-values",
                message: "its pickles make more lists, dictionaries, tuples and objects than a file of its size does"
            )
        }
        values -= count
    }

    /// Takes steps.
    mutating func step(_ count: Int = 1) throws(ScanStop) {
        guard count <= steps else {
            // What follows would only fail after as much work again.
            steps = 0
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
