import Foundation
import Testing

/// Commands that are written down somewhere are those that there are.
@Suite(.timeLimit(.minutes(5))) struct CommandsArticleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func `every command that help shows is in the article`() throws {
        let commands = try CommandTree.read().leaves()
        #expect(commands.count > 80 && commands.contains("lapwing identity entry create"))
        let file = Self.root.appending(path: "Documentation/Lapwing.docc/Commands.md")
        let written = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `lapwing") }
            .flatMap { $0.split(separator: "`").filter { $0.hasPrefix("lapwing ") } }
            .flatMap { alternatives(String($0)) }
        let missing = commands.filter { command in
            !written.contains { $0 == command || $0.hasPrefix(command + " ") }
        }
        #expect(missing.isEmpty, "\(missing)")
    }

    /// `a b\\|c d` stands for `a b d` and `a c d`.
    private func alternatives(_ text: String) -> [String] {
        text.split(separator: " ").reduce([""]) { starts, word in
            let choices = word.replacing("\\|", with: "|").split(separator: "|")
            return starts.flatMap { start in choices.map { start.isEmpty ? String($0) : start + " " + $0 } }
        }
    }

    @Test func `every command in the documentation, the examples and the messages exists, with its options`() throws {
        let commands = try CommandTree.read()
        #expect(commands.problem(with: "lapwing identity entry creat x") == "there is no subcommand `creat`")
        #expect(commands.problem(with: "lapwing serve --confg c") == "there is no option `--confg`")
        #expect(commands.problem(with: "lapwing alert list|show ID -o json | jq . --sort") == nil)
        var count = 0
        for (name, text) in try files() {
            for (line, command) in written(in: text, isSwift: name.hasSuffix(".swift")) {
                count += 1
                let problem = commands.problem(with: command)
                #expect(problem == nil, "\(name):\(line): `\(command)`: \(problem ?? "")")
            }
        }
        #expect(count > 700)
    }

    /// The files in which commands stand, by their path here.
    private func files() throws -> [(name: String, text: String)] {
        let places = ["README.md", "CHANGELOG.md", "Documentation", "Examples", "deploy", "Sources"]
        let suffixes = [".md", ".yaml", ".yml", ".service", ".swift", ".sh"]
        return try places.flatMap { place -> [(name: String, text: String)] in
            let path = Self.root.appending(path: place).path
            let inner = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
            let names = place.hasSuffix(".md") ? [place] : inner.map { place + "/" + $0 }
            return try names.filter { name in
                suffixes.contains(where: name.hasSuffix) && !name.contains("/.build/")
            }.map { ($0, try String(contentsOf: Self.root.appending(path: $0), encoding: .utf8)) }
        }
    }

    /// The commands of a text with their lines: between backticks, and in blocks of code at the start of a line.
    private func written(in text: String, isSwift: Bool) -> [(line: Int, command: String)] {
        var found: [(line: Int, command: String)] = []
        var isBlock = false
        var begun = ""
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.trimmingCharacters(in: .whitespaces)
            if !isSwift, words.hasPrefix("```") {
                isBlock.toggle()
                continue
            }
            guard isBlock else {
                let spans = line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                for (place, span) in spans where !place.isMultiple(of: 2) && span.hasPrefix("lapwing ") {
                    guard span.dropFirst(8).first?.isNumber == false else { continue }
                    found.append((index + 1, withoutInterpolations(span.replacing("\\|", with: "|"))))
                }
                continue
            }
            var command = begun + words.trimmingPrefix(#/[$#] +/#).trimmingPrefix(#/sudo +/#)
            begun = ""
            guard command.hasPrefix("lapwing ") else { continue }
            if command.hasSuffix("\\") {
                command.removeLast()
                begun = command + " "
            } else {
                found.append((index + 1, command))
            }
        }
        return found
    }

    /// A message's text, with `X` for each of its values.
    private func withoutInterpolations(_ text: some StringProtocol) -> String {
        String(text).replacing(#/\\\([^)]*\)+/#, with: "X")
    }
}
