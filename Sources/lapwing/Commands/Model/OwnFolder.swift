import CLinux
import Glibc

/// Folders in a place where every user may make some.
enum OwnFolder {
    /// Whether a path is a folder itself, no link, that this user owns: another user may have put one there by any name.
    static func isAt(_ path: String) -> Bool {
        var facts = lapwing_file_facts()
        // The path is a C string for the length of the call.
        return unsafe lapwing_file_facts_of_link(path, &facts) == 0 && facts.kind == S_IFDIR && facts.owner == geteuid()
    }
}
