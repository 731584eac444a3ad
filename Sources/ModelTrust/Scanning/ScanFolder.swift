/// The folder that an artifact lies in, for formats whose files name one another.
struct ScanFolder {
    /// Opens a file by its name relative to the artifact's folder; nil where there is none.
    ///
    /// The name is one that stays within the folder: no `..`, no absolute path, no link on the way.
    let open: (_ name: String) throws(ScanStop) -> ScanInput?

    init(open: @escaping (String) throws(ScanStop) -> ScanInput?) {
        self.open = open
    }
}
