import Foundation
import Testing

/// What the article says of Kubernetes, done as it stands there.
@Suite(.timeLimit(.minutes(5))) struct KubernetesArticleTests {
    private static let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Documentation/data-access.md")

    /// The blocks of a text that begin with a mark.
    private static func blocks(_ mark: String, in text: String) -> [String] {
        text.components(separatedBy: mark + "\n").dropFirst().map { $0.components(separatedBy: "```").first ?? "" }
    }

    @Test func `the estate of the article is written and proved by its commands`() throws {
        let text = try String(contentsOf: Self.article, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "## Kubernetes and Istio\n").last)
        let estate = try #require(Self.blocks("```yaml", in: text).first)
        let enforcement = try #require(Self.blocks("```yaml", in: section).first)
        let start = try #require(estate.range(of: "enforcement:\n"))
        let directory = try TemporaryDirectory()
        _ = try directory.write(estate[..<start.lowerBound] + enforcement, to: "estate.yaml")
        let commands = section.split(separator: "\n").filter { $0.hasPrefix("lapwing data ") }.prefix(3)
        #expect(commands.count == 3)
        for command in commands {
            let words = command.split(separator: " ").dropFirst().map { word in
                ["estate.yaml", "k8s"].contains(word) ? "\(directory.path)/\(word)" : String(word)
            }
            let run = try Program.run(words)
            // The report of what is missing has something to say.
            #expect(run.status == (words[1] == "egress" ? 1 : 0), "\(command): \(run.output) \(run.errors)")
            #expect(!run.errors.contains("warning"), "\(run.errors)")
        }
    }
}
