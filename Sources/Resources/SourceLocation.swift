/// Where something stands in a configuration file.
public struct SourceLocation: Hashable, Sendable, Comparable {
    /// The file as it was named, or `-` for standard input.
    public let file: String
    /// The line, from 1.
    public let line: Int
    /// The column in characters, from 1.
    public let column: Int

    /// A place in a file.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// Orders by file, then line, then column.
    public static func < (left: Self, right: Self) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

extension SourceLocation: CustomStringConvertible {
    /// `file:line:column`, the form that editors jump to.
    public var description: String { "\(file):\(line):\(column)" }
}
