import CLinux
import Glibc

/// A model on disk: a directory, or one file.
///
/// Nothing outside of it is ever opened. Every path is walked one component at a time from the root's descriptor without
/// following links, so that what is verified cannot be replaced between the look and the reading.
final class ModelTree: Sendable {
    /// The most files and folders that a model may have.
    static let maximumEntries = 1_000_000
    /// How many links one path may lead through (as Linux has it).
    static let maximumLinks = 40

    /// The path's last component, for the statement.
    let name: String
    private let root: ModelFile

    /// Opens a model.
    ///
    /// The path itself may lead through links: it is the caller's word.
    init(path: String) throws(ModelRefusal) {
        var found = lapwing_file_facts()
        // Sound: the pointer is to a local variable and does not outlive the call.
        guard unsafe lapwing_file_facts_of_path(path, &found) == 0 else { throw Self.unreadable("`\(path)`", errno) }
        let facts = FileFacts(found)
        guard facts.isFile || facts.isDirectory else {
            throw ModelRefusal(.irregular, "`\(path)` is \(facts.kindInWords), and a model is a directory or a file")
        }
        // Sound: the path does not outlive the call.
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.unreadable("`\(path)`", errno) }
        root = try ModelFile(descriptor)
        guard root.facts.isSameFile(as: facts) else {
            throw ModelRefusal(.changed, "`\(path)` was replaced while it was opened")
        }
        name = RealPath.resolve(path)?.split(separator: "/").last.map(String.init) ?? "model"
    }

    /// Whether the model is one file and no directory.
    var isFile: Bool { root.facts.isFile }
    /// The one file of a single-file model.
    var rootFacts: FileFacts { root.facts }

    /// Opens a file of the model for reading.
    func open(_ path: ModelPath, links: LinkRule) throws(ModelRefusal) -> ModelFile {
        let found = try locate(path, links: links)
        guard found.facts.isFile else { throw ModelRefusal(.files, "`\(path)` is a directory and no file") }
        return found
    }

    /// Opens a file or a directory of the model.
    func locate(_ path: ModelPath, links: LinkRule) throws(ModelRefusal) -> ModelFile {
        if isFile {
            guard path == .itself || path.text == name else { throw Self.missing(path) }
            let copy = fcntl(root.descriptor, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else { throw Self.unreadable("`\(path)`", errno) }
            return try ModelFile(copy)
        }
        var folders = [root]
        var rest = Array(path.components.map(Array.init).reversed())
        var followed = 0
        while let component = rest.popLast() {
            if component.elementsEqual("..".utf8) {
                guard folders.count > 1 else { throw Self.leaves(path) }
                folders.removeLast()
                continue
            }
            guard !component.isEmpty, !component.elementsEqual(".".utf8) else { continue }
            let folder = folders[folders.count - 1]
            let facts = try Self.facts(of: component, in: folder, path)
            if facts.isLink {
                guard links == .followWithin else {
                    throw ModelRefusal(.link, "`\(path)` leads through a symbolic link")
                }
                followed += 1
                guard followed <= Self.maximumLinks else {
                    throw ModelRefusal(.link, "`\(path)` leads through more than \(Self.maximumLinks) links")
                }
                let target = try Self.target(of: component, in: folder, path)
                guard target.first != UInt8(ascii: "/") else { throw Self.leaves(path) }
                rest += target.split(separator: UInt8(ascii: "/")).map(Array.init).reversed()
                guard rest.count <= ModelPath.maximumDepth * 2 else { throw Self.leaves(path) }
                continue
            }
            let isLast = rest.isEmpty
            guard facts.isFile || facts.isDirectory else {
                throw ModelRefusal(.irregular, "`\(path)` is \(facts.kindInWords)")
            }
            guard isLast || facts.isDirectory else { throw Self.missing(path) }
            let file = try Self.open(component, in: folder, path)
            guard file.facts.isSameFile(as: facts), file.facts.kind == facts.kind else {
                throw ModelRefusal(.changed, "`\(path)` was replaced while it was opened")
            }
            folders.append(file)
        }
        return folders[folders.count - 1]
    }

    // MARK: One step

    static func facts(of name: [UInt8], in folder: ModelFile, _ path: ModelPath) throws(ModelRefusal) -> FileFacts {
        var facts = lapwing_file_facts()
        // Sound: the name ends with a NUL, and neither pointer outlives the call.
        guard
            unsafe lapwing_file_facts_at(folder.descriptor, (name + [0]).map(CChar.init(bitPattern:)), &facts) == 0
        else { throw errno == ENOENT || errno == ENOTDIR ? missing(path) : unreadable("`\(path)`", errno) }
        return FileFacts(facts)
    }

    static func open(_ name: [UInt8], in folder: ModelFile, _ path: ModelPath) throws(ModelRefusal) -> ModelFile {
        // Sound: the name ends with a NUL and does not outlive the call.
        let descriptor = unsafe openat(
            folder.descriptor,
            (name + [0]).map(CChar.init(bitPattern:)),
            O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        )
        guard descriptor >= 0 else {
            if errno == ELOOP { throw ModelRefusal(.changed, "`\(path)` was replaced while it was opened") }
            throw unreadable("`\(path)`", errno)
        }
        return try ModelFile(descriptor)
    }

    private static func target(
        of name: [UInt8],
        in folder: ModelFile,
        _ path: ModelPath
    ) throws(ModelRefusal) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: ModelPath.maximumLength)
        // Sound: the buffer has as many bytes as are said, and the name ends with a NUL.
        let count = unsafe readlinkat(
            folder.descriptor,
            (name + [0]).map(CChar.init(bitPattern:)),
            &buffer,
            ModelPath.maximumLength
        )
        guard count > 0, count < ModelPath.maximumLength else { throw unreadable("`\(path)`", errno) }
        return buffer[..<count].map(UInt8.init(bitPattern:))
    }

    var rootDirectory: ModelFile { root }

    // MARK: Refusals

    static func missing(_ path: ModelPath) -> ModelRefusal {
        ModelRefusal(.files, "`\(path)` is signed and not there")
    }

    static func leaves(_ path: ModelPath) -> ModelRefusal {
        ModelRefusal(.link, "`\(path)` is a symbolic link that leaves the model")
    }

    static func unreadable(_ what: String, _ error: Int32) -> ModelRefusal {
        // Sound: strerror's text is copied at once.
        ModelRefusal(.unreadable, "\(what) cannot be read: \(unsafe String(cString: strerror(error)))")
    }
}
