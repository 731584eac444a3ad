/// What components can do to datasets in one layer, as read back from what is in force there.
///
/// Every layer that is verified makes one of these; invariants are then proved over it, whatever the layer is.
public struct ObservedAccess: Sendable {
    /// What is done to a dataset.
    public enum Verb: String, Hashable, Sendable, CaseIterable {
        /// Reading it, or letting others read it.
        case read
        /// Changing it, or letting others change it.
        case write
    }

    /// What is known of one access.
    public enum Finding: Hashable, Sendable {
        /// It is possible, and this shows it.
        case possible(Witness)
        /// It could not be decided, and why.
        case undecided(String)
    }

    /// The layer: `s3`, `postgres` or `model`.
    public let layer: String
    private var entries: [String: Entry] = [:]

    /// What is known of one component.
    struct Entry: Hashable, Sendable {
        private(set) var findings: [Target: Finding] = [:]
        private(set) var datasets: Set<String> = []

        struct Target: Hashable, Sendable {
            let verb: Verb
            let dataset: String
        }

        mutating func note(_ verb: Verb, _ dataset: String, _ finding: Finding) {
            let target = Target(verb: verb, dataset: dataset)
            if case .possible = findings[target] { return }
            findings[target] = finding
            datasets.insert(dataset)
        }

        /// Notes all of another, each after a path.
        mutating func note(_ other: Entry, after path: [String] = []) {
            for (target, finding) in other.findings {
                if case .possible(let witness) = finding, !path.isEmpty {
                    note(target.verb, target.dataset, .possible(witness.after(path)))
                } else {
                    note(target.verb, target.dataset, finding)
                }
            }
        }
    }

    /// Nothing is possible.
    public init(layer: String) { self.layer = layer }

    /// Notes what is known of an access; what is possible is not forgotten for what could not be decided.
    public mutating func note(_ component: String, _ verb: Verb, _ dataset: String, _ finding: Finding) {
        entries[component, default: Entry()].note(verb, dataset, finding)
    }

    /// What is known of an access; nil where it is impossible.
    public func finding(_ component: String, _ verb: Verb, _ dataset: String) -> Finding? {
        entries[component]?.findings[Entry.Target(verb: verb, dataset: dataset)]
    }

    /// The datasets that a component may touch at all.
    public func datasets(of component: String) -> Set<String> { entries[component]?.datasets ?? [] }

    /// The components that may touch anything at all.
    public var components: some Sequence<String> { entries.keys }

    /// All that is known of a component; nil for one that may touch nothing.
    subscript(component: String) -> Entry? {
        get { entries[component] }
        set { entries[component] = newValue?.findings.isEmpty == false ? newValue : nil }
    }
}

/// A concrete request that shows that something is possible.
public struct Witness: Hashable, Sendable, Codable {
    /// Who asks.
    public let principal: String
    /// What for.
    public let action: String
    /// On what.
    public let resource: String
    /// What else the request carries.
    public let context: [String: [String]]
    /// How who asks came to be who that is: roles assumed on the way.
    public let path: [String]
    /// The statements that allow it, by their file and line.
    public let rules: [String]

    /// A witness.
    public init(
        principal: String,
        action: String,
        resource: String,
        context: [String: [String]] = [:],
        path: [String] = [],
        rules: [String] = []
    ) {
        self.principal = principal
        self.action = action
        self.resource = resource
        self.context = context
        self.path = path
        self.rules = rules
    }

    init(_ request: IAMRequest, path: [String] = [], rules: [String] = []) {
        self.init(
            principal: request.principal.description,
            action: request.action,
            resource: request.resource.description,
            context: request.context.all,
            path: path,
            rules: rules
        )
    }

    func after(_ path: [String]) -> Witness {
        Witness(
            principal: principal,
            action: action,
            resource: resource,
            context: context,
            path: path + self.path,
            rules: rules
        )
    }
}

extension Witness: CustomStringConvertible {
    /// One line.
    public var description: String {
        let keys = context.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.joined(separator: ","))" }
        return (path + [principal]).joined(separator: " → ") + ": \(action) on \(resource)"
            + (keys.isEmpty ? "" : " with " + keys.joined(separator: " "))
    }
}
