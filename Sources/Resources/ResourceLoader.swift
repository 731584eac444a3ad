public import Foundation

/// Reads a directory of YAML documents as one snapshot: it loads whole or not at all.
///
/// ```swift
/// let snapshot = try ResourceLoader.load(path: "/etc/lapwing")
/// for document in snapshot.documents { print(document.kind, document.metadata.name) }
/// ```
public enum ResourceLoader {
    /// The most files that one directory may hold.
    public static let maximumFiles = 10_000

    /// Everything that was read, in the order of the files.
    public struct Snapshot: Sendable {
        /// The documents; no two share group, kind, namespace and name.
        public let documents: [Document]
        /// The bytes that they were read from, by file, in order, for a digest of the whole.
        public let sources: [(file: String, bytes: Data)]
    }

    /// Reads one file, or every `.yaml` and `.yml` file (in any case) of a directory and its folders, hidden ones left out.
    ///
    /// - Throws: ``ResourceError`` with everything wrong in any of the files; an error of the file system as a finding
    ///   at the file.
    public static func load(path: String) throws -> Snapshot {
        try load(sources: try sources(path: path))
    }

    /// Reads what was read from files before.
    ///
    /// - Throws: ``ResourceError`` with everything wrong in any of the files.
    public static func load(sources: [(file: String, bytes: Data)]) throws -> Snapshot {
        let documents = try collectingDiagnostics(sources) { source in
            try parse(yaml: try text(of: source), file: source.file)
        }.flatMap(\.self)
        try refuseDuplicates(documents)
        return Snapshot(documents: documents, sources: sources)
    }

    /// The texts of one file, or of every YAML file of a directory, unread.
    ///
    /// - Throws: ``ResourceError`` for a file that cannot be read or is not UTF-8.
    package static func texts(path: String) throws -> [(file: String, text: String)] {
        try collectingDiagnostics(try sources(path: path)) { (file: $0.file, text: try text(of: $0)) }
    }

    /// The bytes of one file, or of every YAML file of a directory, unread.
    ///
    /// - Throws: ``ResourceError`` for a file that cannot be read.
    public static func sources(path: String) throws -> [(file: String, bytes: Data)] {
        try collectingDiagnostics(try files(at: path)) { file in
            do { return (file: file, bytes: try bytes(of: file, isNamed: file == path)) } catch let error
                as ResourceError
            {
                throw error
            } catch { throw unreadable(file, error) }
        }
    }

    /// The bytes of one file, no more of which are read than may be.
    ///
    /// What is named itself may be a pipe, such as a shell's `<(…)`; in a directory one would hold up whoever reads it.
    private static func bytes(of file: String, isNamed: Bool) throws -> Data {
        let place = URL(fileURLWithPath: file).resolvingSymlinksInPath().path
        let found = try? FileManager.default.attributesOfItem(atPath: place)
        let isRegular = found?[.type] as? FileAttributeType == .typeRegular
        let start = SourceLocation(file: file, line: 1, column: 1)
        guard isRegular || isNamed else {
            throw ResourceError(at: start, "is no regular file; put a file there, or take it away")
        }
        if isRegular, let size = found?[.size] as? UInt64, size > YAMLReader.maximumBytes {
            throw ResourceError(
                at: start,
                "the file has \(size) bytes; at most \(YAMLReader.maximumBytes) are read"
            )
        }
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
        defer { try? handle.close() }
        var bytes = Data()
        while let more = try handle.read(upToCount: YAMLReader.maximumBytes + 1 - bytes.count), !more.isEmpty {
            bytes += more
            guard bytes.count <= YAMLReader.maximumBytes else {
                throw ResourceError(
                    at: start,
                    "there are more than \(YAMLReader.maximumBytes) bytes, which is the most that are read"
                )
            }
        }
        return bytes
    }

    private static func text(of source: (file: String, bytes: Data)) throws -> String {
        guard let text = String(data: source.bytes, encoding: .utf8) else {
            throw ResourceError(
                at: SourceLocation(file: source.file, line: 1, column: 1),
                source.bytes.starts(with: [0xff, 0xfe]) || source.bytes.starts(with: [0xfe, 0xff])
                    ? "the file is UTF-16 text; save it as UTF-8" : "the file is not UTF-8 text"
            )
        }
        return text
    }

    /// Reads the documents of a text; a Kubernetes `List` counts as its items.
    ///
    /// Messages give the file the name that is passed.
    ///
    /// - Throws: ``ResourceError`` with everything wrong in the text.
    public static func parse(yaml text: String, file: String) throws -> [Document] {
        try collectingDiagnostics(try values(yaml: text, file: file)) { try Document($0) }
    }

