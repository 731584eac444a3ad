/// Why a text was not read as JSON.
public struct JSONFailure: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The text is no JSON (RFC 8259 §2).
        case syntax = "json_syntax"
        /// It ends too soon.
        case truncated = "json_truncated"
        /// Something other than white space stands behind the value.
        case trailing = "json_trailing"
        /// A byte that no UTF-8 has there (RFC 3629 §3).
        case invalidUTF8 = "json_invalid_utf8"
        /// Half of a surrogate pair, which is no character.
        case loneSurrogate = "json_lone_surrogate"
        /// A key that its object has already; which of the two holds is anybody's guess.
        case duplicateKey = "json_duplicate_key"
        /// Too many containers in one another.
        case tooDeep = "json_too_deep"
        /// The text, one of its strings, keys or numbers, or the number of its values.
        case tooLarge = "json_too_large"
    }

    /// What is wrong.
    public let code: Code
    /// The byte at which it is, from 0.
    public let offset: Int
    /// The value in which it is, such as `messages[2].content`; empty for the whole text.
    public let path: String
    /// What is wrong in words, without any of the text.
    public let message: String

    init(_ code: Code, at offset: Int, path: String, _ message: String) {
        self.code = code
        self.offset = offset
        self.path = path
        self.message = message
    }
}

extension JSONFailure: CustomStringConvertible {
    /// `message at byte 17, in messages[2]`.
    public var description: String {
        path.isEmpty ? "\(message) at byte \(offset)" : "\(message) at byte \(offset), in \(path)"
    }
}
