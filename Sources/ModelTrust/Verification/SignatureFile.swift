import Glibc

/// The file that a signature lies in.
struct SignatureFile {
    let name: [UInt8]
    let facts: FileFacts
    private let file: ModelFile
    /// What refusals call it.
    private let shown: String

    /// Opens a file; nothing but a regular one, and not a large one.
    ///
    /// Refusals call it what it is said to be.
    init(path: String, what: String = "the signature ") throws(ModelRefusal) {
        // Sound: the path does not outlive the call.
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw ModelTree.unreadable("\(what)`\(path)`", errno) }
        let file = try ModelFile(descriptor)
        guard file.facts.isFile else {
            throw ModelRefusal(.unreadable, "\(what)`\(path)` is \(file.facts.kindInWords)")
        }
        guard file.facts.size <= UInt64(SignatureBundle.maximumSize) else {
            throw ModelRefusal(
                .malformedBundle,
                "\(what)`\(path)` has \(file.facts.size) bytes, and at most \(SignatureBundle.maximumSize) are read"
            )
        }
        self.file = file
        facts = file.facts
        shown = "\(what)`\(path)`"
        name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { Array($0) } ?? []
    }

    /// What is in it, which nobody has to keep.
    func bytes() throws(ModelRefusal) -> [UInt8] { try file.readAll() }

    /// The bundle that it holds.
    ///
    /// - Throws: ``ModelRefusal`` with the file's name where it holds none.
    func bundle() throws(ModelRefusal) -> SignatureBundle {
        let bytes = try bytes()
        do throws(ModelRefusal) { return try SignatureBundle(bytes) } catch {
            throw ModelRefusal(error.code, "\(shown) is none that is read here: \(error.message)")
        }
    }
}
