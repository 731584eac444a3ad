import Foundation

/// Remembers over restarts by which terms each repository's manifests were judged last.
///
/// A file that is lost or cannot be read has everything judged again.
struct AdmissionMemory: Sendable {
    let path: String

    func load() -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [:] }
        return (try? JSONDecoder().decode([String: String].self, from: data)) ?? [:]
    }

    func save(_ terms: [String: String]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try encoder.encode(terms).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}
