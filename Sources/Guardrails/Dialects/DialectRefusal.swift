/// Why a request was refused before its upstream was called.
public struct DialectRefusal: Error, Hashable, Sendable {
    /// The status that the client gets: 400, 403, 404, 405, 413, 422 or 429.
    public let status: Int
    /// The rule, in a short and stable word: `json_duplicate_key`, `model_not_allowed`.
    public let rule: String
    /// The field at which it is: `messages[2].content`; empty for the whole.
    public let path: String
    /// The bytes of the body, where they are known.
    public let range: Range<Int>?
    /// What is wrong in words; nothing of the body's text is in it.
    public let message: String
    /// When it may be tried again, in seconds.
    public var retryAfter: Int?
    /// What an inspector found, the gravest first; it is recorded, and the client is not told of it.
    public var findings: [RequestFinding]

    /// A refusal.
    public init(
        status: Int = 400,
        rule: String,
        path: String = "",
        range: Range<Int>? = nil,
        message: String,
        retryAfter: Int? = nil,
        findings: [RequestFinding] = []
    ) {
        self.status = status
        self.rule = rule
        self.path = path
        self.range = range
        self.message = message
        self.retryAfter = retryAfter
        self.findings = findings
    }

    init(_ failure: JSONFailure) {
        self.init(
            status: failure.code == .tooLarge || failure.code == .tooDeep ? 413 : 400,
            rule: failure.code.rawValue,
            path: failure.path,
            range: failure.offset..<failure.offset,
            message: "\(failure.message) at byte \(failure.offset)"
        )
    }
}

extension DialectRefusal: CustomStringConvertible {
    /// `rule: message, in path`.
    public var description: String { "\(rule): \(message)" + (path.isEmpty ? "" : ", in \(path)") }
}
