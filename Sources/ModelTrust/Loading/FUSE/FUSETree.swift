internal import CLinux
import Glibc

/// The folders and files of a model, numbered as the kernel knows them.
///
/// The root is 1.
struct FUSETree: Sendable {
    /// A folder or a file.
    struct Node: Sendable {
        let kind: Kind
        let size: UInt64
    }

    enum Kind: Sendable {
        case folder([(name: [UInt8], node: UInt64)])
        /// The file's name within the model.
        case file(String)
    }

    private var nodes: [Node] = []

    /// The tree of a model: its only file, where that has no name, or a folder.
    init(_ model: LoadedModel) {
        if let size = model.size(of: "") {
            nodes = [Node(kind: .file(""), size: size)]
            return
        }
        let names = model.names.map { (path: $0, parts: Array($0.split(separator: "/"))) }
        nodes = [Node(kind: .folder([]), size: 0)]
        nodes[0] = folder(names[...], depth: 0, model)
    }

    private mutating func folder(
        _ names: ArraySlice<(path: String, parts: [Substring])>,
        depth: Int,
        _ model: LoadedModel
    ) -> Node {
        var entries: [(name: [UInt8], node: UInt64)] = []
        var groups: [Substring: ArraySlice<(path: String, parts: [Substring])>] = [:]
        for name in names where name.parts.count > depth { groups[name.parts[depth], default: []].append(name) }
        for (part, group) in groups.sorted(by: { $0.key < $1.key }) {
            let number = nodes.count
            nodes.append(Node(kind: .folder([]), size: 0))
            if let file = group.first(where: { $0.parts.count == depth + 1 }) {
                nodes[number] = Node(kind: .file(file.path), size: model.size(of: file.path) ?? 0)
            } else {
                nodes[number] = folder(group, depth: depth + 1, model)
            }
            entries.append((Array(part.utf8), UInt64(number + 1)))
        }
        return Node(kind: .folder(entries), size: 0)
    }

    /// A node by its number.
    func node(_ number: UInt64) -> Node? {
        number >= 1 && number <= UInt64(nodes.count) ? nodes[Int(number - 1)] : nil
    }

    /// The number of an entry of a folder.
    func lookup(_ name: [UInt8], in folder: UInt64) -> UInt64? {
        guard case .folder(let entries) = node(folder)?.kind else { return nil }
        return entries.first { $0.name == name }?.node
    }
}
