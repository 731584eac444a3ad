/// Which paths of a model are left out of what is signed (OMS 1.0 §6.2).
struct IgnoreRules: Sendable {
    /// What is left out at the top of every model (OMS 1.0 §6.2).
    static let defaults = [".git", ".gitignore", ".gitattributes", ".github"].map {
        ModelPath(unchecked: Array($0.utf8))
    }

    /// The paths; each stands for all that is below it.
    let paths: Set<ModelPath>
    /// The signature's own file, by its name and what it is.
    var signature: (name: [UInt8], facts: FileFacts)?

    init(_ paths: some Sequence<ModelPath>) { self.paths = Set(paths) }

    /// Whether the path itself is named; what is below it is never looked at.
    func ignores(_ path: ModelPath, _ facts: FileFacts) -> Bool {
        if paths.contains(path) { return true }
        guard let signature, facts.isFile, facts.isSameFile(as: signature.facts) else { return false }
        return path.components.last.map { $0.elementsEqual(signature.name) } ?? false
    }

}
