import Foundation
import Testing

/// One case of the corpus' folder `iam`, as loose as JSON is.
struct IAMCase {
    let fields: [String: Any]

    var kind: String { text("kind") }
    var name: String { "\(text("id")) \(kind): \(text("name"))" }
    /// Where it is from: `scality/Arsenal@…`.
    var source: String { text("source") }
    var expected: [String: Any] { object("expected") }

    func text(_ name: String) -> String { fields[name] as? String ?? "" }
    func object(_ name: String) -> [String: Any] { fields[name] as? [String: Any] ?? [:] }
    func list(_ name: String) -> [Any] { fields[name] as? [Any] ?? [] }

    /// Every case of the corpus, or nil where none is set; a corpus without them is an error.
    static func load() throws -> [IAMCase]? {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else {
            print("iam: skipped, LAPWING_CORPUS is not set")
            return nil
        }
        let file = URL(fileURLWithPath: root).appendingPathComponent("iam/iam_cases.json")
        let data = try #require(FileManager.default.contents(atPath: file.path), "there is no \(file.path)")
        let parsed = try JSONSerialization.jsonObject(with: data)
        let cases = parsed as? [[String: Any]] ?? (parsed as? [String: Any])?["cases"] as? [[String: Any]] ?? []
        try #require(!cases.isEmpty, "\(file.path) has no case")
        return cases.map { IAMCase(fields: $0) }
    }
}
