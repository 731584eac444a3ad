/// Why an expression cannot be used.
package struct RegexError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, to switch on.
    package enum Code: Hashable, Sendable {
        /// The expression is not of the language.
        case syntax
        /// The expression has more instructions than one may have.
        case tooLarge
    }

    /// What went wrong.
    package let code: Code
    /// What to read, with the column.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What to read.
    package var description: String { message }
}
