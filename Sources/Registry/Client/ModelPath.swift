/// Where a file of an artifact belongs, below a directory and never outside it.
///
/// Components joined by `/`; none of them is empty, `.` or `..`, and no byte is a control character or `\`.
public struct ModelPath: Hashable, Sendable, CustomStringConvertible {
    /// The path.
    public let description: String

    /// Checks a path; nil where it could lead elsewhere.
    public init?(_ text: String) {
        let components = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard (1...1024).contains(text.utf8.count), components.count <= 32,
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\\") })
        else { return nil }
        for component in components {
            guard !component.isEmpty, component.count <= 255, !component.elementsEqual(".".utf8),
                !component.elementsEqual("..".utf8)
            else { return nil }
        }
        self.description = text
    }

    /// The directories above the file, the outermost first.
    var parents: [String] {
        let components = description.split(separator: "/")
        return (1..<max(components.count, 1)).map { components.prefix($0).joined(separator: "/") }
    }
}
