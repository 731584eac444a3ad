/// Opens files of a model one after the other, and keeps the folder of the last one open.
///
/// Files that lie beside one another are opened by one system call each, where the walk from the root takes four more.
/// What cannot be opened so is left to that walk, which says why.
struct FileOpener {
    private let tree: ModelTree
    private let links: LinkRule
    private var folder: (path: ArraySlice<UInt8>, file: ModelFile)?

    init(_ tree: ModelTree, links: LinkRule) {
        self.tree = tree
        self.links = links
    }

    mutating func open(_ path: ModelPath) throws(ModelRefusal) -> ModelFile {
        // A link may lead anywhere within the model, so that a path through one is walked each time.
        guard links == .refuse, !tree.isFile else { return try tree.open(path, links: links) }
        let slash = path.bytes.lastIndex(of: UInt8(ascii: "/"))
        let parent = path.bytes[..<(slash ?? 0)]
        if folder?.path != parent {
            var found: ModelFile? = tree.rootDirectory
            if slash != nil { found = try? tree.locate(ModelPath(unchecked: Array(parent)), links: links) }
            folder = found.map { (parent, $0) }
        }
        let name = slash.map { Array(path.bytes[($0 + 1)...]) } ?? path.bytes
        guard let folder, folder.file.facts.isDirectory,
            let file = try? ModelTree.open(name, in: folder.file, path), file.facts.isFile
        else { return try tree.open(path, links: links) }
        return file
    }
}
