import Foundation

/// The estate of the reference scenario, which lies beside the tests since those of the library and of the commands share it.
enum ReferenceEstate {
    static let yaml: String = {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = tests.appending(path: "Estates/reference.yaml")
        // Without it, every test of it fails: nothing is no estate.
        return ((try? String(contentsOf: file, encoding: .utf8)) ?? "").trimmingCharacters(in: .newlines)
    }()
}
