/// Names of files that an artifact gives for what lies beside it.
enum RelativeName {
    /// Whether a name stays within its folder: relative, without `..`, and read alike by every system.
    static func isInside(_ name: String) -> Bool {
        guard !name.isEmpty, !name.hasPrefix("/"), !name.hasPrefix("~") else { return false }
        guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: ":") })
        else {
            return false
        }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { $0 != ".." }
    }
}
