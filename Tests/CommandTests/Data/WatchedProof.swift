import Foundation

/// `lapwing data prove --watch` while it goes on, and what it says.
final class WatchedProof {
    /// One time that something was saved.
    struct Saved: Decodable {
        struct Line: Decodable {
            let id, layer, outcome: String
        }
        let holds: Bool
        let saved: [String]
        let error: String?
        let cpuMilliseconds: Double
        let changed: [Line]
    }

    private let process = Process()
    private let printed: String

    /// Begins, and waits for the first answer.
    init(_ directory: TemporaryDirectory, _ arguments: [String]) throws {
        printed = directory.path + "/printed"
        try Data().write(to: URL(fileURLWithPath: printed))
        process.executableURL = URL(fileURLWithPath: try Program.path)
        process.arguments = ["data", "prove"] + arguments + ["--watch", "-o", "json"]
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: printed))
        process.standardError = FileHandle.nullDevice
        try process.run()
        for _ in 0..<300 where try !String(contentsOfFile: printed, encoding: .utf8).contains("\n}\n") {
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    /// Ends it.
    func stop() { process.stop() }

    /// What is said after so many changes.
    func said(_ count: Int) throws -> Saved {
        for _ in 0..<300 {
            let text = try String(contentsOfFile: printed, encoding: .utf8)
            // The first answer is over several lines.
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("{\"") }
            if lines.count >= count {
                return try JSONDecoder().decode(Saved.self, from: Data(lines[count - 1].utf8))
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
        throw CocoaError(.fileReadUnknown)
    }
}
