import Glibc

/// Finds everything that lies in a model.
struct TreeWalk {
    let tree: ModelTree
    let ignore: IgnoreRules
    let links: LinkRule
    private var entries: [TreeEntry] = []
    private var seen = 0
    /// The directories that were looked through.
    private var folders: Set<FolderIdentity> = []

    private struct FolderIdentity: Hashable {
        let device, inode: UInt64

        init(_ facts: FileFacts) {
            device = facts.device
            inode = facts.inode
        }
    }

    init(_ tree: ModelTree, ignoring ignore: IgnoreRules, links: LinkRule) {
        self.tree = tree
        self.ignore = ignore
        self.links = links
    }

    /// Everything, in no order.
    ///
    /// - Throws: ``ModelRefusal`` for what cannot be read, for a name that is not UTF-8, and for too much of it.
    static func entries(
        of tree: ModelTree,
        ignoring ignore: IgnoreRules,
        links: LinkRule
    ) throws(ModelRefusal) -> [TreeEntry] {
        if tree.isFile { return [TreeEntry(path: .itself, kind: .file, facts: tree.rootFacts)] }
        var walk = TreeWalk(tree, ignoring: ignore, links: links)
        try walk.visit(tree.rootDirectory, nil)
        // What a link leads to is looked at where it lies, unless that is left out.
        return walk.entries.map { entry in
            guard entry.kind == .folderLink, !walk.folders.contains(FolderIdentity(entry.facts)) else { return entry }
            return TreeEntry(
                path: entry.path,
                kind: .badLink("`\(entry.path)` leads to a directory that is left out"),
                facts: entry.facts
            )
        }
    }

    private mutating func visit(_ folder: ModelFile, _ path: ModelPath?) throws(ModelRefusal) {
        folders.insert(FolderIdentity(folder.facts))
        let names = try Self.names(in: folder, path)
        if names.isEmpty, let path { entries.append(TreeEntry(path: path, kind: .emptyFolder, facts: folder.facts)) }
        for name in names {
            seen += 1
            guard seen <= ModelTree.maximumEntries else {
                throw ModelRefusal(.irregular, "the model has more than \(ModelTree.maximumEntries) files and folders")
            }
            guard String(validating: name, as: UTF8.self) != nil else {
                let shown = String(decoding: name, as: UTF8.self)
                throw ModelRefusal(
                    .irregular,
                    "the name `\(shown)` is not UTF-8, so that it can be neither signed nor verified; rename the file"
                )
            }
            let child = path?.child(name) ?? ModelPath(unchecked: name)
            guard child.bytes.count <= ModelPath.maximumLength, child.components.count <= ModelPath.maximumDepth else {
                throw ModelRefusal(.irregular, "`\(child.text.prefix(80))…` is too deep or too long a path")
            }
            let facts = try ModelTree.facts(of: name, in: folder, child)
            if ignore.ignores(child, facts) { continue }
            if facts.isDirectory {
                let below = try ModelTree.open(name, in: folder, child)
                guard below.facts.isDirectory, below.facts.isSameFile(as: facts) else {
                    throw ModelRefusal(.changed, "`\(child)` was replaced while it was read")
                }
                try visit(below, child)
            } else if facts.isFile {
                entries.append(TreeEntry(path: child, kind: .file, facts: facts))
            } else if facts.isLink {
                entries.append(link(child, facts))
            } else {
                entries.append(TreeEntry(path: child, kind: .irregular(facts.kindInWords), facts: facts))
            }
        }
    }

    private func link(_ path: ModelPath, _ facts: FileFacts) -> TreeEntry {
        do throws(ModelRefusal) {
            let found = try tree.locate(path, links: links)
            return TreeEntry(path: path, kind: found.facts.isFile ? .file : .folderLink, facts: found.facts)
        } catch  where error.code == .files {
            return TreeEntry(path: path, kind: .badLink("`\(path)` is a link that leads to nothing"), facts: facts)
        } catch {
            return TreeEntry(path: path, kind: .badLink(error.message), facts: facts)
        }
    }

    /// The names in a directory, but for `.` and `..`.
    private static func names(in folder: ModelFile, _ path: ModelPath?) throws(ModelRefusal) -> [[UInt8]] {
        let what = path.map { "`\($0)`" } ?? "the model"
        // A descriptor of its own, since closedir closes what it is given and the position is shared.
        let copy = unsafe openat(folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw ModelTree.unreadable(what, errno) }
        guard let stream = unsafe fdopendir(copy) else {
            close(copy)
            throw ModelTree.unreadable(what, errno)
        }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            // Sound: the entry is valid until the next call, and its name, which ends with a NUL, is copied.
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw ModelTree.unreadable(what, errno) }
                return names
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            guard !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else { continue }
            guard names.count < ModelTree.maximumEntries else {
                throw ModelRefusal(.irregular, "\(what) has more than \(ModelTree.maximumEntries) entries")
            }
            names.append(name)
        }
    }
}
