/// How much a lint finding matters.
public enum LintSeverity: String, Sendable, Codable, CaseIterable, Comparable {
    /// Worth knowing; nothing is open.
    case note
    /// Probably not what was meant, or weaker than it looks.
    case warning
    /// Refused when it is loaded, or a secret in the open.
    case error

    /// Orders from note to error.
    public static func < (left: Self, right: Self) -> Bool {
        left != right && (left == .note || right == .error)
    }
}
