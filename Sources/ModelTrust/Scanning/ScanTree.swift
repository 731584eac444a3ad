import CLinux
import Glibc

/// The files below a path, found without following a link.
public struct ScanTree: Sendable {
    /// How many files and folders are looked at, and how deep folders may lie in one another.
    private static let limits = (files: 100_000, depth: 64)

    /// One file, or what stands where a file could.
    public struct Entry: Hashable, Sendable, Codable {
        /// The folder that was asked for, or the one that a single file lies in.
        public let root: String
        /// The path below the root.
        public let name: String
        /// How reports name it.
        public let shown: String
        /// Bytes, as the file system says.
        public let size: UInt64
    }

    /// The files, in the order of their names.
    public private(set) var entries: [Entry] = []
    /// What could not be listed, each with the reason.
    public private(set) var findings: [ScanFinding] = []

    /// Lists a file or a folder; a link that is itself asked for is followed, as whoever asks means what it leads to.
    public init(_ path: String) {
        // Sound: realpath returns a string that it allocated, or none.
        guard let resolved = unsafe realpath(path, nil) else {
            note(path, "missing", "it cannot be found: \(Self.text(errno))")
            return
        }
        let real = unsafe String(cString: resolved)
        unsafe free(resolved)
        var facts = lapwing_file_facts()
        guard unsafe lapwing_file_facts_of_path(real, &facts) == 0 else {
            note(path, "unreadable", Self.text(errno))
            return
        }
        if facts.kind == S_IFDIR {
            list(real, below: "", shown: path, depth: 0)
            entries.sort { $0.name < $1.name }
        } else {
            let name = real.split(separator: "/").last.map(String.init) ?? ""
            let folder = MemberPath.folder(of: real)
            entries = [Entry(root: folder, name: name, shown: path, size: facts.size)]
        }
    }

    private mutating func list(_ root: String, below name: String, shown: String, depth: Int) {
        guard depth < Self.limits.depth else {
            return note(shown, "limit-depth", "folders lie too deep in one another")
        }
        let path = name.isEmpty ? root : root + "/" + name
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (name.isEmpty ? 0 : O_NOFOLLOW))
        guard descriptor >= 0, let directory = unsafe fdopendir(descriptor) else {
            return note(shown, "unreadable", "the folder cannot be listed: \(Self.text(errno))")
        }
        defer { unsafe closedir(directory) }
        while let item = unsafe readdir(directory) {
            // Sound: d_name is a C string within the entry, which stays until the next call.
            let bytes = unsafe withUnsafePointer(to: &item.pointee.d_name) {
                unsafe String(validatingCString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            guard let entry = bytes else {
                note(shown, "name", "a file in it has a name that is not UTF-8")
                continue
            }
            guard entry != ".", entry != ".." else { continue }
            guard entries.count < Self.limits.files else {
                return note(shown, "limit-files", "there are more than \(Self.limits.files) files")
            }
            var facts = lapwing_file_facts()
            guard unsafe lapwing_file_facts_at(dirfd(directory), entry, &facts) == 0 else {
                note(shown + "/" + entry, "unreadable", Self.text(errno))
                continue
            }
            let below = name.isEmpty ? entry : name + "/" + entry
            let shownEntry = shown.hasSuffix("/") ? shown + entry : shown + "/" + entry
            if facts.kind == S_IFDIR {
                list(root, below: below, shown: shownEntry, depth: depth + 1)
            } else {
                entries.append(
                    Entry(root: root, name: below, shown: shownEntry, size: facts.size)
                )
            }
        }
    }

    private mutating func note(_ path: String, _ rule: String, _ message: String) {
        findings.append(ScanFinding(rule: rule, verdict: .notProven, path: path, message: message))
    }

    private static func text(_ error: Int32) -> String {
        // Sound: strerror returns a string that stays until the next call on this thread.
        unsafe String(cString: strerror(error))
    }
}
