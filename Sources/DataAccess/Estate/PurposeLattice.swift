/// What data is used for, and which purposes stand below which.
///
/// A dataset that is open for a purpose is open for everything below it. In
///
/// ```yaml
/// purposes:
///   training: {below: [fine-tuning]}
///   fine-tuning: {}
/// ```
///
/// data for `training` may be used for `fine-tuning`, and not the other way round.
public struct PurposeLattice: Hashable, Sendable {
    /// Every purpose, in the order written.
    public let names: [String]
    /// What stands directly below each purpose.
    public let below: [String: [String]]
    /// Each purpose with everything below it, itself included.
    private let closures: [String: Set<String>]

    /// A lattice of purposes; `below` names purposes of `names` only.
    ///
    /// Returns nil where a purpose stands below itself.
    public init?(names: [String], below: [String: [String]] = [:]) {
        self.names = names
        self.below = below
        var closures: [String: Set<String>] = [:]
        for name in names {
            var reached: Set<String> = []
            var waiting = below[name] ?? []
            while let next = waiting.popLast() {
                guard next != name else { return nil }
                if reached.insert(next).inserted { waiting += below[next] ?? [] }
            }
            closures[name] = reached.union([name])
        }
        self.closures = closures
    }

    /// Whether this is a purpose of the estate.
    public func contains(_ purpose: String) -> Bool { closures[purpose] != nil }

    /// Whether what is open for one of some purposes is open for this one.
    public func allows(_ purpose: String, for purposes: some Sequence<String>) -> Bool {
        purposes.contains { closures[$0]?.contains(purpose) == true }
    }

    /// Some purposes and everything below them.
    public func closure(of purposes: some Sequence<String>) -> Set<String> {
        purposes.reduce(into: []) { $0.formUnion(closures[$1] ?? []) }
    }
}
