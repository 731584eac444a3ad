import Foundation
import Testing

@testable import lapwing

/// What others wrote reaches a terminal as something to read, and never as something to obey.
@Suite(.timeLimit(.minutes(5))) struct TerminalTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("line\n\tand tab", "line\n\tand tab"), ("Grüße, 世界 👩‍🚀", "Grüße, 世界 👩‍🚀"),
        ("\u{1b}[2J\u{1b}[1;1Hverified", #"\u{1b}[2J\u{1b}[1;1Hverified"#), ("a\rb", #"a\u{d}b"#),
        ("a\u{8}\u{7}\u{0}\u{7f}", #"a\u{8}\u{7}\u{0}\u{7f}"#), ("\u{9b}31m", #"\u{9b}31m"#),
        ("\u{9d}0;title\u{9c}", #"\u{9d}0;title\u{9c}"#), ("safe\u{202e}nib.lkp", #"safe\u{202e}nib.lkp"#),
        ("\u{2066}a\u{2069}\u{200f}\u{61c}", #"\u{2066}a\u{2069}\u{200f}\u{61c}"#),
        ("a\u{2028}b\u{feff}\u{200b}c", #"a\u{2028}b\u{feff}\u{200b}c"#), ("\u{e0041}", #"\u{e0041}"#),
        ("\u{1b}[31mred\u{1b}[0m", #"\u{1b}[31mred\u{1b}[0m"#),
    ])
    func `a terminal finds nothing to obey`(text: String, shown: String) {
        #expect(TerminalText.plain(text) == shown)
        #expect(TerminalText.plain(shown) == shown)
    }

    @Test func `nothing that terminals obey is left in any text`() {
        let all = (0..<0x3000).compactMap { Unicode.Scalar($0 as UInt32) }
        let shown = TerminalText.plain(String(String.UnicodeScalarView(all)))
        #expect(
            shown.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control: scalar == "\n" || scalar == "\t"
                case .format, .lineSeparator, .paragraphSeparator: !scalar.properties.isBidiControl
                default: true
                }
            }
        )
    }

    @Test func `names of files do not reach the terminal of who verifies or scans them`() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/model", withIntermediateDirectories: true)
        let name = "\u{1b}[2J\u{202e}\u{9b}x\nlapwing: verified"
        try Data("cos\nsystem\n(S'id'\ntR.".utf8).write(to: URL(fileURLWithPath: directory.path + "/model/" + name))
        _ = try directory.write("{}", to: "model.sig")
        _ = try directory.write("{}", to: "model/" + name + ".sig")
        for arguments in [
            ["model", "scan", directory.path + "/model"],
            ["model", "verify", directory.path + "/model/" + name, "--public-key", directory.path + "/none"],
            ["model", "verify", directory.path + "/model/" + name, "--policy", directory.path + "/\u{1b}c"],
        ] {
            let result = try Program.run(arguments)
            #expect(result.status != 0)
            for text in [result.output, result.errors] {
                #expect(
                    !text.unicodeScalars.contains { ["\u{1b}", "\u{9b}", "\u{202e}"].contains($0) },
                    "\(arguments)"
                )
            }
        }
        let scanned = try Program.run("model", "scan", directory.path + "/model")
        #expect(!scanned.output.contains("\nlapwing: verified"), "\(scanned.output)")
        #expect(scanned.output.contains(#"\u{1b}[2J"#), "\(scanned.output)")
    }
}
