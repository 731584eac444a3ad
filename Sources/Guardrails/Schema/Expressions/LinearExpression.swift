/// A regular expression of ECMA-262 that is matched in time proportional to the text, whatever the expression is.
///
/// All ways through the expression are followed at once, so that there is nothing to go back to. Looks ahead and behind
/// are found for every place of the text in one pass each.
///
/// ```swift
/// let expression = try LinearExpression("^[a-z]{1,8}$")
/// expression.matches("llama")
/// ```
public struct LinearExpression: Sendable {
    /// The expression as written.
    public let pattern: String
    private let program: ExpressionProgram

    /// The bytes of an expression.
    public static let maximumBytes = 8 * 1024

    /// Reads an expression.
    ///
    /// - Throws: ``ExpressionFailure`` for one that is not of the grammar, too large, or not to be matched in linear time.
    public init(_ pattern: String) throws(ExpressionFailure) {
        guard pattern.utf8.count <= Self.maximumBytes else {
            throw ExpressionFailure(message: "the expression has more than \(Self.maximumBytes) bytes", offset: 0)
        }
        var parser = ExpressionParser(pattern)
        self.pattern = pattern
        var room = ExpressionProgram.maximumSteps
        self.program = try ExpressionProgram(try parser.parse(), room: &room)
    }

    /// The steps that the expression is made of.
    var size: Int { program.size }

    /// Whether a text is an expression of the grammar, back-references included, that could be matched somehow.
    static func isExpression(_ text: String) -> Bool {
        guard text.utf8.count <= maximumBytes else { return false }
        var parser = ExpressionParser(text, allowsReferences: true)
        return (try? parser.parse()) != nil
    }

    /// Whether the expression matches anywhere in a text.
    public func matches(_ text: String) -> Bool {
        var steps = Int.max
        return matches(text.unicodeScalars.map(\.value), steps: &steps) ?? false
    }

    /// Whether the expression matches anywhere in a text, with so many steps to take.
    ///
    /// - Returns: nil where the steps did not do.
    func matches(_ text: [UInt32], steps: inout Int) -> Bool? {
        var machine = ExpressionMachine(program, text, stopsAtMatch: true)
        return machine.run(backwards: false, steps: &steps)
    }
}
