/// Files without a byte: `.gitkeep`, `__init__.py`, an empty list of words.
enum EmptyFile {
    static let format = "empty"

    private static let endings: Set<String> = [
        "txt", "md", "py", "csv", "tsv", "log", "cfg", "ini", "lock", "yml", "yaml",
    ]

    /// Whether a file of that name may be empty; a model that is has lost its bytes.
    static func mayBe(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return true }
        return endings.contains(name[name.index(after: dot)...].lowercased())
    }
}
