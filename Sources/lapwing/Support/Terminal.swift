import Foundation
import Glibc

/// Chatter: what is for a person and not for a pipe.
///
/// Whatever a file, a bundle or a peer put into it, a terminal obeys none of it: ``TerminalText``.
enum StandardError {
    static func write(_ line: String) {
        FileHandle.standardError.write(Data((TerminalText.plain(line) + "\n").utf8))
    }
}

/// Data: what a pipe may read.
enum StandardOutput {
    /// Writes text that is for a person; a terminal obeys nothing in it but this program's own colours.
    static func write(_ text: String) {
        FileHandle.standardOutput.write(Data((TerminalText.plain(text, keepingColours: true) + "\n").utf8))
    }

    /// Writes text as it is: a document for another program.
    static func write(verbatim text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// Writes a value as JSON with sorted keys.
    static func write(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
    }
}

/// Colours, where standard output is a terminal and `NO_COLOR` is not set.
enum Style: String, CaseIterable {
    case bold = "1"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case dim = "2"

    static let isEnabled =
        isatty(STDOUT_FILENO) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

    /// A text in this style; whatever styles it had of its own are shown and not obeyed.
    func callAsFunction(_ text: String) -> String {
        Self.isEnabled ? Self.sequence(rawValue) + TerminalText.plain(text) + Self.sequence("0") : text
    }

    private static func sequence(_ code: String) -> String { "\u{1b}[\(code)m" }

    /// What switches styles on and off.
    static let sequences = (allCases.map(\.rawValue) + ["0"]).map(sequence)
}

/// Columns of text, each as wide as its widest cell.
struct TextTable {
    let header: [String]
    var rows: [[String]] = []

    init(_ header: String...) {
        self.header = header
    }

    mutating func add(_ cells: String...) {
        rows.append(cells)
    }

    /// The table, with `paint` applied to each padded cell (row −1 is the header).
    func render(paint: (_ row: Int, _ column: Int, _ cell: String) -> String = { _, _, cell in cell }) -> String {
        let lines = [header] + rows
        let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.enumerated().map { index, cells in
            cells.enumerated().map { column, cell in
                let isLast = column == cells.count - 1
                let padding = isLast ? "" : String(repeating: " ", count: widths[column] - cell.count + 2)
                return (index == 0 ? Style.bold(cell) : paint(index - 1, column, cell)) + padding
            }.joined()
        }.joined(separator: "\n")
    }
}

/// What is piped in.
enum StandardInput {
    /// The most bytes read.
    private static let limit = 16 << 20

    /// All of it, as text.
    ///
    /// - Throws: ``CommandError`` where it is too long or not UTF-8.
    static func text() throws -> String {
        let bytes = try InputFile.standardInput(atMost: limit, of: "text that is read here")
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.usage, "standard input is not UTF-8 text")
        }
        return text
    }
}

/// A bar on standard error that shows how far long work is; nothing where that is no terminal.
final class ProgressBar {
    private let label: String
    private let unit: String
    private let start = ContinuousClock.now
    private var last: ContinuousClock.Instant?
    private let isShown = isatty(STDERR_FILENO) == 1

    init(label: String, unit: String) {
        self.label = label
        self.unit = unit
    }

    func show(_ done: UInt64, of total: UInt64) {
        guard isShown, total > 0 else { return }
        let now = ContinuousClock.now
        if let last, now - last < .milliseconds(100), done < total { return }
        last = now
        let seconds = (now - start) / .seconds(1)
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let left = rate > 0 ? Int(Double(total - done) / rate) : 0
        let filled = Int(30 * done / total)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
        let text = "\r\(label) \(bar) \(done)/\(total) \(unit), \(Int(rate))/s, \(left) s left "
        FileHandle.standardError.write(Data(text.utf8))
    }

    func finish() {
        guard isShown, last != nil else { return }
        FileHandle.standardError.write(Data("\r\u{1b}[K".utf8))
    }
}
