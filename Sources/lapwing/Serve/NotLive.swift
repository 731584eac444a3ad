/// Why a configuration cannot be put in force while the process runs, though it is fine in itself.
struct NotLive: Error, CustomStringConvertible {
    /// What differs, each by its name.
    let changes: [String]

    init(_ changes: [String]) {
        self.changes = changes
    }

    var description: String { changes.joined(separator: "\n") + "; restart `lapwing serve` for it" }
}
