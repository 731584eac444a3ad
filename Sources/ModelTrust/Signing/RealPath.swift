import Glibc

/// Paths without links.
enum RealPath {
    /// The path with every link resolved; the last component need not exist.
    ///
    /// Nil where its folder does not.
    static func resolve(_ path: String) -> String? {
        if let real = real(path) { return real }
        guard let slash = path.lastIndex(of: "/") else { return real(".").map { $0 + "/" + path } }
        let name = path[path.index(after: slash)...]
        guard !name.isEmpty, name != ".", name != ".." else { return nil }
        return real(slash == path.startIndex ? "/" : String(path[..<slash])).map { ($0 == "/" ? "" : $0) + "/" + name }
    }

    private static func real(_ path: String) -> String? {
        // Sound: the text that realpath returns is copied and freed.
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
