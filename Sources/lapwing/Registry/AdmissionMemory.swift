import Foundation
import Synchronization

/// Remembers over restarts by which terms each repository's manifests were judged last.
///
/// A repository is forgotten before anything in it is judged by other terms, and known again once all of it was: whatever
/// happens in between, it is judged again. A file that is lost or cannot be read has everything judged again.
final class AdmissionMemory: Sendable {
    private let path: String
    /// Guards the terms by repository, and the file.
    private let terms: Mutex<[String: String]>

    init(path: String) {
        self.path = path
        let data = FileManager.default.contents(atPath: path) ?? Data()
        terms = Mutex((try? JSONDecoder().decode([String: String].self, from: data)) ?? [:])
    }

    /// What each repository was judged by.
    var known: [String: String] { terms.withLock { $0 } }

    /// Forgets the repositories that other terms hold for now.
    func forget(unless isCurrent: (_ repository: String, _ terms: String) -> Bool) throws {
        try terms.withLock { known in
            let next = known.filter(isCurrent)
            guard next != known else { return }
            known = next
            try save(next)
        }
    }

    /// All of a repository was judged by these terms.
    func remember(_ repository: String, _ judgedBy: String) throws {
        try terms.withLock { known in
            known[repository] = judgedBy
            try save(known)
        }
    }

    private func save(_ terms: [String: String]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let text = try encoder.encode(terms)
        do { try text.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw CommandError.unwritable(path, error)
        }
    }
}
