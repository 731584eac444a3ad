import Foundation
import ZeroTrust

/// A file of header lines `NAME: VALUE`, such as what a receiver knows its senders by.
///
/// The values are secrets: none of them stands in an error.
struct HeaderFile: Sendable {
    /// The headers in their order.
    let fields: [(name: String, value: Redacted<String>)]

    private static let maximumLength = 65_536

    /// Reads a file.
    ///
    /// - Throws: ``CommandError`` where it cannot be read, or a line is no header, with the line's number.
    init(path: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), text.utf8.count <= Self.maximumLength
        else { throw CommandError(.usage, "the headers in `\(path)` cannot be read") }
        // A line may end in CR LF, which is one character.
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        fields = try lines.enumerated().filter { !$0.element.isEmpty }.map { number, line in
            func failure(_ what: String) -> CommandError { CommandError(.usage, "`\(path)`:\(number + 1): \(what)") }
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw failure("expected NAME: VALUE")
            }
            let name = line[..<colon].trimmingCharacters(in: .whitespaces)
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isToken) else {
                throw failure("the name of a header is letters, digits and `-`")
            }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            // RFC 9110 §5.5: visible characters, spaces and tabs.
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                throw failure("the value has a control character")
            }
            return (name, Redacted(value))
        }
    }

    /// Whether a name may have a byte: `tchar` of RFC 9110 §5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
