public import Resources
public import SPIFFE
import ZeroTrust

/// Every entry at one moment, arranged so that a workload's are found without looking at the others.
public struct EntrySnapshot: Sendable {
    /// Where an entry comes from.
    public enum Source: Hashable, Sendable {
        /// A configuration file, and the place in it.
        case file(SourceLocation)
        /// A command.
        case command(StoredEntry)
    }

    /// One entry and where it comes from.
    public struct Item: Hashable, Sendable {
        /// The entry.
        public let entry: WorkloadEntry
        /// Where it comes from.
        public let source: Source
    }

    /// The entries by name.
    public private(set) var items: [String: Item] = [:]
    /// The kinds of selector in use: nothing else need be found out about a workload.
    public private(set) var kinds: Set<Selector.Kind> = []
    /// What is revoked: entries for such an identity stand in the list and give nobody anything.
    public private(set) var revocations = RevocationSet()
    /// Whether any entry asks what a workload has loaded.
    public private(set) var usesModels = false
    // Each entry stands under its rarest kind of selector; a workload asks with each of its own.
    private var index: [Selector: [WorkloadEntry]] = [:]

    /// No entries.
    public init() {}

    init(_ items: some Sequence<Item>, revocations: RevocationSet = RevocationSet()) {
        self.revocations = revocations
        for item in items {
            self.items[item.entry.name] = item
            guard !revocations.ids.contains(item.entry.id) else { continue }
            guard let pivot = Self.pivot(of: item.entry) else { continue }
            index[pivot, default: []].append(item.entry)
            kinds.formUnion(item.entry.selectors.map(\.kind))
            usesModels = usesModels || item.entry.selectors.contains { $0.kind.isModel }
        }
    }

    /// The entries in the order of their names.
    public var sorted: [Item] { items.values.sorted { $0.entry.name < $1.entry.name } }

    /// The entries that fit a workload of which no load is proven, in the order of their names.
    public func entries(matching selectors: Set<Selector>) -> [WorkloadEntry] {
        var found: [WorkloadEntry] = []
        for selector in selectors {
            for entry in index[selector] ?? [] where entry.selectors.isSubset(of: selectors) { found.append(entry) }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// The entries that fit a workload, in the order of their names, each with the proof that it fits by.
    ///
    /// All that an entry asks of a model has to hold of one and the same proof: of a workload that loads two models, the
    /// one's digest and the other's signer are nothing together.
    func grants(matching selectors: Set<Selector>, proofs: [ModelProof]) -> [EntryGrant] {
        let proofs = proofs.filter { $0.isByLoader(of: self) }
        var found: [EntryGrant] = []
        for selector in selectors {
            for entry in index[selector] ?? [] {
                let asked = entry.selectors.filter(\.kind.isModel)
                guard entry.selectors.subtracting(asked).isSubset(of: selectors) else { continue }
                if asked.isEmpty {
                    found.append(EntryGrant(entry: entry, proof: nil))
                } else if let proof = proofs.first(where: { proof in asked.allSatisfy(proof.fits) }) {
                    found.append(EntryGrant(entry: entry, proof: proof))
                }
            }
        }
        return found.sorted { $0.entry.name < $1.entry.name }
    }

    /// Whether an entry, by its name, would give an ID to a workload with these selectors if only a load were proven.
    func lacksProofOnly(_ name: String, _ id: SPIFFEID, _ selectors: Set<Selector>) -> Bool {
        guard let entry = items[name]?.entry, entry.id == id, !revocations.ids.contains(id) else { return false }
        let asked = entry.selectors.filter(\.kind.isModel)
        return !asked.isEmpty && entry.selectors.subtracting(asked).isSubset(of: selectors)
    }

    /// The selector that the fewest workloads share; those of models are no one's to ask with.
    private static func pivot(of entry: WorkloadEntry) -> Selector? {
        let order: [Selector.Kind] = [
            .joinToken, .x509Subject, .evidence, .containerID, .kubernetesPodUID, .kubernetesPodName, .sha256,
            .systemdUnit, .path, .kubernetesServiceAccount,
            .kubernetesPodOwnerUID, .kubernetesPodOwner, .kubernetesPodLabel, .kubernetesContainerImage,
            .kubernetesPodImage, .kubernetesPodInitialImage, .kubernetesContainerName, .kubernetesImageSignatureSubject,
            .kubernetesImageSignatureIssuer, .kubernetesImageSignature, .user, .uid, .supplementaryGroup,
            .supplementaryGID, .kubernetesNamespace, .group, .gid, .containerRuntime, .kubernetesNode, .x509Authority,
        ]
        return entry.selectors.filter { !$0.kind.isModel }.min {
            let (left, right) = (
                order.firstIndex(of: $0.kind) ?? order.count, order.firstIndex(of: $1.kind) ?? order.count
            )
            return (left, $0.value) < (right, $1.value)
        }
    }
}

extension EntrySnapshot.Source: CustomStringConvertible {
    /// The place, in words.
    public var description: String {
        switch self {
        case .file(let location): "\(location)"
        case .command(let stored): "the store (made by \(stored.creator))"
        }
    }
}
