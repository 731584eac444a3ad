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
        guard links == .refuse, let slash = path.bytes.lastIndex(of: UInt8(ascii: "/")) else {
            return try tree.open(path, links: links)
        }
        let parent = path.bytes[..<slash]
        if folder?.path != parent {
            folder = (parent, try tree.locate(ModelPath(unchecked: Array(parent)), links: links))
        }
        guard let folder, folder.file.facts.isDirectory,
            let file = try? ModelTree.open(Array(path.bytes[(slash + 1)...]), in: folder.file, path),
            file.facts.isFile
        else { return try tree.open(path, links: links) }
        return file
    }
}
