import Foundation
import Testing

/// A headless Chromium of Debian, driven by `Peers/browse.py`.
enum Chromium {
    /// Whether it is here, with the Python that drives it; in CI it has to be.
    static let isHere = DebianProgram.isHere("chromium") && DebianProgram.isHere("python3")

    /// A page to look at.
    struct Step: Encodable {
        var url: String
        var name: String
        var width = 1280
        var dark = false
        var script = true
        /// What has to become true, in the page's own words.
        var until: String?
        /// What is asked of the page then.
        var then: String?
        /// Where the picture goes.
        var picture: String?
    }

    /// What was seen of a page.
    struct Seen: Decodable {
        let name: String
        let loaded: Bool
        let reached: Bool
        let location: String
        let title: String
        let width: Int
        let window: Int
        let then: String?
        let console: [String]
        let exceptions: [String]
        let log: [String]
        let failed: [String]

        /// Whatever a browser complains about: errors, violations of the page's policy, and a page wider than its window.
        var complaints: [String] {
            var all = console + exceptions + log + failed
            if width > window { all.append("the page is \(width) wide, in a window of \(window)") }
            if !loaded || !reached { all.append("it did not load, or what was to come did not come") }
            return all
        }
    }

    /// Where pictures are kept: in `LAPWING_PICTURES`, else among the temporary files.
    static var pictures: String {
        ProcessInfo.processInfo.environment["LAPWING_PICTURES"]
            ?? FileManager.default.temporaryDirectory.path + "/lapwing-console"
    }

    /// Looks at pages, one after the other, in one browser.
    static func look(_ steps: [Step]) throws -> [Seen] {
        struct Work: Encodable {
            let browser = "/usr/bin/chromium"
            let steps: [Step]
        }
        struct Answer: Decodable { let steps: [Seen] }
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Peers/browse.py").path
        let result = try Program.run(
            [script],
            input: String(decoding: try JSONEncoder().encode(Work(steps: steps)), as: UTF8.self),
            program: "/usr/bin/python3"
        )
        try #require(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8)).steps
    }
}
