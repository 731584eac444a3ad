import Authorization
import Resources

/// Reads policies out of files in which a cluster's other objects may stand as well.
enum PolicyDocuments {
    /// The groups whose documents are read, strictly.
    private static let groups: Set<String> = [PolicySet.group, "lapwing.dev"]

    /// The documents of a file or directory, or of standard input (`-`), and how many objects of other groups were passed
    /// over.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in what is read.
    static func read(_ path: String) throws -> (documents: [Document], passedOver: Int) {
        let texts =
            path == "-"
            ? [(file: "-", text: try StandardInput.text())] : try ResourceLoader.texts(path: path)
        let read = try collectingDiagnostics(texts) { source in
            let values = try ResourceLoader.values(yaml: source.text, file: source.file)
            let own = values.filter(isRead)
            return (
                documents: try collectingDiagnostics(own) { try Document($0) }, passedOver: values.count - own.count
            )
        }
        return (read.flatMap(\.documents), read.reduce(0) { $0 + $1.passedOver })
    }

    /// Whether a document is one of ours, or was meant to be, or says of nothing what it is.
    private static func isRead(_ value: Value) -> Bool {
        guard case .mapping(let fields) = value.content,
            case .string(let version)? = fields.first(where: { $0.key == "apiVersion" })?.value.content,
            case .string(let kind)? = fields.first(where: { $0.key == "kind" })?.value.content
        else { return true }
        let group = String(version.prefix { $0 != "/" })
        guard !groups.contains(group), let meant = nearestName(to: group, among: groups) else {
            return groups.contains(group)
        }
        // `telemetry.istio.io` is near, and has kinds of its own.
        return meant != PolicySet.group || PolicySet.kinds.contains(kind)
    }
}
