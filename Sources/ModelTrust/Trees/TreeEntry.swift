/// Something that lies in a model, other than a directory with something in it.
struct TreeEntry: Hashable, Sendable {
    /// What it is.
    enum Kind: Hashable, Sendable {
        /// A file, or a link within the model to one.
        case file
        /// A link within the model to a directory: all that it leads to lies in the model under its own path too.
        case folderLink
        /// A link that may not be followed, or that leads nowhere or out of the model.
        case badLink(String)
        /// A directory with nothing in it.
        case emptyFolder
        /// A device, a pipe, a socket.
        case irregular(String)
    }

    let path: ModelPath
    let kind: Kind
    /// Of the file; for a link, of what it leads to.
    let facts: FileFacts
}
