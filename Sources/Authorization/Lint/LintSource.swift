/// A YAML file to lint.
public struct LintSource: Sendable, Hashable {
    /// The file as it was named, or `-` for standard input.
    public let file: String
    /// What it says.
    public var text: String

    /// A file's text.
    public init(file: String, text: String) {
        self.file = file
        self.text = text
    }
}