    /// Reads the documents of a text as they are written, whatever they are; the items of a `List` one by one.
    ///
    /// This serves tools that look at whole clusters. What is loaded is read with ``parse(yaml:file:)``.
    ///
    /// - Throws: ``ResourceError`` for text that is no YAML or exceeds a bound.
    package static func values(yaml text: String, file: String) throws -> [Value] {
        try collectingDiagnostics(try YAMLReader.read(text, file: file)) { value in
            try listItems(value) ?? [value]
        }.flatMap(\.self)
    }

    /// Refuses documents that share group, kind, namespace and name.
    ///
    /// - Throws: ``ResourceError`` at the later of each pair, naming the earlier.
    public static func refuseDuplicates(_ documents: [Document]) throws {
        var seen: [String: SourceLocation] = [:]
        _ = try collectingDiagnostics(documents) { document in
            if let earlier = seen.updateValue(document.location, forKey: document.identity) {
                throw ResourceError(
                    at: document.metadata.nameLocation,
                    "\(document.kind) `\(document.metadata.name)` is already declared at \(earlier)"
                )
            }
        }
    }

    /// The items of a list, or nil for any other document.
    ///
    /// It is a `v1` `List`, as `kubectl get -o yaml` prints it, or one of a kind, as `kubectl get --raw` does, where each
    /// item says of what kind it is: `AuthorizationPolicyList`.
    private static func listItems(_ value: Value) throws -> [Value]? {
        guard case .mapping(let entries) = value.content,
            case .string(let kind)? = entries.first(where: { $0.key == "kind" })?.value.content, kind.hasSuffix("List"),
            let items = entries.first(where: { $0.key == "items" })?.value
        else { return nil }
        if kind == "List" { return items.isNull ? [] : try items.list { $0 } }
        guard case .list(let elements) = items.content else { return nil }
        let areWhole = elements.allSatisfy { element in
            guard case .mapping(let fields) = element.content else { return false }
            return fields.contains { $0.key == "kind" }
        }
        guard elements.isEmpty else { return areWhole ? elements : nil }
        // An empty list of a cluster has metadata without a name, which no resource has.
        guard case .mapping(let metadata)? = entries.first(where: { $0.key == "metadata" })?.value.content else {
            return nil
        }
        return metadata.contains { $0.key == "name" } ? nil : []
    }

    private static func files(at path: String) throws -> [String] {
        let manager = FileManager.default
        guard let isFolder = isDirectory(path) else {
            let isFile = isYAML(path)
            throw ResourceError(
                at: SourceLocation(file: path, line: 1, column: 1),
                isFile
                    ? "no such file"
                    : "no such file or directory; `lapwing init \(path)` writes a starting configuration"
            )
        }
        guard isFolder else { return [path] }
        var files: [String] = []
        var folders = [path]
        var visited = 0
        while let folder = folders.popLast() {
            let names: [String]
            do { names = try manager.contentsOfDirectory(atPath: folder).sorted() } catch {
                throw unreadable(folder, error)
            }
            for name in names where !name.hasPrefix(".") {
                visited += 1
                guard visited <= maximumFiles else {
                    throw ResourceError(
                        at: SourceLocation(file: path, line: 1, column: 1),
                        "the directory holds more than \(maximumFiles) files"
                    )
                }
                let child = folder + (folder.hasSuffix("/") ? "" : "/") + name
                guard let isFolder = isDirectory(child) else {
                    guard isYAML(name) else { continue }
                    throw ResourceError(
                        at: SourceLocation(file: child, line: 1, column: 1),
                        "the link leads nowhere; remove it, or mend what it points to"
                    )
                }
                if isFolder {
                    // A link to a folder is not followed, so that there can be no endless loop.
                    let type = try? manager.attributesOfItem(atPath: child)[.type] as? FileAttributeType
                    if type != .typeSymbolicLink { folders.append(child) }
                } else if isYAML(name) {
                    files.append(child)
                }
            }
        }
        return files.sorted()
    }

    /// Whether a name is one of YAML, in whatever case: `DENY.YAML` that is passed over would deny nothing.
    package static func isYAML(_ name: String) -> Bool {
        let name = name.lowercased()
        return name.hasSuffix(".yaml") || name.hasSuffix(".yml")
    }

    /// Whether a path, links followed, is a directory; nil where there is nothing.
    private static func isDirectory(_ path: String) -> Bool? {
        var isDirectory: ObjCBool = false
        // Sound: the pointer is to a local variable and does not outlive the call.
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            ? isDirectory.boolValue : nil
    }

    private static func unreadable(_ file: String, _ error: any Error) -> ResourceError {
        let reason = (error as NSError).localizedFailureReason ?? (error as NSError).localizedDescription
        return ResourceError(at: SourceLocation(file: file, line: 1, column: 1), "cannot be read: \(reason)")
    }
}
